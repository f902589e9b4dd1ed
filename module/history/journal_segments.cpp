#include "history/journal_segments.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dns_tools::history {

namespace {

// A worker that bridges an outage with a large journal has no memory for all of it.
constexpr std::size_t max_secured = 256 * 1024 * 1024;

constexpr const char* forgotten = "what was written there is there no more";

}  // namespace

std::optional<UnixMicros> JournalSegments::oldest() const noexcept {
    const Place place = find(begin_);
    if (is_end(place)) {
        return std::nullopt;
    }
    const auto first = place.frame();
    UnixMicros oldest = first ? first->record.created_at : place.segment->oldest;
    for (auto segment = std::next(place.segment); segment != segments_.end(); ++segment) {
        if (!segment->runs.empty()) {
            oldest = std::min(oldest, segment->oldest);
        }
    }
    return oldest;
}

void JournalSegments::open(std::shared_ptr<JournalFolder> folder,
                           std::shared_ptr<SegmentFile> file) {
    segments_.push_back({.folder = std::move(folder), .file = std::move(file), .runs = {}});
    // Appending allocates nothing.
    segments_.back().runs.reserve(1);
    segments_.back().reusable = true;
    place_behind(segments_.back());
    open_ = true;
    next_index_ = 0;
}

void JournalSegments::place_behind(Segment& segment) noexcept {
    segment.start = next_start_;
    next_start_ += segment.file->size();
}

const std::shared_ptr<SegmentFile>& JournalSegments::open_file() const noexcept {
    static const std::shared_ptr<SegmentFile> none;
    return open_ ? segments_.back().file : none;
}

std::size_t JournalSegments::room() const noexcept {
    return open_ ? segments_.back().file->size() - segments_.back().frames_end() : 0;
}

void JournalSegments::append(const Record& record, std::size_t payload_size) noexcept {
    Segment& segment = segments_.back();
    SegmentFile& file = *segment.file;
    const std::uint32_t at = segment.frames_end();
    const auto behind = at + static_cast<std::uint32_t>(frame::size(payload_size));
    frame::publish(record, payload_size, next_index_, file.seed(), file.writable() + at,
                   behind < file.size());
    file.set_published(behind);
    if (segment.runs.empty()) {
        segment.runs.push_back({at, at});
        segment.oldest = record.created_at;
    }
    segment.runs.back().end = behind;
    ++next_index_;
    end_ = segment.start + behind;
    ++segment.records;
    ++pending_;
}

void JournalSegments::join(Segment segment) {
    std::optional<Segment> empty;
    if (open_) {
        empty = std::move(segments_.back());
        segments_.pop_back();
        next_start_ = empty->start;
    }
    place_behind(segment);
    end_ = segment.end();
    pending_ += segment.records;
    segments_.push_back(std::move(segment));
    if (empty) {
        place_behind(*empty);
        segments_.push_back(std::move(*empty));
    }
}

/// The first frame at or behind `from`.
JournalSegments::Place JournalSegments::find(Position from) const noexcept {
    auto segment = std::upper_bound(
        segments_.begin(), segments_.end(), from,
        [](Position wanted, const Segment& candidate) { return wanted < candidate.start; });
    if (segment != segments_.begin()) {
        --segment;
    }
    if (segment == segments_.end()) {
        return {.segment = segment, .run = {}};
    }
    const Position offset = from > segment->start ? from - segment->start : 0;
    const auto run = std::upper_bound(
        segment->runs.begin(), segment->runs.end(), offset,
        [](Position wanted, const Extent& candidate) { return wanted < candidate.end; });
    Place place{segment, run, 0};
    if (run != segment->runs.end()) {
        place.offset = std::max(run->begin, static_cast<std::uint32_t>(offset));
    }
    settle(place);
    return place;
}

/// From the end of a run to the next frame.
void JournalSegments::settle(Place& place) const noexcept {
    if (place.run != place.segment->runs.end() && place.offset == place.run->end) {
        ++place.run;
        place.offset = place.run != place.segment->runs.end() ? place.run->begin : 0;
    }
    while (place.run == place.segment->runs.end()) {
        if (++place.segment == segments_.end()) {
            return;
        }
        place.run = place.segment->runs.begin();
        place.offset = place.run != place.segment->runs.end() ? place.run->begin : 0;
    }
}

Queue::Position JournalSegments::read(Position from, Position until, std::size_t max_records,
                                      std::size_t max_bytes, std::vector<Record>& out) {
    std::size_t bytes = 0;
    std::size_t records = 0;
    Place place = find(from);
    while (records < max_records && !is_end(place) && place.position() < until) {
        const auto frame = place.frame();
        if (!frame) {
            revise(segments_[static_cast<std::size_t>(place.segment - segments_.cbegin())],
                   place.offset);
            place = find(from);
            continue;
        }
        if (records > 0 && bytes + frame->size > max_bytes) {
            break;
        }
        out.push_back(frame->record);
        ++records;
        bytes += frame->size;
        place.offset += frame->size;
        from = place.position();
        settle(place);
    }
    return from;
}

