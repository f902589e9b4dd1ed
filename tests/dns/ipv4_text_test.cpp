#include "dns/ipv4_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dns_tools::dns {
namespace {

using namespace std::string_view_literals;

TEST(Ipv4Text, ReadsAddresses) {
    const std::pair<std::string_view, Ipv4Address> table[] = {
        {"0.0.0.0", {{0, 0, 0, 0}}},
        {"127.0.0.1", {{127, 0, 0, 1}}},
        {"255.255.255.255", {{255, 255, 255, 255}}},
        {"10.20.30.40", {{10, 20, 30, 40}}},
        {"224.0.0.1", {{224, 0, 0, 1}}},
    };
    for (const auto& [text, address] : table) {
        const auto read = parse_ipv4(text);
        ASSERT_TRUE(std::holds_alternative<Ipv4Address>(read)) << text;
        EXPECT_EQ(std::get<Ipv4Address>(read), address) << text;
    }
}

TEST(Ipv4Text, SaysWhatIsWrong) {
    const std::pair<std::string_view, Ipv4Error> table[] = {
        {"", Ipv4Error::empty},
        {"1", Ipv4Error::not_four_numbers},
        {"1.2.3", Ipv4Error::not_four_numbers},
        {"1.2.3.4.5", Ipv4Error::not_four_numbers},
        {"1.2.3.4.", Ipv4Error::not_four_numbers},
        {"16909060", Ipv4Error::not_four_numbers},
        {"1..2.3", Ipv4Error::empty_number},
        {".1.2.3", Ipv4Error::empty_number},
        {"1.2.3.", Ipv4Error::empty_number},
        {"...", Ipv4Error::empty_number},
        {" 1.2.3.4", Ipv4Error::not_a_digit},
        {"1.2.3.4 ", Ipv4Error::not_a_digit},
        {"1.2. 3.4", Ipv4Error::not_a_digit},
        {"1.2.3.4\n", Ipv4Error::not_a_digit},
        {"1.2.3.4\0"sv, Ipv4Error::not_a_digit},
        {"1.2.3.4\0garbage"sv, Ipv4Error::not_a_digit},
        {"+1.2.3.4", Ipv4Error::not_a_digit},
        {"-1.2.3.4", Ipv4Error::not_a_digit},
        {"0x7f.0.0.1", Ipv4Error::not_a_digit},
        {"1.2.3.4/24", Ipv4Error::not_a_digit},
        {"::1", Ipv4Error::not_a_digit},
        {"\xd9\xa1.2.3.4", Ipv4Error::not_a_digit},
        {"example.com", Ipv4Error::not_a_digit},
        {"01.2.3.4", Ipv4Error::leading_zero},
        {"1.2.3.00", Ipv4Error::leading_zero},
        {"1.2.3.04", Ipv4Error::leading_zero},
        {"256.2.3.4", Ipv4Error::number_too_large},
        {"1.2.3.999", Ipv4Error::number_too_large},
        {"1.2.3.4294967297", Ipv4Error::number_too_large},
        {"1.2.3.18446744073709551617", Ipv4Error::number_too_large},
    };
    for (const auto& [text, error] : table) {
        const auto read = parse_ipv4(text);
        ASSERT_TRUE(std::holds_alternative<Ipv4Error>(read)) << text;
        EXPECT_EQ(std::get<Ipv4Error>(read), error)
            << text << ": " << describe(std::get<Ipv4Error>(read));
        EXPECT_FALSE(describe(error).empty());
    }
}

TEST(Ipv4Text, EveryNumberReadsAsItself) {
    for (int number = 0; number < 256; ++number) {
        const auto text = "1.2." + std::to_string(number) + ".4";
        const auto read = parse_ipv4(text);
        ASSERT_TRUE(std::holds_alternative<Ipv4Address>(read)) << text;
        EXPECT_EQ(std::get<Ipv4Address>(read).text(), text);
    }
}

}  // namespace
}  // namespace dns_tools::dns
