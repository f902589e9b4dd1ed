#include "base/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace dns_tools {

char* Ipv4Address::write(char* out) const noexcept {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i != 0) {
            *out++ = '.';
        }
        out = std::to_chars(out, out + 3, bytes[i]).ptr;
    }
    return out;
}

std::string Ipv4Address::text() const {
    char buffer[max_text];
    return {buffer, write(buffer)};
}

IpAddress::IpAddress(Ipv4Address address) noexcept : size_(4) {
    std::copy(address.bytes.begin(), address.bytes.end(), bytes_.begin());
}

IpAddress::IpAddress(const std::array<std::uint8_t, 16>& ipv6) noexcept : bytes_(ipv6), size_(16) {}

std::optional<IpAddress> IpAddress::from(const sockaddr& address) noexcept {
    if (address.sa_family == AF_INET) {
        Ipv4Address ipv4;
        std::memcpy(ipv4.bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
        return IpAddress(ipv4);
    }
    if (address.sa_family == AF_INET6) {
        std::array<std::uint8_t, 16> ipv6{};
        std::memcpy(ipv6.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
        return IpAddress(ipv6);
    }
    return std::nullopt;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
    char terminated[max_text + 1];
    if (text.size() > max_text || text.find('\0') != text.npos) {
        return std::nullopt;
    }
    *std::copy(text.begin(), text.end(), terminated) = '\0';

    Ipv4Address ipv4;
    if (inet_pton(AF_INET, terminated, ipv4.bytes.data()) == 1) {
        return IpAddress(ipv4);
    }
    std::array<std::uint8_t, 16> ipv6{};
    if (inet_pton(AF_INET6, terminated, ipv6.data()) == 1) {
        return IpAddress(ipv6);
    }
    return std::nullopt;
}

char* IpAddress::write(char* out) const noexcept {
    if (is_ipv4()) {
        return Ipv4Address{{bytes_[0], bytes_[1], bytes_[2], bytes_[3]}}.write(out);
    }
    char terminated[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, bytes_.data(), terminated, sizeof terminated);
    return std::copy_n(terminated, std::strlen(terminated), out);
}

std::string IpAddress::text() const {
    char buffer[max_text];
    return {buffer, write(buffer)};
}

}  // namespace dns_tools
