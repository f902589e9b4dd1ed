#include "api/history_export.hpp"

#include <gtest/gtest.h>

#include "api/expect.hpp"
#include "api/history.hpp"
#include "api/sample.hpp"

namespace dns_tools::api {

namespace {

using test::expect_error;
using test::parsed;
using test::sample;

std::string csv(const history::Record& record) {
    std::string body;
    append_export(HistoryFormat::csv, {&record, 1}, body);
    return body;
}

TEST(HistoryExport, head) {
    HistoryRequest asked;
    asked.format = HistoryFormat::csv;
    const Reply head = export_head(asked);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.content_type, "text/csv; charset=utf-8; header=present");
    EXPECT_EQ(head.content_disposition, "attachment; filename=\"dns-lookups.csv\"");
    EXPECT_EQ(head.vary, "");
    asked.format = HistoryFormat::ndjson;
    asked.negotiated = true;
    EXPECT_EQ(export_head(asked).content_type, "application/x-ndjson");
    EXPECT_EQ(export_head(asked).content_disposition, "");
    EXPECT_EQ(export_head(asked).vary, "Accept");
}

TEST(HistoryExport, csv_lines) {
    const std::vector<AddressRecord> addresses = {{{{192, 0, 2, 1}}, 60}, {{{192, 0, 2, 2}}, 0}};
    auto record = sample("a.example", addresses);
    EXPECT_EQ(
        csv(record),
        "01890a5d-ac96-774b-bcce-b302099a8057,2022-09-18T20:52:05.999999Z,192.0.2.7,a.example,"
        "192.0.2.1 192.0.2.2,60 0\r\n");
    record.client.reset();
    record.addresses = {};
    record.created_at = UnixMicros::max();
    EXPECT_EQ(csv(record), "01890a5d-ac96-774b-bcce-b302099a8057,,,a.example,,\r\n");
}

TEST(HistoryExport, csv_names_stand_before_the_lines) {
    std::string body;
    append_export_begin(HistoryFormat::csv, body);
    EXPECT_EQ(body, "id,created_at,client_ip,domain,addresses,ttls\r\n");
    body.clear();
    append_export_begin(HistoryFormat::ndjson, body);
    EXPECT_EQ(body, "");
}

TEST(HistoryExport, csv_of_any_text) {
    const auto field = [](std::string_view domain) {
        const auto line = csv(sample(domain, {}));
        constexpr std::string_view before =
            "01890a5d-ac96-774b-bcce-b302099a8057,2022-09-18T20:52:05.999999Z,192.0.2.7,";
        EXPECT_TRUE(line.starts_with(before) && line.ends_with(",,\r\n")) << line;
        return line.substr(before.size(), line.size() - before.size() - 4);
    };
    EXPECT_EQ(field("a b;c"), "a b;c");
    EXPECT_EQ(field("a,b"), "\"a,b\"");
    EXPECT_EQ(field("say \"a\""), "\"say \"\"a\"\"\"");
    EXPECT_EQ(field("\r\n"), "\"\r\n\"");
    EXPECT_EQ(field("\""), "\"\"\"\"");
    EXPECT_EQ(field("\xc3\xbc\xff\xc3"), "\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(field(std::string(1000, '"')), '"' + std::string(2000, '"') + '"');
    EXPECT_EQ(field(std::string(1000, '\xff')).size(), 3000u);
}

TEST(HistoryExport, longest_line_fits) {
    auto record = sample("a", {});
    record.client = IpAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    const std::vector<AddressRecord> addresses(500, {{{255, 255, 255, 255}}, 4294967295});
    record.addresses = addresses;
    EXPECT_EQ(csv(record).size(), 36u + 27 + 39 + 1 + 500 * 16 - 1 + 500 * 11 - 1 + 5 + 2);
}

TEST(HistoryExport, a_line_of_ndjson_is_an_element_of_the_array) {
    const std::vector<AddressRecord> addresses = {{{{192, 0, 2, 1}}, 60}};
    const history::Record records[] = {sample("a.example", addresses), sample("b\n\"", {})};
    std::string body;
    append_export(HistoryFormat::ndjson, records, body);
    const auto array = parsed(history({records, std::nullopt}, {}, "/").body);
    const auto end = body.find('\n');
    EXPECT_EQ(parsed(body.substr(0, end)), array[0]);
    EXPECT_EQ(parsed(body.substr(end + 1)), array[1]);
    EXPECT_EQ(std::count(body.begin(), body.end(), '\n'), 2);
}

TEST(HistoryExport, too_many) {
    expect_error(too_many_exports(), 503, "overloaded",
                 "too many exports of the history are under way");
    EXPECT_GT(too_many_exports().retry_after, 0u);
}

}  // namespace

}  // namespace dns_tools::api
