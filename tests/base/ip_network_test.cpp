#include "base/ip_network.hpp"

#include <gtest/gtest.h>

namespace dns_tools {

namespace {

std::string reread(std::string_view text) {
    const auto network = IpNetwork::parse(text);
    return network ? network->text() : "none";
}

TEST(IpNetwork, loses_the_bits_behind_its_prefix) {
    EXPECT_EQ(reread("192.0.2.255/24"), "192.0.2.0/24");
    EXPECT_EQ(reread("192.0.2.255/25"), "192.0.2.128/25");
    EXPECT_EQ(reread("255.255.255.255/31"), "255.255.255.254/31");
    EXPECT_EQ(reread("255.255.255.255/1"), "128.0.0.0/1");
    EXPECT_EQ(reread("192.0.2.7/0"), "0.0.0.0/0");
    EXPECT_EQ(reread("2001:DB8:ffff::1/33"), "2001:db8:8000::/33");
    EXPECT_EQ(reread("ff00::1/0"), "::/0");
    EXPECT_EQ(reread("2001:db8::1/127"), "2001:db8::/127");
}

TEST(IpNetwork, an_address_is_a_network_of_one) {
    EXPECT_EQ(reread("192.0.2.7"), "192.0.2.7/32");
    EXPECT_EQ(reread("2001:db8::7"), "2001:db8::7/128");
    EXPECT_TRUE(IpNetwork::parse("192.0.2.7/32")->is_one_address());
    EXPECT_TRUE(IpNetwork::parse("::1/128")->is_one_address());
    EXPECT_FALSE(IpNetwork::parse("192.0.2.7/31")->is_one_address());
    EXPECT_FALSE(IpNetwork::parse("::1/32")->is_one_address());
}

TEST(IpNetwork, refuses_what_is_none) {
    for (const std::string_view text :
         {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8",
          "192.0.2.0/08", "192.0.2.0/24 ", " 192.0.2.0/24", "192.0.2.0/24/8", "192.0.2/24",
          "192.0.2.0/255.255.255.0", "::/129", "example.com", "192.0.2.0/99999999999999999999",
          "fe80::1%eth0/64", "[::1]/64"}) {
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
    }
}

}  // namespace

}  // namespace dns_tools
