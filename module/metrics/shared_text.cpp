#include "metrics/shared_text.hpp"

#include <span>

#include "base/checksum.hpp"

namespace dns_tools::metrics {

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
    const auto hash = checksum(std::as_bytes(std::span(text)), seed);
    return hash != 0 ? hash : 1;
}

}  // namespace dns_tools::metrics
