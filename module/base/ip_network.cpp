#include "base/ip_network.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace dns_tools {

namespace {

IpAddress masked(const IpAddress& address, unsigned prefix) noexcept {
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(address.data(), address.size(), bytes.begin());
    for (std::size_t i = 0; i < address.size(); ++i) {
        const auto before = static_cast<unsigned>(8 * i);
        const unsigned kept = prefix > before ? std::min(prefix - before, 8U) : 0;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
    }
    return address.is_ipv4() ? IpAddress(Ipv4Address{{bytes[0], bytes[1], bytes[2], bytes[3]}})
                             : IpAddress(bytes);
}

/// Decimal digits without a sign or a leading zero.
std::optional<unsigned> read_prefix(std::string_view digits) noexcept {
    unsigned prefix = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, failure] = std::from_chars(digits.data(), end, prefix);
    if (failure != std::errc() || stop != end || (digits.size() > 1 && digits.front() == '0')) {
        return std::nullopt;
    }
    return prefix;
}

}  // namespace

IpNetwork::IpNetwork(const IpAddress& address, unsigned prefix) noexcept
    : address_(masked(address, prefix)), prefix_(prefix) {}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) noexcept {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) {
        return std::nullopt;
    }
    const auto bits = static_cast<unsigned>(8 * address->size());
    const auto prefix =
        slash == text.npos ? std::optional(bits) : read_prefix(text.substr(slash + 1));
    if (!prefix || *prefix > bits) {
        return std::nullopt;
    }
    return IpNetwork(*address, *prefix);
}

std::string IpNetwork::text() const {
    return address_.text() + '/' + std::to_string(prefix_);
}

}  // namespace dns_tools
