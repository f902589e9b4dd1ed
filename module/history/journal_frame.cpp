#include "history/journal_frame.hpp"

#include <atomic>
#include <cstring>

#include "base/checksum.hpp"

namespace dns_tools::history {

namespace {

/// In the machine's own byte order, as the encoded record is.
struct FrameHeader {
    std::uint32_t magic;
    std::uint32_t payload_size;
    std::uint64_t checksum;
    std::uint64_t index;  // with it begins what the checksum covers
};
static_assert(sizeof(FrameHeader) == frame::overhead);

constexpr std::uint32_t frame_magic = 0x9df4'e8a7;
constexpr std::size_t covered_from = offsetof(FrameHeader, index);

// No smaller than an encoded record without a domain and addresses.
constexpr std::size_t min_payload = 48;

std::uint64_t frame_checksum(const std::byte* frame, std::size_t payload_size,
                             std::uint64_t seed) noexcept {
    return checksum({frame + covered_from, frame::overhead - covered_from + payload_size}, seed);
}

FrameHeader header_at(const std::byte* frame) noexcept {
    FrameHeader header;
    std::memcpy(&header, frame, sizeof header);
    return header;
}

/// The size of the frame that `bytes` seem to begin with; 0 when nothing looks like one.
std::size_t apparent_size(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < frame::size(min_payload)) {
        return 0;
    }
    const auto header = header_at(bytes.data());
    const bool plausible = header.magic == frame_magic && header.payload_size >= min_payload &&
                           header.payload_size % frame::alignment == 0 &&
                           header.payload_size <= bytes.size() - frame::overhead;
    return plausible ? frame::size(header.payload_size) : 0;
}

}  // namespace

void frame::publish(const Record& record, std::size_t payload_size, std::uint64_t index,
                    std::uint64_t seed, std::byte* out, bool more) noexcept {
    encode(record, out + overhead);
    std::memcpy(out + covered_from, &index, sizeof index);
    const std::uint64_t sum = frame_checksum(out, payload_size, seed);
    std::memcpy(out + offsetof(FrameHeader, checksum), &sum, sizeof sum);
    if (more) {
        std::memset(out + size(payload_size), 0, sizeof(std::uint64_t));
    }

    const FrameHeader header{frame_magic, static_cast<std::uint32_t>(payload_size), 0, 0};
    std::uint64_t word;
    std::memcpy(&word, &header, sizeof word);
    std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(out))
        .store(word, std::memory_order_release);
}

std::optional<frame::Verified> frame::verify(std::span<const std::byte> bytes,
                                             std::uint64_t seed) noexcept {
    const std::size_t whole = apparent_size(bytes);
    if (whole == 0) {
        return std::nullopt;
    }
    const auto header = header_at(bytes.data());
    // Read once: the page may change between two looks at it.
    const std::size_t payload_size = whole - overhead;
    if (header.checksum != frame_checksum(bytes.data(), payload_size, seed)) {
        return std::nullopt;
    }
    const auto record = decode(bytes.subspan(overhead, payload_size));
    if (!record || encoded_size(*record) != payload_size) {
        return std::nullopt;
    }
    return Verified{*record, header.index, static_cast<std::uint32_t>(whole)};
}

FrameScan scan_frames(std::span<const std::byte> segment, std::uint32_t first, std::uint64_t seed,
                      std::uint64_t mark) {
    FrameScan found;
    found.end = first;
    std::uint64_t next_index = 0;
    for (std::uint32_t at = first; at < segment.size();) {
        const auto frame = frame::verify(segment.subspan(at), seed);
        if (!frame || frame->index < next_index) {
            at += frame::alignment;
            continue;
        }
        if (at != found.end) {
            found.gaps.push_back({found.end, at});
        }
        if (found.runs.empty() || at != found.end) {
            found.runs.push_back({at, at});
        }
        found.all.add(frame->record);
        if (at >= mark) {
            found.behind_mark.add(frame->record);
        }
        next_index = frame->index + 1;
        found.mark_fits = found.mark_fits || at == mark || at + frame->size == mark;
        at += frame->size;
        found.end = found.runs.back().end = at;
    }
    if (found.end < segment.size()) {
        found.torn = static_cast<std::uint32_t>(apparent_size(segment.subspan(found.end)));
    }
    return found;
}

}  // namespace dns_tools::history