void JournalSegments::acknowledge(Position until) {
    const Position from = begin_;
    begin_ = std::max(begin_, until);
    for (Segment& segment : segments_) {
        if (segment.start >= until) {
            break;
        }
        if (!segment.has_records_behind(from)) {
            continue;
        }
        const auto end = offset_in(segment, until);
        segment.file->set_acknowledged(end);
        if (segment.end() <= until) {
            pending_ -= std::exchange(segment.records, 0);
        } else if (const auto done = count(segment, offset_in(segment, from), end)) {
            pending_ -= *done;
            segment.records -= *done;
        } else {
            // What is damaged before `until` was delivered in time.
            segment.reusable = false;
            revise(segment, 0);
        }
    }
}

/// Where in the file it lies: behind the frames at most.
std::uint32_t JournalSegments::offset_in(const Segment& segment, Position position) const noexcept {
    const Position offset = position > segment.start ? position - segment.start : 0;
    return static_cast<std::uint32_t>(std::min<Position>(offset, segment.frames_end()));
}

/// How many frames there are between two places where one begins or ends; none when one does not
/// verify.
std::optional<std::size_t> JournalSegments::count(const Segment& segment, std::uint32_t from,
                                                  std::uint32_t until) const noexcept {
    std::size_t frames = 0;
    for (const Extent& run : segment.runs) {
        const auto end = std::min(run.end, until);
        for (auto at = std::max(run.begin, from); at < end; ++frames) {
            const auto frame = verify(*segment.file, {at, end});
            if (!frame) {
                return std::nullopt;
            }
            at += frame->size;
        }
    }
    return frames <= segment.records ? std::optional(frames) : std::nullopt;
}

/// Looks again for what is not acknowledged of a segment, but not at `bad`, where a frame began
/// that does not verify now. What is gone is damage.
void JournalSegments::revise(Segment& segment, std::uint32_t bad) {
    const auto from = offset_in(segment, begin_);
    const auto damages = damages_.size();
    const auto lost = [&](std::uint32_t begin, std::uint32_t end) {
        if (begin < end) {
            damages_.emplace_back(segment.file->path(), Damage{begin, end - begin, forgotten});
        }
    };
    std::vector<Extent> runs;
    FrameCount found;
    for (const Extent& run : segment.runs) {
        if (run.end <= from) {
            continue;
        }
        const auto begin = std::max(run.begin, from);
        const auto before_bad = std::clamp(bad, begin, run.end);
        const auto behind_bad = std::clamp<std::uint32_t>(bad + frame::alignment, begin, run.end);
        auto seen = begin;
        for (const Extent part : {Extent{begin, before_bad}, Extent{behind_bad, run.end}}) {
            const auto scan =
                scan_frames({segment.file->data(), part.end}, part.begin, segment.file->seed());
            for (const Extent& good : scan.runs) {
                lost(seen, good.begin);
                seen = good.end;
            }
            runs.insert(runs.end(), scan.runs.begin(), scan.runs.end());
            found.oldest = found.records == 0 ? scan.all.oldest : found.oldest;
            found.records += scan.all.records;
        }
        lost(seen, run.end);
    }
    pending_ -= segment.records;
    pending_ += found.records;
    segment.records = found.records;
    if (damages_.size() == damages) {
        return;
    }
    segment.runs = std::move(runs);
    segment.oldest = found.oldest;
    segment.reusable = false;
    if (open_ && &segment == &segments_.back()) {
        close();  // its end may have moved
    }
}

std::optional<JournalSegments::Segment> JournalSegments::take_acknowledged() {
    if (segments_.empty() || (open_ && segments_.size() == 1) ||
        segments_.front().has_records_behind(begin_)) {
        return std::nullopt;
    }
    Segment front = std::move(segments_.front());
    segments_.pop_front();
    return front;
}

JournalSegments::Segments::iterator JournalSegments::segment_of(
    const std::shared_ptr<SegmentFile>& file) noexcept {
    return std::find_if(segments_.begin(), segments_.end(),
                        [&](const Segment& each) { return each.file == file; });
}

bool JournalSegments::spoil(const std::shared_ptr<SegmentFile>& file) noexcept {
    const auto segment = segment_of(file);
    if (segment == segments_.end()) {
        return false;
    }
    segment->reusable = false;
    return true;
}

bool JournalSegments::secure(const std::shared_ptr<SegmentFile>& file) {
    const auto segment = segment_of(file);
    if (segment == segments_.end()) {
        return false;
    }
    segment->reusable = false;
    if (open_file() == file) {
        close();
    }
    std::size_t secured = 0;
    for (const Segment& each : segments_) {
        secured += each.secured;
    }
    const Extent wanted{offset_in(*segment, begin_), segment->frames_end()};
    const std::size_t size = wanted.end - std::min(wanted.begin, wanted.end);
    // What is not in memory is still verified when it is read.
    if (size > 0 && secured + size <= max_secured) {
        file->secure(wanted);
        segment->secured = size;
    }
    revise(*segment, 0);
    return true;
}

bool JournalSegments::uses(const std::shared_ptr<JournalFolder>& folder,
                           bool holding) const noexcept {
    return std::any_of(segments_.begin(), segments_.end(), [&](const Segment& segment) {
        return segment.folder == folder && (!holding || segment.has_records_behind(begin_));
    });
}

bool JournalSegments::has_backlog() const noexcept {
    return !segments_.empty() && !(open_ && segments_.size() == 1);
}

}  // namespace dns_tools::history
