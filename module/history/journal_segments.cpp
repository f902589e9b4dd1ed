#include "history/journal_segments.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dns_tools::history {

std::optional<UnixMicros> JournalSegments::oldest() const noexcept {
    const Place place = find(begin_);
    if (is_end(place)) {
        return std::nullopt;
    }
    UnixMicros oldest = frame::record_at(place.frame()).created_at;
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
    ++pending_;
}

void JournalSegments::join(Segment segment, std::size_t records) {
    std::optional<Segment> empty;
    if (open_) {
        empty = std::move(segments_.back());
        segments_.pop_back();
        next_start_ = empty->start;
    }
    place_behind(segment);
    segment.oldest = frame::record_at(segment.file->data() + segment.runs.front().begin).created_at;
    end_ = segment.end();
    pending_ += records;
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
                                      std::size_t max_bytes, std::vector<Record>& out) const {
    std::size_t bytes = 0;
    Place place = find(from);
    for (std::size_t records = 0; records < max_records && !is_end(place); ++records) {
        if (place.position() >= until) {
            break;
        }
        const auto size = static_cast<std::uint32_t>(frame::size_at(place.frame()));
        if (records > 0 && bytes + size > max_bytes) {
            break;
        }
        out.push_back(frame::record_at(place.frame()));
        bytes += size;
        place.offset += size;
        from = place.position();
        settle(place);
    }
    return from;
}

void JournalSegments::acknowledge(Position until) noexcept {
    Place place = find(begin_);
    while (!is_end(place) && place.position() < until) {
        const auto segment = place.segment;
        place.offset += static_cast<std::uint32_t>(frame::size_at(place.frame()));
        const auto behind = place.offset;
        --pending_;
        settle(place);
        if (place.segment != segment || is_end(place) || place.position() >= until) {
            segment->file->set_acknowledged(behind);
        }
    }
    begin_ = std::max(begin_, until);
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

bool JournalSegments::spoil(const std::shared_ptr<SegmentFile>& file) noexcept {
    const auto segment = std::find_if(segments_.begin(), segments_.end(),
                                      [&](const Segment& each) { return each.file == file; });
    if (segment == segments_.end()) {
        return false;
    }
    segment->reusable = false;
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
