#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dns_tools {

/// Unpredictable numbers from getrandom(2), drawn a buffer at a time. Made after fork: two
/// processes must not share a buffer.
class Random {
public:
    std::uint64_t next64();
    std::uint16_t next16();
    /// Evenly distributed in [0, bound); `bound` is at least 1 and at most 2^32.
    std::uint32_t below(std::uint64_t bound);

private:
    void draw(void* out, std::size_t size);

    std::array<std::uint8_t, 1024> buffer_{};
    std::size_t left_ = 0;
};

}  // namespace dns_tools
