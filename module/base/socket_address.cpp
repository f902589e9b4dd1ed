#include "base/socket_address.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace dns_tools {

namespace {

sockaddr_in as_ipv4(const sockaddr_in6& storage) noexcept {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &storage, sizeof ipv4);
    return ipv4;
}

}  // namespace

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) noexcept {
    if (address.is_ipv4()) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(port);
        std::memcpy(&ipv4.sin_addr, address.data(), 4);
        std::memcpy(&storage_, &ipv4, sizeof ipv4);
        return;
    }
    storage_.sin6_family = AF_INET6;
    storage_.sin6_port = htons(port);
    std::memcpy(&storage_.sin6_addr, address.data(), 16);
}

SocketAddress::SocketAddress(const sockaddr& address) noexcept {
    std::memcpy(&storage_, &address,
                address.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
}

socklen_t SocketAddress::size() const noexcept {
    return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

std::uint16_t SocketAddress::port() const noexcept {
    return ntohs(family() == AF_INET ? as_ipv4(storage_).sin_port : storage_.sin6_port);
}

std::string SocketAddress::text() const {
    const auto address = IpAddress::from(*get());
    if (!address) {
        return {};
    }
    const auto port_text = ':' + std::to_string(port());
    return address->is_ipv4() ? address->text() + port_text
                              : '[' + address->text() + ']' + port_text;
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
    // The padding of an IPv4 address and the flow information of an IPv6 one are no part of it.
    return a.port() == b.port() && IpAddress::from(*a.get()) == IpAddress::from(*b.get()) &&
           (a.family() == AF_INET || a.storage_.sin6_scope_id == b.storage_.sin6_scope_id);
}

}  // namespace dns_tools
