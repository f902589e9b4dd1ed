#include "api/json_body.hpp"

#include <gtest/gtest.h>

#include "api/expect.hpp"

namespace dns_tools::api {

namespace {

using namespace std::string_view_literals;

struct Accepted {
    std::string_view body;
    std::string_view value;  // of `ip`
};

class AcceptedBody : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedBody, gives_the_member) {
    const auto result = string_member(GetParam().body, "ip", "invalid_ip");
    const auto* value = std::get_if<std::string>(&result);
    ASSERT_NE(value, nullptr) << std::get<Reply>(result).body;
    EXPECT_EQ(*value, GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    contract, AcceptedBody,
    testing::Values(Accepted{R"({"ip":"1.2.3.4"})", "1.2.3.4"}, Accepted{R"({"ip":""})", ""},
                    Accepted{" \t\r\n{ \"ip\"\n:\t\"a\" }\r\n", "a"},
                    Accepted{"\xef\xbb\xbf{\"ip\":\"a\"}",
                             "a"},  // RFC 8259 §8.1 lets a BOM be ignored
                    // other members are ignored, also when they look alike
                    Accepted{R"({"x":1,"ip":"a","y":[null,true,-1.5e3]})", "a"},
                    Accepted{R"({"x":{"ip":"inner"},"ip":"a","y":[{"ip":"inner"}]})", "a"},
                    Accepted{R"({"ip":"a","x":{"ip":"inner"}})", "a"},
                    Accepted{R"({"ip":"a","IP":"b"})", "a"},
                    // of several, the last wins
                    Accepted{R"({"ip":"a","ip":"b"})", "b"}, Accepted{R"({"ip":1,"ip":"b"})", "b"},
                    Accepted{R"({"ip":{"ip":1},"ip":"b"})", "b"},
                    // escapes, in names too
                    Accepted{R"({"\u0069p":"\u0061\"\\\/\b\f\n\r\t"})", "a\"\\/\b\f\n\r\t"},
                    Accepted{R"({"ip":"\ud83d\ude00\u0000"})", "\xf0\x9f\x98\x80\0"sv},
                    Accepted{"{\"ip\":\"b\xc3\xbc\x7f\"}", "b\xc3\xbc\x7f"}));

struct Refused {
    std::string_view body;
    std::string_view code;
    std::string_view message;
};

class RefusedBody : public testing::TestWithParam<Refused> {};

TEST_P(RefusedBody, says_what_is_wrong_and_where) {
    const auto result = string_member(GetParam().body, "ip", "invalid_ip");
    const auto* reply = std::get_if<Reply>(&result);
    ASSERT_NE(reply, nullptr) << std::get<std::string>(result);
    test::expect_error(*reply, 400, GetParam().code, GetParam().message);
}

Refused invalid(std::string_view body, std::string_view message) {
    return {body, "invalid_body", message};
}

INSTANTIATE_TEST_SUITE_P(
    not_an_object, RefusedBody,
    testing::Values(invalid("", R"(the body is empty: it must be a JSON object, {"ip": "..."})"),
                    invalid(" \n", "the body ends at byte 2, before its JSON object is complete"),
                    invalid("\xef\xbb\xbf",
                            "the body ends at byte 3, before its JSON object is complete"),
                    invalid(R"(["ip"])", "the body must be a JSON object, not an array"),
                    invalid(R"("ip")", "the body must be a JSON object, not a string"),
                    invalid("1", "the body must be a JSON object, not a number"),
                    invalid("-1", "the body must be a JSON object, not a number"),
                    invalid("0.5", "the body must be a JSON object, not a number"),
                    invalid("null", "the body must be a JSON object, not null"),
                    invalid("true", "the body must be a JSON object, not true or false")));

INSTANTIATE_TEST_SUITE_P(
    syntax, RefusedBody,
    testing::Values(
        invalid(R"({"ip":"1.2.3.4")",
                "the body ends at byte 15, before its JSON object is complete"),
        invalid(R"({"ip":"1.2)", "the body ends at byte 10, before its JSON object is complete"),
        invalid(R"({"ip":"a"} x)",
                R"(the body has something behind its JSON object, "x" at byte 11)"),
        invalid(R"({"ip":"a"}{"ip":"b"})",
                R"(the body has something behind its JSON object, "{" at byte 10)"),
        invalid(R"({"ip":"a"}})",
                R"(the body has something behind its JSON object, "}" at byte 10)"),
        invalid("{\"ip\":\"a\"}\0"sv, "the body has a NUL at byte 10"),
        invalid("{\"ip\":\"a\0\"}"sv, "the body has a NUL at byte 8"),
        invalid("\0"sv, "the body has a NUL at byte 0"),
        invalid("domain=a", R"(the body is not valid JSON: unexpected "d" at byte 0)"),
        invalid(R"({"ip":"\"x" y})", R"(the body is not valid JSON: unexpected "y" at byte 12)"),
        invalid(R"({'ip':1})", R"(the body is not valid JSON: unexpected "'" at byte 1)"),
        invalid(R"({"ip" "a\n"})",
                R"(the body is not valid JSON: unexpected "\"a\\n\"" at byte 6)"),
        invalid(R"({"ip":"a",})", R"(the body is not valid JSON: unexpected "}" at byte 10)"),
        invalid("{\"ip\":tru\n}", R"(the body is not valid JSON: unexpected "tru" at byte 6)"),
        invalid(R"({"ip":1.2.3.4})", R"(the body is not valid JSON: unexpected "1.2." at byte 6)"),
        invalid("// a\n{}", R"(the body is not valid JSON: unexpected "/" at byte 0)"),
        invalid("{\"ip\":\"\\\"\n\"}", "the body has a control character at byte 9"),
        invalid("{\x01}", "the body has a control character at byte 1"),
        invalid(R"({"ip":"\x"})", "the body has a string with a wrong escape at byte 8"),
        invalid(R"({"ip":"\u12"})", "the body has a string with a wrong escape at byte 11"),
        invalid(R"({"ip":"\ud800"})", "the body has a string with a wrong escape at byte 13"),
        invalid(R"({"ip":"\udc00"})", "the body has a string with a wrong escape at byte 12"),
        invalid("{\"ip\":\"\xff\"}", "the body is not UTF-8 at byte 7"),
        invalid("{\"ip\":\"\xe2\x82\"}", "the body is not UTF-8 at byte 7"),
        invalid("{\"ip\":\"\xed\xa0\x80\"}", "the body is not UTF-8 at byte 7"),
        invalid("\xef\xbb{}", "the body is not UTF-8 at byte 0"),
        invalid(R"({"x":1e999,"ip":"a"})", "the body has a number that is too large at byte 5")));

