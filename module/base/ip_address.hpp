#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace dns_tools {

/// An IPv4 address in network byte order.
struct Ipv4Address {
    static constexpr std::size_t max_text = 15;

    std::array<std::uint8_t, 4> bytes{};

    friend bool operator==(const Ipv4Address&, const Ipv4Address&) = default;

    /// Writes dotted-decimal text at `out`, which has room for `max_text` bytes; returns its end.
    char* write(char* out) const noexcept;
    std::string text() const;
};

/// One A record of an answer: an address and its time to live in seconds.
struct AddressRecord {
    Ipv4Address address;
    std::uint32_t ttl = 0;

    friend bool operator==(const AddressRecord&, const AddressRecord&) = default;
};

/// An IPv4 or IPv6 address, without a port.
class IpAddress {
public:
    static constexpr std::size_t max_text = 45;

    explicit IpAddress(Ipv4Address address) noexcept;
    explicit IpAddress(const std::array<std::uint8_t, 16>& ipv6) noexcept;

    /// None for a family other than AF_INET and AF_INET6 (a UNIX socket has no address).
    static std::optional<IpAddress> from(const sockaddr& address) noexcept;
    /// Text as inet_pton(3) reads it, without brackets, zone or prefix length.
    static std::optional<IpAddress> parse(std::string_view text) noexcept;

    bool is_ipv4() const noexcept { return size_ == 4; }
    /// 4 or 16 bytes in network byte order.
    std::size_t size() const noexcept { return size_; }
    const std::uint8_t* data() const noexcept { return bytes_.data(); }

    /// Writes the text at `out`, which has room for `max_text` bytes; returns its end (RFC 5952).
    char* write(char* out) const noexcept;
    std::string text() const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
    std::uint8_t size_;
};

}  // namespace dns_tools
