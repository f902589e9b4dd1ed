#include "base/socket_address.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

namespace dns_tools {

namespace {

SocketAddress address(std::string_view ip, std::uint16_t port) {
    return {*IpAddress::parse(ip), port};
}

TEST(SocketAddress, text_has_brackets_around_ipv6) {
    EXPECT_EQ(address("192.0.2.1", 53).text(), "192.0.2.1:53");
    EXPECT_EQ(address("2001:db8::1", 5353).text(), "[2001:db8::1]:5353");
    EXPECT_EQ(address("0.0.0.0", 0).text(), "0.0.0.0:0");
    EXPECT_EQ(address("::", 65535).text(), "[::]:65535");
}

TEST(SocketAddress, family_size_and_port) {
    const auto ipv4 = address("192.0.2.1", 53);
    EXPECT_EQ(ipv4.family(), AF_INET);
    EXPECT_EQ(ipv4.size(), sizeof(sockaddr_in));
    EXPECT_EQ(ipv4.port(), 53);

    const auto ipv6 = address("::1", 40'000);
    EXPECT_EQ(ipv6.family(), AF_INET6);
    EXPECT_EQ(ipv6.size(), sizeof(sockaddr_in6));
    EXPECT_EQ(ipv6.port(), 40'000);
}

TEST(SocketAddress, the_kernel_takes_and_returns_it) {
    for (const std::string_view ip : {"127.0.0.1", "::1"}) {
        const auto wanted = address(ip, 0);
        const int fd = socket(wanted.family(), SOCK_DGRAM, 0);
        if (fd < 0 || bind(fd, wanted.get(), wanted.size()) != 0) {
            ASSERT_EQ(ip, "::1") << std::strerror(errno);  // a machine may have no IPv6
            close(fd);
            continue;
        }
        sockaddr_storage name{};
        socklen_t size = sizeof name;
        ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size), 0);
        close(fd);

        const SocketAddress bound(reinterpret_cast<const sockaddr&>(name));
        EXPECT_EQ(bound.size(), size);
        EXPECT_NE(bound.port(), 0);
        EXPECT_EQ(bound, address(ip, bound.port()));
    }
}

TEST(SocketAddress, is_equal_by_address_port_and_zone) {
    EXPECT_EQ(address("192.0.2.1", 53), address("192.0.2.1", 53));
    EXPECT_FALSE(address("192.0.2.1", 53) == address("192.0.2.1", 54));
    EXPECT_FALSE(address("192.0.2.1", 53) == address("192.0.2.2", 53));
    EXPECT_FALSE(address("0.0.0.0", 53) == address("::", 53));

    sockaddr_in6 first{};
    first.sin6_family = AF_INET6;
    sockaddr_in6 second = first;
    second.sin6_scope_id = 2;
    EXPECT_FALSE(SocketAddress(reinterpret_cast<sockaddr&>(first)) ==
                 SocketAddress(reinterpret_cast<sockaddr&>(second)));
}

}  // namespace

}  // namespace dns_tools
