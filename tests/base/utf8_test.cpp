#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dns_tools {

namespace {

TEST(Utf8, sequences_at_the_limits_of_each_length) {
    // RFC 3629 §3: the first and the last code point of each length.
    for (const std::string_view text : {"\x01", "\x7f"}) {
        EXPECT_EQ(utf8_sequence(text), 1u);
    }
    for (const std::string_view text : {"\xc2\x80", "\xdf\xbf"}) {
        EXPECT_EQ(utf8_sequence(text), 2u);
    }
    for (const std::string_view text :
         {"\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf"}) {
        EXPECT_EQ(utf8_sequence(text), 3u);
    }
    for (const std::string_view text : {"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_EQ(utf8_sequence(text), 4u);
    }
}

TEST(Utf8, refuses_what_is_not_well_formed) {
    const std::string_view bad[] = {
        "",                  // nothing
        "\x80",              // a tail without a lead
        "\xc0\x80",          // overlong NUL
        "\xc1\xbf",          // overlong
        "\xe0\x9f\xbf",      // overlong
        "\xed\xa0\x80",      // a surrogate
        "\xf0\x8f\xbf\xbf",  // overlong
        "\xf4\x90\x80\x80",  // above U+10FFFF
        "\xf5\x80\x80\x80",  // no such lead
        "\xff",              //
        "\xc3",              // cut
        "\xe2\x82",          // cut
        "\xf0\x9f\x98",      // cut
        "\xe2\x82\x41",      // a tail byte that is none
        "\xf0\x9f\x98\xc0",  //
        "\xc3\x28",          //
    };
    for (const auto text : bad) {
        EXPECT_EQ(utf8_sequence(text), 0u) << testing::PrintToString(text);
    }
}

TEST(Utf8, does_not_look_behind_the_end) {
    for (const std::string_view text : {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
        ASSERT_EQ(utf8_sequence(text), text.size());
        for (std::size_t size = 0; size < text.size(); ++size) {
            EXPECT_EQ(utf8_sequence(text.substr(0, size)), 0u);
        }
    }
}

TEST(Utf8, finds_the_first_bad_byte) {
    EXPECT_EQ(find_bad_utf8(""), std::string_view::npos);
    EXPECT_EQ(find_bad_utf8("b\xc3\xbc\x63her \xf0\x9f\x98\x80"), std::string_view::npos);
    EXPECT_EQ(find_bad_utf8("b\xc3\xbc\xbc"), 3u);
    EXPECT_EQ(find_bad_utf8("\xe2\x82"), 0u);
}

}  // namespace

}  // namespace dns_tools
