#include "api/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

namespace dns_tools::api::json {

namespace {

std::string written(std::string_view text) {
    std::string json;
    append_string(json, text);
    return json;
}

TEST(JsonWriter, escapes_what_rfc_8259_asks_for_and_nothing_else) {
    EXPECT_EQ(written(""), R"("")");
    EXPECT_EQ(written("exa-mple_1.com/~\x7f"), "\"exa-mple_1.com/~\x7f\"");
    EXPECT_EQ(written("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
    EXPECT_EQ(written({"\0\x01\x1f", 3}), R"("\u0000\u0001\u001f")");
    EXPECT_EQ(written("b\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"),
              "\"b\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"");
    EXPECT_EQ(written("\xff\xc3(\xe2\x82"),
              "\"\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonWriter, appends) {
    std::string json = "[";
    append_string(json, "a");
    EXPECT_EQ(json, "[\"a\"");
}

TEST(JsonWriter, any_text_is_read_back_as_nlohmann_replaces_it_and_stays_in_its_bound) {
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 40, '\0');
        const bool ascii = random() % 2 == 0;
        for (auto& byte : text) {
            byte = static_cast<char>(ascii ? random() % 128 : random());
        }
        const auto json = written(text);
        ASSERT_LE(json.size(), string_bound(text.size()));
        const auto value = nlohmann::json::parse(json, nullptr, false);
        ASSERT_TRUE(value.is_string()) << json;
        if (ascii) {
            ASSERT_EQ(value.get<std::string>(), text);
        }
    }
}

TEST(JsonWriter, the_bound_of_a_string_is_reached) {
    EXPECT_EQ(written(std::string(7, '\x01')).size(), string_bound(7));
}

TEST(JsonWriter, integers) {
    char out[integer_bound];
    const auto text = [&](std::int64_t value) { return std::string(out, put_integer(value, out)); };
    EXPECT_EQ(text(0), "0");
    EXPECT_EQ(text(1663534325), "1663534325");
    EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(text(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
}

}  // namespace

}  // namespace dns_tools::api::json
