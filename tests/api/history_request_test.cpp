#include "api/history_request.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "api/expect.hpp"

namespace dns_tools::api {

namespace {

using test::expect_error;

std::variant<HistoryRequest, Reply> ask(std::string_view query, std::string_view accept = "") {
    return history_request({Method::get, query, {}}, accept);
}

HistoryRequest read(std::string_view query, std::string_view accept = "") {
    auto result = ask(query, accept);
    if (const auto* reply = std::get_if<Reply>(&result)) {
        ADD_FAILURE() << query << ": " << reply->body;
        return {};
    }
    return std::get<HistoryRequest>(result);
}

void expect_refused(std::string_view query, std::string_view code, std::string_view message) {
    const auto result = ask(query);
    ASSERT_TRUE(std::holds_alternative<Reply>(result)) << query;
    expect_error(std::get<Reply>(result), 400, code, message);
}

TEST(HistoryRequest, is_the_latest_20_unless_asked_otherwise) {
    for (const std::string_view query : {"", "x=5", "Limit=7", "limits=7"}) {
        const auto asked = read(query);
        EXPECT_EQ(asked.query.limit, 20u);
        EXPECT_TRUE(asked.query.is_latest());
        EXPECT_FALSE(asked.is_export());
        EXPECT_TRUE(asked.negotiated);
    }
}

TEST(HistoryRequest, limit) {
    EXPECT_EQ(read("limit=1").query.limit, 1u);
    EXPECT_EQ(read("limit=1000").query.limit, 1000u);
    EXPECT_EQ(read("limit=%31%30").query.limit, 10u);
    EXPECT_EQ(read("limit=5&limit=x").query.limit, 5u);
    EXPECT_TRUE(read("limit=1000").query.is_latest());
    for (const std::string_view text : {"", "0", "1001", "-1", "1.5", "1e2", "0x10", "ten", "5x",
                                        "4294967297", "99999999999999999999"}) {
        expect_refused("limit=" + std::string(text), "invalid_limit",
                       "limit \"" + std::string(text) + "\" is not a whole number from 1 to 1000");
    }
    // A plus is a space in a query.
    EXPECT_TRUE(std::holds_alternative<Reply>(ask("limit=+5")));
    EXPECT_TRUE(std::holds_alternative<Reply>(ask("limit=5%00")));
}

TEST(HistoryRequest, limit_of_an_export) {
    constexpr auto endless = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(read("format=csv").rows, endless);
    EXPECT_EQ(read("format=ndjson&limit=1").rows, 1u);
    EXPECT_EQ(read("format=csv&limit=5000000000").rows, 5'000'000'000u);
    EXPECT_EQ(read("format=csv&limit=99999999999999999999").rows, endless);
    EXPECT_EQ(read("limit=5000", "text/csv").rows, 5000u);
    for (const std::string_view text : {"", "0", "-1", "1x", "99999999999999999999x"}) {
        expect_refused("format=csv&limit=" + std::string(text), "invalid_limit",
                       "limit \"" + std::string(text) + "\" is not a whole number of 1 or more");
    }
}

TEST(HistoryRequest, cursor) {
    const std::string text = "01890a5d-ac96-774b-bcce-b302099a8057";
    const auto asked = read("cursor=" + text);
    EXPECT_EQ(asked.query.before->text(), text);
    EXPECT_FALSE(asked.query.is_latest());
    EXPECT_FALSE(asked.query.is_search());
    for (const std::string& wrong : {std::string(), std::string("0"), text + "0"}) {
        expect_refused(
            "cursor=" + wrong, "invalid_cursor",
            "cursor \"" + wrong + "\" is not one that the Link header of a page has given");
    }
}

TEST(HistoryRequest, from_and_until) {
    const auto asked = read("from=1663534325.25&until=2022-09-18T20:52:06Z");
    EXPECT_EQ(asked.query.from->time_since_epoch().count(), 1'663'534'325'250'000);
    EXPECT_EQ(asked.query.until->time_since_epoch().count(), 1'663'534'326'000'000);
    EXPECT_FALSE(asked.query.is_latest());
    EXPECT_FALSE(asked.query.is_search());
    EXPECT_TRUE(read("from=5&until=5").query.until);
    expect_refused("from=yesterday", "invalid_from",
                   "from \"yesterday\" is neither a UNIX time in seconds nor a date and time of "
                   "RFC 3339, such as 2024-05-01T12:00:00Z");
    expect_refused("until=", "invalid_until",
                   "until \"\" is neither a UNIX time in seconds nor a date and time of RFC 3339, "
                   "such as 2024-05-01T12:00:00Z");
    expect_refused("from=6&until=5.5", "invalid_until", "until \"5.5\" is before from");
}

TEST(HistoryRequest, domain) {
    const auto domain = [](std::string_view query) { return *read(query).query.domain; };
    EXPECT_EQ(domain("domain=EXAMPLE.com.").name, "example.com");
    EXPECT_FALSE(domain("domain=EXAMPLE.com.").below);
    EXPECT_EQ(domain("domain=*.B%C3%BCcher.example").name, "xn--bcher-kva.example");
    EXPECT_TRUE(domain("domain=*.com").below);
    EXPECT_TRUE(read("domain=com").query.is_search());
    expect_refused("domain=", "invalid_domain", "domain \"\" is empty");
    expect_refused("domain=*.", "invalid_domain", "domain \"*.\" is empty");
    expect_refused("domain=*", "invalid_domain",
                   "domain \"*\" has a character other than letters, digits, hyphens, underscores "
                   "and dots");
    expect_refused("domain=*.*.com", "invalid_domain",
                   "domain \"*.*.com\" has a character other than letters, digits, hyphens, "
                   "underscores and dots");
    expect_refused("domain=192.0.2.1", "invalid_domain",
                   "domain \"192.0.2.1\" is an IP address, not a domain name");
}

TEST(HistoryRequest, client) {
    EXPECT_EQ(read("client=192.0.2.7").query.client->text(), "192.0.2.7/32");
    EXPECT_EQ(read("client=192.0.2.7/24").query.client->text(), "192.0.2.0/24");
    EXPECT_EQ(read("client=2001:DB8::7%2f32").query.client->text(), "2001:db8::/32");
    EXPECT_TRUE(read("client=::1").query.is_search());
    for (const std::string text : {"", "192.0.2.7/33", "example.com", "192.0.2"}) {
        expect_refused(
            "client=" + text, "invalid_client",
            "client \"" + text + "\" is neither an IP address nor a network such as 192.0.2.0/24");
    }
}

TEST(HistoryRequest, address) {
    EXPECT_EQ(read("address=192.0.2.7").query.address->text(), "192.0.2.7");
    EXPECT_EQ(read("address=2001:db8::7").query.address->text(), "2001:db8::7");
    EXPECT_TRUE(read("address=::1").query.is_search());
    for (const std::string text : {"", "192.0.2.0/24", "01.2.3.4", "example.com"}) {
        expect_refused("address=" + text, "invalid_address",
                       "address \"" + text + "\" is not an IP address");
    }
}

TEST(HistoryRequest, format_wins_over_accept) {
    EXPECT_EQ(read("format=json", "text/csv").format, HistoryFormat::json);
    EXPECT_EQ(read("format=csv").format, HistoryFormat::csv);
    EXPECT_EQ(read("format=ndjson").format, HistoryFormat::ndjson);
    EXPECT_FALSE(read("format=csv").negotiated);
    EXPECT_EQ(read("", "text/csv").format, HistoryFormat::csv);
    EXPECT_EQ(read("", "application/x-ndjson").format, HistoryFormat::ndjson);
    EXPECT_TRUE(read("", "text/csv").negotiated);
    EXPECT_EQ(read("", "text/html").format, HistoryFormat::json);
    expect_refused("format=xml", "invalid_format",
                   "format \"xml\" is not one of json, csv and ndjson");
    expect_refused("format=CSV", "invalid_format",
                   "format \"CSV\" is not one of json, csv and ndjson");
}

}  // namespace

}  // namespace dns_tools::api
