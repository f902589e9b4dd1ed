#include "base/utf8.hpp"

#include <cstdint>

namespace dns_tools {

namespace {

/// What the bytes behind a lead byte must be; the first of them has limits of its own, which keep
/// out overlong forms, surrogates and what is above U+10FFFF.
struct Tail {
    std::size_t size;
    std::uint8_t first_low;
    std::uint8_t first_high;
};

constexpr Tail none{0, 0, 0};

constexpr Tail tail_of(std::uint8_t lead) {
    if (lead < 0xc2) {
        return none;
    }
    if (lead < 0xe0) {
        return {1, 0x80, 0xbf};
    }
    if (lead < 0xf0) {
        return {2, static_cast<std::uint8_t>(lead == 0xe0 ? 0xa0 : 0x80),
                static_cast<std::uint8_t>(lead == 0xed ? 0x9f : 0xbf)};
    }
    if (lead < 0xf5) {
        return {3, static_cast<std::uint8_t>(lead == 0xf0 ? 0x90 : 0x80),
                static_cast<std::uint8_t>(lead == 0xf4 ? 0x8f : 0xbf)};
    }
    return none;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) noexcept {
    if (text.empty()) {
        return 0;
    }
    const auto lead = static_cast<std::uint8_t>(text[0]);
    if (lead < 0x80) {
        return 1;
    }
    const Tail tail = tail_of(lead);
    if (tail.size == 0 || text.size() <= tail.size) {
        return 0;
    }
    const auto first = static_cast<std::uint8_t>(text[1]);
    if (first < tail.first_low || first > tail.first_high) {
        return 0;
    }
    for (std::size_t i = 2; i <= tail.size; ++i) {
        if ((static_cast<std::uint8_t>(text[i]) & 0xc0) != 0x80) {
            return 0;
        }
    }
    return tail.size + 1;
}

std::size_t find_bad_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const auto size = utf8_sequence(text.substr(at));
        if (size == 0) {
            return at;
        }
        at += size;
    }
    return text.npos;
}

}  // namespace dns_tools
