#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/ip_address.hpp"

namespace dns_tools {

/// An IP address and a port, as the socket calls take them.
class SocketAddress {
public:
    SocketAddress(const IpAddress& address, std::uint16_t port) noexcept;
    /// A copy of an AF_INET or AF_INET6 address; an IPv6 zone is kept.
    explicit SocketAddress(const sockaddr& address) noexcept;

    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t size() const noexcept;
    int family() const noexcept { return storage_.sin6_family; }
    std::uint16_t port() const noexcept;

    /// `192.0.2.1:53` or `[2001:db8::1]:53`.
    std::string text() const;

    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;

private:
    sockaddr_in6 storage_{};  // large enough for, and laid out to begin like, sockaddr_in
};

}  // namespace dns_tools
