#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.hpp"

namespace dns_tools {

/// A block of IPv4 or IPv6 addresses: those that begin with the same `prefix` bits. Its address has
/// no bits set behind them.
class IpNetwork {
public:
    /// `prefix` is at most the address's size in bits; the bits behind it are cleared.
    IpNetwork(const IpAddress& address, unsigned prefix) noexcept;

    /// Reads CIDR notation (RFC 4632 §3.1), or an address, which is a network of one.
    static std::optional<IpNetwork> parse(std::string_view text) noexcept;

    const IpAddress& address() const noexcept { return address_; }
    unsigned prefix() const noexcept { return prefix_; }
    bool is_one_address() const noexcept { return prefix_ == 8 * address_.size(); }

    /// CIDR notation.
    std::string text() const;

    friend bool operator==(const IpNetwork&, const IpNetwork&) = default;

private:
    IpAddress address_;
    unsigned prefix_;
};

}  // namespace dns_tools
