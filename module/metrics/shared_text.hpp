#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/cell.hpp"

namespace dns_tools::metrics {

/// A short text in shared memory, longer ones are cut. Writing and reading are no single step: who
/// reads learns from a hash_of() kept beside it whether what was read is whole.
template <std::size_t Words>
class SharedText {
public:
    static constexpr std::size_t max_size = Words * sizeof(std::uint64_t) - 1;

    void write(std::string_view text) noexcept {
        std::array<char, max_size + 1> bytes{};
        bytes[0] = static_cast<char>(text.copy(&bytes[1], max_size));
        for (std::size_t word = 0; word <= static_cast<unsigned char>(bytes[0]) / 8U; ++word) {
            std::uint64_t value;
            __builtin_memcpy(&value, &bytes[word * 8], 8);
            put(words_[word], value);
        }
    }

    std::string read() const {
        std::array<char, max_size + 1> bytes;
        for (std::size_t word = 0; word < Words; ++word) {
            const auto value = get(words_[word]);
            __builtin_memcpy(&bytes[word * 8], &value, 8);
        }
        const std::size_t size = static_cast<unsigned char>(bytes[0]);
        return {&bytes[1], size <= max_size ? size : max_size};
    }

private:
    static_assert(max_size <= 255);

    std::array<Cell, Words> words_;
};

/// Never 0, which stands for an empty place. `seed` keeps others from choosing texts that meet.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept;

}  // namespace dns_tools::metrics
