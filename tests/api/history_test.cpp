#include "api/history.hpp"

#include <gtest/gtest.h>

#include "api/expect.hpp"
#include "api/lookup.hpp"
#include "api/sample.hpp"

namespace dns_tools::api {

namespace {

using test::expect_error;
using test::parsed;
using test::sample;

std::variant<unsigned, Reply> limit(std::string_view query) {
    return history_limit({Method::get, query, {}});
}

TEST(HistoryLimit, is_20_unless_asked_otherwise) {
    EXPECT_EQ(std::get<unsigned>(limit("")), 20u);
    EXPECT_EQ(std::get<unsigned>(limit("x=5")), 20u);
    EXPECT_EQ(std::get<unsigned>(limit("limit=1")), 1u);
    EXPECT_EQ(std::get<unsigned>(limit("limit=1000")), 1000u);
    EXPECT_EQ(std::get<unsigned>(limit("limit=%31%30")), 10u);
}

TEST(HistoryLimit, refuses_what_is_no_number_from_1_to_1000) {
    for (const std::string_view text : {"", "0", "1001", "-1", "1.5", "1e2", "0x10", "ten", "5x",
                                        "4294967297", "99999999999999999999"}) {
        const auto result = limit("limit=" + std::string(text));
        ASSERT_TRUE(std::holds_alternative<Reply>(result)) << text;
        expect_error(std::get<Reply>(result), 400, "invalid_limit",
                     "limit \"" + std::string(text) + "\" is not a whole number from 1 to 1000");
    }
    // A plus is a space in a query.
    EXPECT_TRUE(std::holds_alternative<Reply>(limit("limit=+5")));
    EXPECT_TRUE(std::holds_alternative<Reply>(limit("limit=5%00")));
}

TEST(History, of_nothing_is_an_empty_array) {
    const Reply reply = history({});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "[]");
}

TEST(History, holds_the_five_members_in_the_order_given) {
    const std::vector<AddressRecord> addresses = {{{{93, 184, 216, 34}}, 300}};
    history::Record records[] = {sample("b.example", addresses), sample("a.example", {})};
    records[1].client.reset();
    const Reply reply = history(records);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, R"([{"id":"01890a5d-ac96-774b-bcce-b302099a8057","domain":"b.example",)"
                          R"("client_ip":"192.0.2.7","created_at":1663534325,"addresses":[)"
                          R"({"ip":"93.184.216.34","ttl":300}]},)"
                          R"({"id":"01890a5d-ac96-774b-bcce-b302099a8057","domain":"a.example",)"
                          R"("client_ip":null,"created_at":1663534325,"addresses":[]}])");
}

TEST(History, shows_the_members_of_the_answer_unchanged) {
    const std::vector<AddressRecord> addresses = {{{{192, 0, 2, 1}}, 60}, {{{192, 0, 2, 2}}, 5}};
    const auto record = sample("a.example", addresses);
    const dns::Answer answer;
    const Lookup lookup{record, answer, dns::Source::upstream};
    std::string body(lookup_body_bound(lookup), '\0');
    const char* end = write_lookup(lookup, body.data());
    auto answered = parsed({body.data(), end});
    answered.erase("source");
    EXPECT_EQ(parsed(history({&record, 1}).body)[0], answered);
}

TEST(History, rows_that_others_wrote_may_hold_any_text) {
    const std::string domain("a\0\"\\\n\xff</script>", 15);
    std::vector<history::Record> records(1000, sample(domain, {}));
    const auto json = parsed(history(records).body);
    ASSERT_EQ(json.size(), 1000u);
    EXPECT_EQ(json[999]["domain"], std::string("a\0\"\\\n\xef\xbf\xbd</script>", 17));
}

TEST(History, disabled_and_unavailable) {
    expect_error(history_disabled(), 503, "history_disabled",
                 "lookups are not saved here: no database is configured (dns_tools_database)");
    EXPECT_EQ(history_disabled().retry_after, 0u);
    expect_error(history_unavailable(), 503, "database_unavailable",
                 "the database of saved lookups did not answer");
    EXPECT_GT(history_unavailable().retry_after, 0u);
}

}  // namespace

}  // namespace dns_tools::api
