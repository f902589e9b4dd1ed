#include "api/quote.hpp"

#include <gtest/gtest.h>

namespace dns_tools::api {

namespace {

TEST(Quote, shows_what_a_terminal_could_not) {
    EXPECT_EQ(quote(""), R"("")");
    EXPECT_EQ(quote("exa mple"), R"("exa mple")");
    EXPECT_EQ(quote("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(quote({"\0\x1b[1m\x7f", 6}), R"("\x00\x1b[1m\x7f")");
    EXPECT_EQ(quote("b\xc3\xbc\xff\xc3"), "\"b\xc3\xbc\\xff\\xc3\"");
}

TEST(Quote, cuts_after_80_bytes_of_input) {
    EXPECT_EQ(quote(std::string(80, 'a')), '"' + std::string(80, 'a') + '"');
    EXPECT_EQ(quote(std::string(81, 'a')), '"' + std::string(80, 'a') + "...\"");
    EXPECT_LE(quote(std::string(10'000, '\0')).size(), 80u * 4 + 5);
}

TEST(Quote, does_not_cut_a_character) {
    EXPECT_EQ(quote(std::string(79, 'a') + "\xc3\xbc"), '"' + std::string(79, 'a') + "...\"");
    EXPECT_EQ(quote(std::string(78, 'a') + "\xc3\xbc"), '"' + std::string(78, 'a') + "\xc3\xbc\"");
}

}  // namespace

}  // namespace dns_tools::api
