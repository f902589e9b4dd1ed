#include "metrics/shared_text.hpp"

#include <functional>

namespace dns_tools::metrics {

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
    // The last steps of SplitMix64, which spread every bit of the seed over all bits.
    std::uint64_t hash = std::hash<std::string_view>()(text) ^ seed;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    hash ^= hash >> 31;
    return hash != 0 ? hash : 1;
}

}  // namespace dns_tools::metrics
