#include "history/client_privacy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dns_tools::history {
namespace {

using Mode = ClientPrivacy::Mode;

constexpr std::string_view key = "0123456789abcdef";

std::string kept(const ClientPrivacy& privacy, std::string_view client) {
    const auto address = privacy.apply(*IpAddress::parse(client));
    return address ? address->text() : "nothing";
}

TEST(ClientPrivacy, FullKeepsTheAddress) {
    const ClientPrivacy full(Mode::full);
    EXPECT_EQ(kept(full, "192.0.2.77"), "192.0.2.77");
    EXPECT_EQ(kept(full, "2001:db8::7"), "2001:db8::7");
    EXPECT_EQ(kept(full, "::ffff:192.0.2.77"), "::ffff:192.0.2.77");
}

TEST(ClientPrivacy, OffKeepsNothing) {
    EXPECT_EQ(kept(ClientPrivacy(Mode::off), "192.0.2.77"), "nothing");
}

TEST(ClientPrivacy, TruncateKeepsTheNetwork) {
    const ClientPrivacy truncate(Mode::truncate);
    EXPECT_EQ(kept(truncate, "192.0.2.77"), "192.0.2.0");
    EXPECT_EQ(kept(truncate, "255.255.255.255"), "255.255.255.0");
    EXPECT_EQ(kept(truncate, "2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
    EXPECT_EQ(kept(truncate, "ffff:ffff:ffff:ffff::"), "ffff:ffff:ffff::");
    EXPECT_EQ(kept(truncate, "::ffff:192.0.2.77"), "192.0.2.0");
}

// python3 -c 'import hmac; print("fd" + hmac.digest(b"0123456789abcdef", bytes([192,0,2,77]),
//     "sha256").hex()[:30])'
TEST(ClientPrivacy, HashIsAnHmacInThePrefixOfLocalAddresses) {
    const ClientPrivacy hash(Mode::hash, key);
    EXPECT_EQ(kept(hash, "192.0.2.77"), "fd58:686b:cea9:7ad3:487a:8704:9d89:2cf3");
    EXPECT_EQ(kept(hash, "2001:db8::7"), "fd71:f241:42bd:2e72:1939:7cf2:d509:267");
}

TEST(ClientPrivacy, HashIsTheSameForTheSameClientOnly) {
    const ClientPrivacy hash(Mode::hash, key);
    EXPECT_EQ(kept(hash, "192.0.2.77"), kept(hash, "192.0.2.77"));
    EXPECT_EQ(kept(hash, "192.0.2.77"), kept(ClientPrivacy(Mode::hash, key), "192.0.2.77"));
    EXPECT_EQ(kept(hash, "192.0.2.77"), kept(hash, "::ffff:192.0.2.77"));
    EXPECT_NE(kept(hash, "192.0.2.77"), kept(hash, "192.0.2.78"));
    EXPECT_NE(kept(hash, "192.0.2.77"),
              kept(ClientPrivacy(Mode::hash, "another key, of 16"), "192.0.2.77"));
}

}  // namespace
}  // namespace dns_tools::history
