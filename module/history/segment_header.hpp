#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "history/segment_file.hpp"

namespace dns_tools::history {

/// What a segment's first two pages begin with. In the machine's own byte order. In later versions
/// too both begin with the magic and the version.
struct SegmentHeader {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t reserved;  // 0
    std::uint64_t size;      // of the file when it was made
    std::uint64_t sequence;
    std::uint64_t seed;
    std::uint64_t checksum;  // of what stands before it
    // Hints, in the first page only: offsets in the file.
    std::uint64_t acknowledged;
    std::uint64_t published;

    static constexpr std::uint64_t expected_magic = 0x6c6e'726a'736e'6496;
    static constexpr std::uint32_t current_version = 1;

    static SegmentHeader make(std::size_t size, SegmentFile::Identity identity) noexcept;
    static SegmentHeader read(const std::byte* bytes) noexcept;
    bool is_whole() const noexcept;
    bool is_newer() const noexcept { return magic == expected_magic && version > current_version; }
};
static_assert(sizeof(SegmentHeader) == SegmentFile::header_size);

}  // namespace dns_tools::history
