#include "api/query_string.hpp"

#include <gtest/gtest.h>

namespace dns_tools::api {

namespace {

using std::nullopt;

struct Case {
    std::string_view query;
    std::optional<std::string> value;  // of `domain`
};

class QueryParameter : public testing::TestWithParam<Case> {};

TEST_P(QueryParameter, is_read) {
    EXPECT_EQ(query_parameter(GetParam().query, "domain"), GetParam().value) << GetParam().query;
}

INSTANTIATE_TEST_SUITE_P(
    contract, QueryParameter,
    testing::Values(
        // where it stands
        Case{"", nullopt}, Case{"domain=a.b", "a.b"}, Case{"x=1&domain=a", "a"},
        Case{"domain=a&x=1", "a"}, Case{"domain=a&domain=b", "a"}, Case{"&&domain=a&&", "a"},
        Case{"&", nullopt}, Case{"=a", nullopt}, Case{"xdomain=a", nullopt},
        Case{"domainx=a", nullopt}, Case{"Domain=a", nullopt}, Case{"x=domain=a", nullopt},
        Case{"x=1;domain=a", nullopt},
        // empty values are values
        Case{"domain", ""}, Case{"domain=", ""}, Case{"domain&domain=a", ""},
        // only the first = separates
        Case{"domain=a=b", "a=b"}, Case{"domain==", "="},
        // decoding
        Case{"domain=a+b%2Bc%2bd", "a b+c+d"}, Case{"domain=%61%2E%62", "a.b"},
        Case{"domain=%26%3D", "&="}, Case{"domain=a%00b", std::string("a\0b", 3)},
        Case{"domain=%c3%BC%ff", "\xc3\xbc\xff"}, Case{"domain=a#b", "a#b"},
        // a % without two digits stands for itself
        Case{"domain=%", "%"}, Case{"domain=%4", "%4"}, Case{"domain=%4g", "%4g"},
        Case{"domain=%g4", "%g4"}, Case{"domain=%%41", "%A"}, Case{"domain=%2541", "%41"},
        Case{"domain=%4&x=1", "%4"},
        // names are encoded too
        Case{"d%6fmain=a", "a"}, Case{"%64%6F%6d%61%69%6e", ""}, Case{"domain+=a", nullopt},
        Case{"d%6fmain%=a", nullopt}));

TEST(QueryString, a_name_with_a_space) {
    EXPECT_EQ(query_parameter("a+b=c", "a b"), "c");
    EXPECT_EQ(query_parameter("a%20b=c", "a b"), "c");
    EXPECT_EQ(query_parameter("a+b=c", "a+b"), nullopt);
}

}  // namespace

}  // namespace dns_tools::api
