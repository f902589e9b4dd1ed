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

Reply history(std::span<const history::Record> records) {
    return api::history({records, std::nullopt}, {}, "/history");
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

TEST(History, tells_where_the_next_page_is) {
    const auto record = sample("a.example", {});
    const std::span<const history::Record> records(&record, 1);
    EXPECT_EQ(history(records).link, "");
    const Reply reply = api::history({records, record.id}, {}, "/history?limit=1");
    EXPECT_EQ(reply.link,
              "</history?limit=1&cursor=01890a5d-ac96-774b-bcce-b302099a8057>; rel=\"next\"");
    EXPECT_EQ(reply.body, history(records).body);
}

TEST(History, says_that_accept_has_decided) {
    HistoryRequest asked;
    EXPECT_EQ(api::history({}, asked, "/").vary, "");
    asked.negotiated = true;
    EXPECT_EQ(api::history({}, asked, "/").vary, "Accept");
    EXPECT_EQ(api::history({}, asked, "/").content_type, "application/json");
}

TEST(History, disabled_and_unavailable) {
    using history::ReadFailure;
    expect_error(history_disabled(), 503, "history_disabled",
                 "lookups are not saved here: no database is configured (dns_tools_database)");
    EXPECT_EQ(history_disabled().retry_after, 0u);

    HistoryRequest plain;
    HistoryRequest search;
    search.query.domain = {"a.example", false};
    for (const Reply& reply : {history_failure(plain, ReadFailure::unavailable),
                               history_failure(search, ReadFailure::unavailable),
                               history_failure(plain, ReadFailure::too_slow)}) {
        expect_error(reply, 503, "database_unavailable",
                     "the database of saved lookups did not answer");
        EXPECT_GT(reply.retry_after, 0u);
    }
    const Reply slow = history_failure(search, ReadFailure::too_slow);
    expect_error(slow, 504, "search_timeout",
                 "the search took too long: give it a shorter time with from and until, or the "
                 "database an index for it");
    EXPECT_EQ(slow.retry_after, 0u);
}

}  // namespace

}  // namespace dns_tools::api
