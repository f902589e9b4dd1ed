#include "api/lookup.hpp"

#include <gtest/gtest.h>

#include <random>

#include "api/expect.hpp"
#include "api/sample.hpp"

namespace dns_tools::api {

namespace {

using test::expect_error;
using test::parsed;
using test::sample;

Request get(std::string_view query) {
    return {Method::get, query, {}};
}

Request post(std::string_view body) {
    return {Method::post, {}, body};
}

std::string name_of(const Request& request) {
    const auto result = lookup_name(request);
    if (const auto* reply = std::get_if<Reply>(&result)) {
        return "error: " + reply->body;
    }
    return std::string(std::get<dns::Name>(result).text());
}

Reply refusal(const Request& request) {
    const auto result = lookup_name(request);
    EXPECT_TRUE(std::holds_alternative<Reply>(result)) << name_of(request);
    return std::holds_alternative<Reply>(result) ? std::get<Reply>(result) : Reply{};
}

std::string message_of(const Reply& reply) {
    return parsed(reply.body)["message"].get<std::string>();
}

TEST(LookupName, comes_from_the_query_or_from_a_posted_body) {
    EXPECT_EQ(name_of(get("domain=Example.COM.")), "example.com");
    EXPECT_EQ(name_of({Method::head, "domain=example.com", {}}), "example.com");
    EXPECT_EQ(name_of(post(R"({"domain":"Example.COM."})")), "example.com");
    EXPECT_EQ(name_of(get("domain=b%C3%BCcher.example")), "xn--bcher-kva.example");
    EXPECT_EQ(name_of(post(R"({"domain":"b\u00fccher.example"})")), "xn--bcher-kva.example");
}

TEST(LookupName, of_a_post_never_comes_from_the_query_nor_of_a_get_from_the_body) {
    expect_error(refusal({Method::post, "domain=a.example", "{}"}), 400, "invalid_domain",
                 "the parameter domain is missing: the body must have it as a string, "
                 "{\"domain\": \"...\"}");
    expect_error(refusal({Method::get, "", R"({"domain":"a.example"})"}), 400, "invalid_domain",
                 "the parameter domain is missing: give it in the query, ?domain=..., or POST it "
                 "in a JSON object, {\"domain\": \"...\"}");
}

TEST(LookupName, that_is_malformed_is_quoted_with_what_is_wrong) {
    using dns::NameError;
    const std::string long_label = std::string(64, 'a') + ".example";
    const std::string long_name = std::string(100, 'a') + '.' + std::string(200, 'b');
    const struct {
        std::string input;
        NameError why;
        std::string begin;
    } cases[] = {
        {"exa mple.com", NameError::bad_character, "domain \"exa mple.com\" "},
        {std::string("a\0b", 3), NameError::bad_character, "domain \"a\\x00b\" "},
        {"a..b", NameError::empty_label, "domain \"a..b\" "},
        {long_label, NameError::label_too_long, "domain \"" + long_label + "\" "},
        {"\xff.example", NameError::bad_utf8, "domain \"\\xff.example\" "},
        {"", NameError::empty, "domain "},
        {".", NameError::empty, "domain \".\" "},
    };
    for (const auto& wrong : cases) {
        std::string query = "domain=";
        for (const unsigned char byte : wrong.input) {
            char escaped[4];
            std::snprintf(escaped, sizeof escaped, "%%%02X", byte);
            query += escaped;
        }
        expect_error(refusal(get(query)), 400, "invalid_domain",
                     wrong.begin + std::string(describe(wrong.why)));
    }
    const auto message = message_of(refusal(get("domain=" + long_name)));
    EXPECT_EQ(message.find("domain \"" + std::string(80, 'a') + "...\" "), 0u) << message;
}

TEST(LookupName, an_address_has_a_code_of_its_own) {
    for (const std::string_view query : {"domain=192.0.2.1", "domain=2001:db8::1"}) {
        const Reply reply = refusal(get(query));
        expect_error(reply, 400, "ip_literal",
                     "domain \"" + std::string(query.substr(7)) + "\" " +
                         std::string(describe(dns::NameError::ip_literal)));
    }
}

TEST(LookupName, a_body_that_is_no_object_is_an_invalid_body) {
    EXPECT_EQ(parsed(refusal(post("nonsense")).body)["code"], "invalid_body");
    EXPECT_EQ(parsed(refusal(post(R"({"domain":1})")).body)["code"], "invalid_domain");
}

dns::Name name(std::string_view text) {
    return std::get<dns::Name>(dns::Name::parse(text));
}

TEST(LookupFailure, has_the_status_and_the_code_of_the_contract) {
    using dns::Result;
    const struct {
        Result result;
        int status;
        std::string_view code;
        std::string_view message;
        unsigned retry_after;
    } contract[] = {
        {Result::nxdomain, 404, "nxdomain", "domain \"a.example\" does not exist", 0},
        {Result::no_addresses, 404, "no_addresses",
         "domain \"a.example\" exists, but has no IPv4 address", 0},
        {Result::upstream_failure, 502, "upstream_failure",
         "domain \"a.example\" could not be resolved: no upstream DNS server gave a usable answer",
         0},
        {Result::upstream_timeout, 504, "upstream_timeout",
         "domain \"a.example\" could not be resolved: no upstream DNS server answered in time", 0},
        {Result::overloaded, 503, "overloaded",
         "domain \"a.example\" was not looked up: too many lookups are in flight", 1},
    };
    for (const auto& expected : contract) {
        dns::Answer answer;
        answer.result = expected.result;
        const Reply reply = lookup_failure(name("a.example"), answer);
        expect_error(reply, expected.status, expected.code, expected.message);
        EXPECT_EQ(reply.retry_after, expected.retry_after);
    }
}

TEST(LookupFailure, tells_what_the_last_upstream_did) {
    dns::Answer answer;
    answer.result = dns::Result::upstream_failure;
    answer.detail = "SERVFAIL from 192.0.2.53:53";
    expect_error(lookup_failure(name("a.example"), answer), 502, "upstream_failure",
                 "domain \"a.example\" could not be resolved: no upstream DNS server gave a usable "
                 "answer (SERVFAIL from 192.0.2.53:53)");
}

TEST(LookupFailure, an_answer_with_addresses_is_none) {
    dns::Answer answer;
    answer.result = dns::Result::ok;
    EXPECT_EQ(lookup_failure(name("a.example"), answer).status, 500);
}

TEST(LookupFailure, a_full_queue) {
    const Reply reply = queue_full();
    expect_error(reply, 503, "overloaded", "too many lookups wait to be saved in the history");
    EXPECT_EQ(reply.retry_after, 1u);
}

/// The body, written into memory of exactly the bound with guards behind it.
std::string body_of(const Lookup& lookup) {
    constexpr char guard = '\x5a';
    const auto bound = lookup_body_bound(lookup);
    std::string memory(bound + 64, guard);
    const char* end = write_lookup(lookup, memory.data());
    const auto size = static_cast<std::size_t>(end - memory.data());
    EXPECT_LE(size, bound);
    EXPECT_EQ(memory.substr(bound), std::string(64, guard));
    return memory.substr(0, size);
}

TEST(LookupBody, has_the_five_members_and_the_source) {
    const std::vector<AddressRecord> addresses = {{{{93, 184, 216, 34}}, 300},
                                                  {{{255, 255, 255, 255}}, 4294967295}};
    const auto record = sample("example.com", addresses);
    const dns::Answer answer;
    EXPECT_EQ(body_of({record, answer, dns::Source::upstream}),
              R"({"id":"01890a5d-ac96-774b-bcce-b302099a8057","domain":"example.com",)"
              R"("client_ip":"192.0.2.7","created_at":1663534325,"addresses":[)"
              R"({"ip":"93.184.216.34","ttl":300},{"ip":"255.255.255.255","ttl":4294967295}],)"
              R"("source":"upstream"})");
}

TEST(LookupBody, tells_the_cnames_when_there_are_any) {
    const std::vector<AddressRecord> addresses = {{{{192, 0, 2, 1}}, 60}};
    const auto record = sample("www.example", addresses);
    dns::Answer answer;
    answer.cnames = {"a.example", "b\"\x01\xff.example"};
    const auto json = parsed(body_of({record, answer, dns::Source::coalesced}));
    EXPECT_EQ(json["cnames"], nlohmann::ordered_json({"a.example", "b\"\x01\xef\xbf\xbd.example"}));
    EXPECT_EQ(json["source"], word(dns::Source::coalesced));
    EXPECT_EQ(json.size(), 7u);
}

TEST(LookupBody, a_client_over_a_unix_socket_is_null_and_over_ipv6_is_text) {
    const std::vector<AddressRecord> addresses = {{{{127, 0, 0, 1}}, 0}};
    auto record = sample("localhost", addresses);
    const dns::Answer answer;
    record.client.reset();
    EXPECT_TRUE(parsed(body_of({record, answer, dns::Source::local}))["client_ip"].is_null());
    record.client = IpAddress::parse("2001:db8::1");
    EXPECT_EQ(parsed(body_of({record, answer, dns::Source::local}))["client_ip"], "2001:db8::1");
}

TEST(LookupBody, an_instant_before_1970_is_rounded_down) {
    auto record = sample("a", {});
    record.created_at = UnixMicros(std::chrono::microseconds(-1));
    EXPECT_EQ(parsed(body_of({record, {}, dns::Source::local}))["created_at"], -1);
}

// The largest of everything a body is made of.
TEST(LookupBody, stays_in_its_bound_at_the_limits) {
    const std::string domain(253, '\x01');
    const std::vector<AddressRecord> addresses(300, {{{255, 255, 255, 255}}, 4294967295});
    auto record = sample(domain, addresses);
    record.client = IpAddress::parse("1111:2222:3333:4444:5555:6666:7777:8888");
    record.created_at = UnixMicros::min();
    dns::Answer answer;
    answer.cnames.assign(16, domain);
    const auto json = parsed(body_of({record, answer, dns::Source::coalesced}));
    EXPECT_EQ(json["addresses"].size(), 300u);
    EXPECT_EQ(json["domain"], domain);
}

TEST(NotKept, says_why_and_when_to_come_again) {
    using Why = history::KeepFailure;
    expect_error(not_kept(Why::refused), 500, "lookup_refused",
                 "the database refuses to save this lookup");
    EXPECT_EQ(not_kept(Why::refused).retry_after, 0U);
    expect_error(not_kept(Why::late), 503, "database_unavailable",
                 "the database has not saved this lookup in time");
    expect_error(not_kept(Why::unsafe), 503, "journal_unavailable",
                 "the journal could not be written to the disk with this lookup");
    EXPECT_GT(not_kept(Why::late).retry_after, 0U);
    EXPECT_GT(not_kept(Why::unsafe).retry_after, 0U);
}

TEST(LookupBody, of_any_record_is_json_and_stays_in_its_bound) {
    std::mt19937_64 random(7);
    const auto text = [&] {
        std::string bytes(random() % 254, '\0');
        for (auto& byte : bytes) {
            byte = static_cast<char>(random());
        }
        return bytes;
    };
    for (int round = 0; round < 2'000; ++round) {
        const auto domain = text();
        std::vector<AddressRecord> addresses(random() % 5);
        for (auto& address : addresses) {
            for (auto& byte : address.address.bytes) {
                byte = static_cast<std::uint8_t>(random());
            }
            address.ttl = static_cast<std::uint32_t>(random() >> (random() % 64));
        }
        auto record = sample(domain, addresses);
        record.created_at = UnixMicros(std::chrono::microseconds(static_cast<long>(random())));
        if (random() % 3 == 0) {
            std::array<std::uint8_t, 16> client{};
            for (auto& byte : client) {
                byte = static_cast<std::uint8_t>(random() >> (random() % 64));
            }
            record.client = IpAddress(client);
        }
        dns::Answer answer;
        answer.cnames.resize(random() % 3);
        for (auto& cname : answer.cnames) {
            cname = text();
        }
        const auto json = parsed(body_of({record, answer, dns::Source::upstream}));
        ASSERT_EQ(json["addresses"].size(), addresses.size());
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            ASSERT_EQ(json["addresses"][i]["ip"], addresses[i].address.text());
            ASSERT_EQ(json["addresses"][i]["ttl"], addresses[i].ttl);
        }
        ASSERT_EQ(json.contains("cnames"), !answer.cnames.empty());
    }
}

}  // namespace

}  // namespace dns_tools::api
