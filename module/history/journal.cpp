#include "history/journal.hpp"

#include <algorithm>
#include <utility>

namespace dns_tools::history {

namespace {

/// How many records of ordinary size surely fit in so many bytes.
constexpr std::size_t slots_in(std::size_t bytes) noexcept {
    return bytes / frame::size(ordinary_record_size);
}

constexpr std::size_t room_in(std::size_t segment_size) noexcept {
    return segment_size - SegmentFile::first_frame;
}

}  // namespace

Journal::Journal(EventLoop& loop, Random& random, JournalObserver& observer,
                 const JournalOptions& options, Disk& disk)
    : observer_(observer),
      mode_(options.sync),
      size_(options.size),
      join_task_(loop.make_task([this] { join_waiting(); })),
      damage_task_(loop.make_task([this] { tell_damages(); })),
      files_(loop, random, observer, *this, options, disk),
      sync_(loop, options, disk, *this) {}

Journal::~Journal() {
    const auto& folder = files_.folder();
    const bool waits = std::any_of(waiting_.begin(), waiting_.end(),
                                   [&](const auto& waiting) { return waiting.folder == folder; });
    files_.finish(!waits && !segments_.uses(folder, true));
}

void Journal::start() {
    files_.start();
}

void Journal::drain() noexcept {
    draining_ = true;
    files_.drain();
}

std::size_t Journal::spare_slots() const noexcept {
    return files_.spares() * slots_in(room_in(files_.segment_size()));
}

/// How many records of ordinary size there is room for, reserved or not.
std::size_t Journal::slots() const noexcept {
    return slots_in(segments_.room()) + spare_slots();
}

double Journal::fill_ratio() const noexcept {
    const std::uint64_t used = files_.bytes() - files_.empty_bytes() - segments_.room();
    return std::min(1.0, static_cast<double>(used) / static_cast<double>(size_));
}

Reservation Journal::reserve() {
    if (slots() <= reserved_) {
        files_.replenish();
        return {};
    }
    ++reserved_;
    replenish();
    return {*this, ordinary_record_size};
}

void Journal::release(std::size_t) noexcept {
    --reserved_;
}

bool Journal::append(Reservation reservation, const Record& record) {
    const std::size_t size = encoded_size(record);
    if (record.domain.size() > max_domain_size ||
        !make_room(frame::size(size), reserved_ - (reservation ? 1 : 0))) {
        return false;
    }
    segments_.append(record, size);
    sync_.wrote(segments_.open_file());
    replenish();
    return true;
}

/// Sees that the open segment has room for this frame, and that `others` still have theirs.
bool Journal::make_room(std::size_t frame_size, std::size_t others) {
    const std::size_t open_room = segments_.room();
    if (frame_size <= open_room) {
        return slots_in(open_room - frame_size) + spare_slots() >= others;
    }
    const std::size_t whole = room_in(files_.segment_size());
    if (files_.spares() == 0 || frame_size > whole ||
        spare_slots() - slots_in(whole) + slots_in(whole - frame_size) < others) {
        return false;
    }
    open_spare();
    return true;
}

void Journal::open_spare() {
    segments_.open(files_.folder(), files_.take_spare());
}

/// Keeps a segment ahead, and a segment's worth of room behind what is reserved.
void Journal::replenish() {
    if (files_.spares() == 0 || slots() < reserved_ + slots_in(room_in(files_.segment_size()))) {
        files_.replenish();
    }
}

void Journal::spare_made() {
    if (segments_.open_file() == nullptr) {
        open_spare();
    }
    join_waiting();
    replenish();
}

void Journal::no_spare_made() {
    join_waiting();
}

void Journal::loaded(LoadedFolder folder) {
    waiting_.push_back(std::move(folder));
    join_waiting();
}

/// What others left goes behind everything else, so what is open is closed before; but not the room
/// that is promised, nor the last room there is while more is being made.
void Journal::join_waiting() {
    const std::size_t needed = reserved_ + (files_.making() ? 1 : 0);
    if (waiting_.empty() || draining_ || (segments_.open_has_records() && spare_slots() < needed)) {
        return;
    }
    if (segments_.open_has_records()) {
        close_early();
        retire_acknowledged();
    }
    for (auto& folder : std::exchange(waiting_, {})) {
        join(std::move(folder));
    }
    replenish();
}

void Journal::join(LoadedFolder folder) {
    for (LoadedSegment& segment : folder.segments) {
        segments_.join({.folder = folder.folder,
                        .file = std::move(segment.file),
                        .runs = std::move(segment.runs),
                        .oldest = segment.oldest,
                        .records = segment.records});
    }
    observer_.journal_adopted(folder.records);
}

void Journal::close_early() {
    const auto file = segments_.open_file();
    segments_.spoil(file);
    files_.trim(file, segments_.open_end());
    segments_.close();
}

void Journal::folder_lost() {
    if (const auto file = segments_.open_file()) {
        segments_.spoil(file);
        segments_.close();
    }
    retire_acknowledged();
}

bool Journal::takes_any_folder() const {
    return !segments_.has_backlog() && waiting_.empty();
}

Queue::Position Journal::read(Position from, Position until, std::size_t max_records,
                              std::size_t max_bytes, std::vector<Record>& out) {
    const auto end = segments_.read(from, until, max_records, max_bytes, out);
    look_for_damages();
    return end;
}

/// Who calls is not told from inside the call.
void Journal::look_for_damages() {
    if (segments_.has_damages()) {
        damage_task_->post();
    }
}

void Journal::tell_damages() {
    files_.tell(
        {.damages = segments_.take_damages(), .newer_files = {}, .left_alone = {}, .not_kept = {}});
    retire_acknowledged();
    replenish();
}

void Journal::acknowledge(Position until) {
    segments_.acknowledge(until);
    look_for_damages();
    retire_acknowledged();
    if (!waiting_.empty()) {
        join_task_->post();
    }
}

void Journal::retire_acknowledged() {
    while (auto segment = segments_.take_acknowledged()) {
        const bool last = !segments_.uses(segment->folder, false);
        files_.retire(std::move(*segment), last);
    }
}

Queue::Position Journal::durable() const noexcept {
    return mode_ == JournalSyncMode::always ? std::max(durable_, begin()) : end();
}

void Journal::synced(Position until) {
    durable_ = until;
    if (mode_ == JournalSyncMode::always) {
        observer_.journal_synced();
    }
}

/// Goes on in another segment: of this one the kernel may forget what it could not write, so what
/// is left of it is kept in memory, at once.
void Journal::sync_failed(const JournalSync::Files& files, const std::string& why) {
    for (const auto& file : files) {
        if (!segments_.secure(file)) {
            files_.spoil(file);
        }
    }
    segments_.close();
    tell_damages();
    observer_.journal_sync_failed(why);
}

}  // namespace dns_tools::history
