#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "history/record.hpp"

namespace dns_tools::history {

/// A stretch of a segment's file: offsets in bytes, the first and the one behind the last.
struct Extent {
    std::uint32_t begin;
    std::uint32_t end;
};

/// A record as it stands in a segment: a word that publishes it (a magic and the payload's size), a
/// checksum, the frame's number in its segment, and the encoded record. Aligned to 8.
namespace frame {

constexpr std::size_t overhead = 24;
constexpr std::size_t alignment = 8;

constexpr std::size_t size(std::size_t payload_size) noexcept {
    return overhead + payload_size;
}

/// Writes the frame at `out` and then publishes it: a process that dies in between leaves nothing.
/// The word at `out` has been 0 so far; with `more` the word behind the frame is made 0 too.
void publish(const Record& record, std::size_t payload_size, std::uint64_t index,
             std::uint64_t seed, std::byte* out, bool more) noexcept;

/// A frame that verified.
struct Verified {
    Record record;  ///< points into the frame
    std::uint64_t index;
    std::uint32_t size;
};

/// The frame that `bytes` begin with; none when no whole one is there that was written with this
/// seed. To be asked each time: what is mapped may change, for after a write-back that failed the
/// kernel may forget a page, and then reads again what the disk has.
std::optional<Verified> verify(std::span<const std::byte> bytes, std::uint64_t seed) noexcept;

}  // namespace frame

/// How many frames, and when the record in the first of them was made.
struct FrameCount {
    std::size_t records = 0;
    UnixMicros oldest{};

    void add(const Record& record) noexcept {
        oldest = records == 0 ? record.created_at : oldest;
        ++records;
    }
};

/// What a segment holds.
struct FrameScan {
    std::vector<Extent> runs;  ///< of frames that verify, ascending, each without a gap
    std::vector<Extent> gaps;  ///< between the runs, and before the first: damage
    std::uint32_t end = 0;     ///< behind the last frame that verifies
    std::uint32_t torn = 0;    ///< size of what looks like a frame behind it but does not verify
    FrameCount all;
    FrameCount behind_mark;  ///< those that begin at the mark or behind it
    bool mark_fits = false;  ///< one that verifies begins or ends there
};

/// Looks at every place behind `first`, so that damage hides nothing behind it. `mark`: a place of
/// the caller's.
FrameScan scan_frames(std::span<const std::byte> segment, std::uint32_t first, std::uint64_t seed,
                      std::uint64_t mark = 0);

}  // namespace dns_tools::history
