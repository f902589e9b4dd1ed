#include "api/next_page.hpp"

#include <gtest/gtest.h>

#include "api/query_string.hpp"

namespace dns_tools::api {

namespace {

const Uuid cursor = *Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057");

/// The reference alone, with `C` for the cursor.
std::string reference(std::string_view target) {
    auto link = next_page(target, cursor);
    EXPECT_TRUE(link.starts_with('<')) << link;
    EXPECT_TRUE(link.ends_with(">; rel=\"next\"")) << link;
    link = link.substr(1, link.find('>') - 1);
    const auto at = link.find(cursor.text());
    return at == link.npos ? link : link.replace(at, Uuid::text_size, "C");
}

TEST(NextPage, is_the_same_request_with_another_cursor) {
    EXPECT_EQ(reference("/history"), "/history?cursor=C");
    EXPECT_EQ(reference("/history?"), "/history?cursor=C");
    EXPECT_EQ(reference("/history?limit=5"), "/history?limit=5&cursor=C");
    EXPECT_EQ(reference("/a/b?cursor=x&limit=5"), "/a/b?limit=5&cursor=C");
    EXPECT_EQ(reference("/h?a=1&cursor=x&b=2&cursor=y"), "/h?a=1&b=2&cursor=C");
    EXPECT_EQ(reference("/h?c%75rsor=x&a"), "/h?a&cursor=C");
    EXPECT_EQ(reference("/h?&&a=1&&"), "/h?a=1&cursor=C");
    EXPECT_EQ(reference("/h?domain=*.b%C3%BCcher.example&client=2001:db8::/32"),
              "/h?domain=*.b%C3%BCcher.example&client=2001:db8::/32&cursor=C");
    EXPECT_EQ(reference("/h?from=2022-09-18T22:52:05+02:00"),
              "/h?from=2022-09-18T22:52:05+02:00&cursor=C");
}

TEST(NextPage, holds_nothing_that_a_uri_may_not) {
    EXPECT_EQ(reference("/h>x\"<?a=>;rel=\"x\"&b=\xc3\xbc\\^`{|}"),
              "/h%3Ex%22%3C?a=%3E;rel=%22x%22&b=%C3%BC%5C%5E%60%7B%7C%7D&cursor=C");
    EXPECT_EQ(reference("/h?a=b?c/d"), "/h?a=b%3Fc/d&cursor=C");
    EXPECT_EQ(reference("/h?a=%&b=%4&c=%zz&d=%41"), "/h?a=%25&b=%254&c=%25zz&d=%41&cursor=C");
    EXPECT_EQ(reference("/h?a=1#b"), "/h?a=1&cursor=C");
    EXPECT_EQ(reference("/h#?a=1"), "/h?cursor=C");
}

TEST(NextPage, never_leaves_the_server) {
    EXPECT_EQ(reference("//evil.example/history"), "/evil.example/history?cursor=C");
    EXPECT_EQ(reference("///"), "/?cursor=C");
    EXPECT_EQ(reference("/"), "/?cursor=C");
    EXPECT_EQ(reference(""), "/?cursor=C");
}

TEST(NextPage, encoding_changes_no_parameter) {
    const std::string query = "a=%&b=x%y&c=\xff+\x01&d=<>&cursor=old";
    const auto link = reference("/h?" + query);
    const auto again = std::string_view(link).substr(link.find('?') + 1);
    for (const std::string_view name : {"a", "b", "c", "d"}) {
        EXPECT_EQ(query_parameter(again, name), query_parameter(query, name)) << link;
    }
}

}  // namespace

}  // namespace dns_tools::api
