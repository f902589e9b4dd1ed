#include "base/ip_address.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace dns_tools {

namespace {

TEST(Ipv4Address, text_of_any_length) {
    EXPECT_EQ((Ipv4Address{{0, 0, 0, 0}}.text()), "0.0.0.0");
    EXPECT_EQ((Ipv4Address{{1, 20, 100, 9}}.text()), "1.20.100.9");
    EXPECT_EQ((Ipv4Address{{255, 255, 255, 255}}.text()), "255.255.255.255");
    EXPECT_EQ((Ipv4Address{{255, 255, 255, 255}}.text().size()), Ipv4Address::max_text);
}

std::string reread(std::string_view text) {
    const auto address = IpAddress::parse(text);
    return address ? address->text() : "none";
}

TEST(IpAddress, text_is_read_and_written_in_the_form_of_rfc_5952) {
    EXPECT_EQ(reread("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(reread("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
    EXPECT_EQ(reread("::"), "::");
    EXPECT_EQ(reread("::1"), "::1");
    EXPECT_EQ(reread("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");  // §4.2.2
    EXPECT_EQ(reread("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");           // §4.2.3
    EXPECT_EQ(reread("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");     // §4.2.3
    EXPECT_EQ(reread("::ffff:192.0.2.1"), "::ffff:192.0.2.1");          // §5
    EXPECT_EQ(reread("1111:2222:3333:4444:5555:6666:7777:8888"),
              "1111:2222:3333:4444:5555:6666:7777:8888");
}

TEST(IpAddress, what_is_no_address_is_refused) {
    using namespace std::string_view_literals;
    for (const auto text :
         {""sv, "1.2.3"sv, "1.2.3.4 "sv, "1.2.3.4\0"sv, "::1\0x"sv, "01.2.3.4"sv, "256.1.1.1"sv,
          "[::1]"sv, "fe80::1%eth0"sv, "::1/64"sv, "1:2:3"sv, "localhost"sv}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
    EXPECT_FALSE(IpAddress::parse(std::string(IpAddress::max_text + 1, '1')));
    EXPECT_FALSE(IpAddress::parse(std::string(100'000, ':')));
}

TEST(IpAddress, the_longest_text_is_read) {
    const std::string_view longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
    ASSERT_EQ(longest.size(), IpAddress::max_text);
    EXPECT_EQ(reread(longest), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(IpAddress, bytes_are_in_network_order) {
    const auto ipv4 = *IpAddress::parse("192.0.2.7");
    ASSERT_EQ(ipv4.size(), 4u);
    EXPECT_TRUE(ipv4.is_ipv4());
    EXPECT_EQ(std::memcmp(ipv4.data(), "\xc0\x00\x02\x07", 4), 0);

    const auto ipv6 = *IpAddress::parse("2001:db8::7");
    ASSERT_EQ(ipv6.size(), 16u);
    EXPECT_FALSE(ipv6.is_ipv4());
    EXPECT_EQ(std::memcmp(ipv6.data(), "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 16), 0);
}

TEST(IpAddress, is_equal_by_value_and_family) {
    EXPECT_EQ(IpAddress::parse("::1"), IpAddress::parse("0:0:0:0:0:0:0:1"));
    EXPECT_NE(IpAddress::parse("1.2.3.4"), IpAddress::parse("1.2.3.5"));
    // The same leading bytes, the rest zero.
    EXPECT_NE(IpAddress::parse("32.1.13.184"), IpAddress::parse("2001:db8::"));
}

TEST(IpAddress, comes_from_a_socket_address) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_addr.s_addr = htonl(0xc0000207);
    EXPECT_EQ(IpAddress::from(reinterpret_cast<sockaddr&>(ipv4)), IpAddress::parse("192.0.2.7"));

    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_addr = in6addr_loopback;
    EXPECT_EQ(IpAddress::from(reinterpret_cast<sockaddr&>(ipv6)), IpAddress::parse("::1"));

    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    EXPECT_FALSE(IpAddress::from(reinterpret_cast<sockaddr&>(local)));
}

}  // namespace

}  // namespace dns_tools