INSTANTIATE_TEST_SUITE_P(
    member, RefusedBody,
    testing::Values(
        Refused{"{}", "invalid_ip",
                R"(the parameter ip is missing: the body must have it as a string, {"ip": "..."})"},
        Refused{R"({"x":{"ip":"a"}})", "invalid_ip",
                R"(the parameter ip is missing: the body must have it as a string, {"ip": "..."})"},
        Refused{R"({"ip":null})", "invalid_ip", "the parameter ip must be a string, not null"},
        Refused{R"({"ip":false})", "invalid_ip",
                "the parameter ip must be a string, not true or false"},
        Refused{R"({"ip":1})", "invalid_ip", "the parameter ip must be a string, not a number"},
        Refused{R"({"ip":-1})", "invalid_ip", "the parameter ip must be a string, not a number"},
        Refused{R"({"ip":1.5})", "invalid_ip", "the parameter ip must be a string, not a number"},
        Refused{R"({"ip":["a"]})", "invalid_ip", "the parameter ip must be a string, not an array"},
        Refused{R"({"ip":{"ip":"a"}})", "invalid_ip",
                "the parameter ip must be a string, not an object"},
        Refused{R"({"ip":"a","ip":1})", "invalid_ip",
                "the parameter ip must be a string, not a number"}));

TEST(JsonBody, is_nested_at_most_32_levels_deep) {
    const auto nested = [](std::size_t arrays) {
        return R"({"ip":"a","x":)" + std::string(arrays, '[') + std::string(arrays, ']') + '}';
    };
    EXPECT_TRUE(std::holds_alternative<std::string>(string_member(nested(31), "ip", "c")));
    for (const std::size_t arrays : {32, 4000}) {
        const auto result = string_member(nested(arrays), "ip", "c");
        ASSERT_TRUE(std::holds_alternative<Reply>(result)) << arrays;
        test::expect_error(std::get<Reply>(result), 400, "invalid_body",
                           "the body is nested more than 32 levels deep");
    }
}

TEST(JsonBody, ten_thousand_brackets_are_refused) {
    for (const char bracket : {'[', '{'}) {
        const auto result = string_member(std::string(10'000, bracket), "ip", "c");
        ASSERT_TRUE(std::holds_alternative<Reply>(result));
        EXPECT_EQ(std::get<Reply>(result).status, 400);
    }
}

TEST(JsonBody, a_long_string_arrives_whole) {
    const std::string text(max_body, 'a');
    EXPECT_EQ(std::get<std::string>(string_member(R"({"ip":")" + text + "\"}", "ip", "c")), text);
}

// Whatever one byte is changed to or wherever the body is cut: the answer is a string or a 400
// that is valid JSON, and strings come from bodies only that nlohmann_json accepts, too.
TEST(JsonBody, agrees_with_a_whole_parse_on_every_mutation) {
    const std::string good = R"( {"x":[-1.5e3,"\u00e9\n",{}],"ip":"1.2.3.4","y":null} )";
    const auto check = [](const std::string& body) {
        const auto result = string_member(body, "ip", "invalid_ip");
        const auto whole = nlohmann::json::parse(body, nullptr, false);
        const bool has_member = whole.is_object() && whole.contains("ip") &&
                                whole["ip"].is_string() && body.find('\0') == body.npos;
        ASSERT_EQ(std::holds_alternative<std::string>(result), has_member) << body;
        if (const auto* reply = std::get_if<Reply>(&result)) {
            ASSERT_EQ(reply->status, 400);
            ASSERT_FALSE(nlohmann::json::parse(reply->body, nullptr, false).is_discarded());
        }
    };
    for (std::size_t at = 0; at < good.size(); ++at) {
        check(good.substr(0, at));
        for (int byte = 0; byte < 256; ++byte) {
            std::string body = good;
            body[at] = static_cast<char>(byte);
            check(body);
        }
    }
}

}  // namespace

}  // namespace dns_tools::api
