#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "history/journal_folder.hpp"
#include "history/queue.hpp"
#include "history/segment_file.hpp"

namespace dns_tools::history {

/// The segments that hold records, oldest first, as one space of positions. Records are appended to
/// the last one while it is open. Touches nothing but mapped memory, and believes nothing that it
/// finds there without looking: a page that the kernel could not write it may forget, and then the
/// file has what was there before.
class JournalSegments {
public:
    using Position = Queue::Position;

    struct Segment {
        std::shared_ptr<JournalFolder> folder;
        std::shared_ptr<SegmentFile> file;
        std::vector<Extent> runs;  // of frames
        Position start = 0;        // of the file's first byte
        UnixMicros oldest{};       // when its first record was made
        std::size_t records = 0;   // that are not acknowledged
        std::size_t secured = 0;   // bytes that are in memory of this process's own
        bool reusable = false;     // once its records are acknowledged

        std::uint32_t frames_end() const noexcept {
            return runs.empty() ? SegmentFile::first_frame : runs.back().end;
        }
        Position end() const noexcept { return start + frames_end(); }
        bool has_records_behind(Position position) const noexcept {
            return !runs.empty() && end() > position;
        }
    };

    Position begin() const noexcept { return begin_; }
    Position end() const noexcept { return end_; }
    std::size_t pending() const noexcept { return pending_; }
    /// When the oldest record that is not acknowledged was made: of what others left, that may be
    /// later in the queue.
    std::optional<UnixMicros> oldest() const noexcept;

    /// Appends go to this file, which is empty and writable, from now on.
    void open(std::shared_ptr<JournalFolder> folder, std::shared_ptr<SegmentFile> file);
    /// Nothing is appended to the open segment any more, if there is one.
    void close() noexcept { open_ = false; }
    /// Null when none is open.
    const std::shared_ptr<SegmentFile>& open_file() const noexcept;
    bool open_has_records() const noexcept { return open_ && !segments_.back().runs.empty(); }
    /// Behind the last frame of the open segment.
    std::uint32_t open_end() const noexcept { return segments_.back().frames_end(); }
    /// Bytes left in the open segment.
    std::size_t room() const noexcept;
    /// There is room for it in the open segment.
    void append(const Record& record, std::size_t payload_size) noexcept;

    /// Adds what another worker left, behind everything else. The open segment has no records.
    void join(Segment segment);

    /// What is found damaged on the way is left out, and told by take_damages().
    Position read(Position from, Position until, std::size_t max_records, std::size_t max_bytes,
                  std::vector<Record>& out);
    void acknowledge(Position until);
    /// Takes out the oldest segment when all its records are acknowledged and it is not open.
    std::optional<Segment> take_acknowledged();

    /// The file is not to be used again. False when no segment has it.
    bool spoil(const std::shared_ptr<SegmentFile>& file) noexcept;
    /// Spoils the file, which the disk did not take, and keeps what is not acknowledged of it in
    /// memory. False when no segment has it.
    bool secure(const std::shared_ptr<SegmentFile>& file);
    /// What is lost of records that were here, each place once, with its file.
    std::vector<std::pair<std::string, Damage>> take_damages() noexcept {
        return std::exchange(damages_, {});
    }
    bool has_damages() const noexcept { return !damages_.empty(); }
    /// Whether a segment is of this folder; with `holding`, only one that has records.
    bool uses(const std::shared_ptr<JournalFolder>& folder, bool holding) const noexcept;
    /// Whether records wait in a segment that is not open.
    bool has_backlog() const noexcept;

private:
    using Segments = std::deque<Segment>;

    /// A frame, or the end.
    struct Place {
        Segments::const_iterator segment;
        std::vector<Extent>::const_iterator run;
        std::uint32_t offset = 0;

        std::optional<frame::Verified> frame() const noexcept {
            return verify(*segment->file, {offset, run->end});
        }
        Position position() const noexcept { return segment->start + offset; }
    };

    static std::optional<frame::Verified> verify(const SegmentFile& file, Extent extent) noexcept {
        return frame::verify({file.data() + extent.begin, extent.end - extent.begin}, file.seed());
    }

    Place find(Position from) const noexcept;
    void settle(Place& place) const noexcept;
    bool is_end(const Place& place) const noexcept { return place.segment == segments_.end(); }
    void place_behind(Segment& segment) noexcept;
    Segments::iterator segment_of(const std::shared_ptr<SegmentFile>& file) noexcept;
    std::uint32_t offset_in(const Segment& segment, Position position) const noexcept;
    std::optional<std::size_t> count(const Segment& segment, std::uint32_t from,
                                     std::uint32_t until) const noexcept;
    void revise(Segment& segment, std::uint32_t bad);

    Segments segments_;
    bool open_ = false;
    std::uint64_t next_index_ = 0;  // of a frame in the open segment
    Position begin_ = 0;
    Position end_ = 0;
    Position next_start_ = 0;
    std::size_t pending_ = 0;
    std::vector<std::pair<std::string, Damage>> damages_;
};

}  // namespace dns_tools::history
