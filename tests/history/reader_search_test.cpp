#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "reader_fixture.hpp"

namespace dns_tools::history::test {
namespace {

constexpr std::int64_t first_instant = 1'700'000'000'000'000;  // in microseconds

/// A record that owns its text.
struct Lookup {
    Uuid id;
    UnixMicros created_at;
    std::optional<IpAddress> client;
    std::string domain;
    std::vector<AddressRecord> addresses;

    Record record() const { return {id, created_at, client, domain, addresses}; }
};

bool is_in(const IpAddress& address, const IpNetwork& network) {
    return address.size() == network.address().size() &&
           IpNetwork(address, network.prefix()) == network;
}

bool matches(const Lookup& lookup, const DomainFilter& filter) {
    return filter.below ? lookup.domain.ends_with('.' + filter.name) : lookup.domain == filter.name;
}

bool matches(const Lookup& lookup, const HistoryQuery& query) {
    const auto returned = [&](const AddressRecord& address) {
        return IpAddress(address.address) == *query.address;
    };
    return (!query.before || lookup.id < *query.before) &&
           (!query.from || lookup.created_at >= *query.from) &&
           (!query.until || lookup.created_at < *query.until) &&
           (!query.domain || matches(lookup, *query.domain)) &&
           (!query.client || (lookup.client && is_in(*lookup.client, *query.client))) &&
           (!query.address ||
            std::any_of(lookup.addresses.begin(), lookup.addresses.end(), returned));
}

class ReaderSearchTest : public ReaderTest {
protected:
    template <typename T>
    const T& any_of(const std::vector<T>& values) {
        return values[choose(values.size())];
    }
    std::size_t choose(std::size_t count) { return dice() % count; }

    /// Lookups in order, of few domains, clients, addresses and instants.
    void fill_with_variety(std::size_t count) {
        make_table();
        Random bits;
        UuidV7Generator ids(bits);
        std::int64_t nanos = first_instant * 1000;
        for (std::size_t i = 0; i < count; ++i) {
            nanos += static_cast<std::int64_t>(choose(4)) * 400;
            const Stamp stamp = ids.next(
                std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(nanos)));
            Lookup lookup{stamp.id, stamp.created_at, any_of(clients), any_of(domains), {}};
            for (std::size_t n = choose(3); n > 0; --n) {
                lookup.addresses.push_back({any_of(addresses), 60});
            }
            append(lookup.record());
            lookups.push_back(std::move(lookup));
        }
        ASSERT_TRUE(wait_written());
    }

    UnixMicros any_instant() { return any_of(lookups).created_at + std::chrono::microseconds(1); }

    HistoryQuery any_query() {
        HistoryQuery query;
        query.limit = 1 + static_cast<unsigned>(choose(400));
        const auto restricts = [this] { return choose(3) == 0; };
        if (restricts()) {
            query.before = any_of(lookups).id;
        }
        if (restricts()) {
            query.from = any_instant();
        }
        if (restricts()) {
            query.until = any_instant();
        }
        if (restricts()) {
            query.domain = {any_of(domains), restricts()};
        }
        if (restricts()) {
            query.client = *IpNetwork::parse(any_of(networks));
        }
        if (restricts()) {
            query.address = IpAddress(any_of(addresses));
        }
        return query;
    }

    /// What the query finds among the lookups of this test.
    std::vector<std::string> expected(const HistoryQuery& query) const {
        std::vector<std::string> ids;
        for (auto lookup = lookups.rbegin(); lookup != lookups.rend(); ++lookup) {
            if (matches(*lookup, query) && ids.size() < query.limit) {
                ids.push_back(lookup->id.text());
            }
        }
        return ids;
    }

    void read(const HistoryQuery& query, Answer& answer) {
        reader->read(query, answer);
        ASSERT_TRUE(wait(answer));
        ASSERT_EQ(answer.error, "");
    }

    static std::vector<std::string> ids(const Answer& answer) {
        std::vector<std::string> ids;
        for (const auto& row : answer.got) {
            ids.push_back(row.id);
        }
        return ids;
    }

    const unsigned seed = std::random_device()();
    std::mt19937 dice{seed};
    std::vector<Lookup> lookups;
    const std::vector<std::string> domains = {
        "example.com", "www.example.com",      "a.b.example.com", "notexample.com", "example.com.x",
        "com",         "xn--bcher-kva.example"};
    const std::vector<std::optional<IpAddress>> clients = {std::nullopt,
                                                           IpAddress::parse("192.0.2.7"),
                                                           IpAddress::parse("192.0.2.77"),
                                                           IpAddress::parse("198.51.100.1"),
                                                           IpAddress::parse("2001:db8::7"),
                                                           IpAddress::parse("2001:db8:0:1::")};
    const std::vector<std::string> networks = {"192.0.2.7",     "192.0.2.0/24",  "192.0.2.0/26",
                                               "0.0.0.0/0",     "::/0",          "2001:db8::7",
                                               "2001:db8::/64", "2001:db8::/32", "203.0.113.0/24"};
    const std::vector<Ipv4Address> addresses = {
        {{192, 0, 2, 1}}, {{192, 0, 2, 2}}, {{203, 0, 113, 255}}, {{0, 0, 0, 0}}};
};

TEST_F(ReaderSearchTest, FindsWhatAModelFinds) {
    fill_with_variety(300);
    open();
    std::size_t found = 0;
    for (int round = 0; round < 300; ++round) {
        const HistoryQuery query = any_query();
        Answer answer;
        read(query, answer);
        ASSERT_EQ(ids(answer), expected(query)) << "seed " << seed << ", round " << round;
        found += answer.got.size();
    }
    EXPECT_GT(found, 1000U);
}

TEST_F(ReaderSearchTest, PagesShowEachRowOnceWhileOthersAreAdded) {
    fill_with_variety(100);
    open();
    HistoryQuery query;
    query.limit = 7;
    query.client = *IpNetwork::parse("0.0.0.0/0");
    auto all = query;
    all.limit = 1000;
    const auto whole = expected(all);
    std::vector<std::string> seen;
    for (;;) {
        Answer answer;
        read(query, answer);
        const auto page = ids(answer);
        seen.insert(seen.end(), page.begin(), page.end());
        if (!answer.next) {
            break;
        }
        ASSERT_EQ(page.size(), 7U);
        ASSERT_EQ(answer.next->text(), page.back());
        query.before = answer.next;
        append(20);
        ASSERT_TRUE(wait_written());
    }
    EXPECT_EQ(seen, whole);
}

TEST_F(ReaderSearchTest, SaysWhetherThereIsMore) {
    fill(5);
    open();
    for (const unsigned limit : {1U, 4U, 5U, 6U}) {
        Answer answer;
        latest(limit, answer);
        ASSERT_TRUE(wait(answer));
        EXPECT_EQ(answer.next.has_value(), limit < 5) << limit;
    }
}

TEST_F(ReaderSearchTest, PagesGoOverRowsThatAreLeftOut) {
    sql().run(
        "CREATE TABLE dns_lookups (id uuid, created_at timestamptz, client_ip inet, domain text,"
        " addresses inet[], ttls integer[]);"
        "INSERT INTO dns_lookups SELECT NULL, now(), NULL, 'no.id', '{}', '{}'"
        " FROM generate_series(1, 5);"
        "INSERT INTO dns_lookups"
        " SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid,"
        "  CASE WHEN n % 3 = 0 THEN now() ELSE 'infinity' END, NULL, 'n' || n, '{}', '{}'"
        " FROM generate_series(1, 9) AS t(n)");
    open();
    HistoryQuery query;
    query.limit = 2;
    std::string seen;
    int pages = 0;
    do {
        Answer answer;
        read(query, answer);
        for (const auto& row : answer.got) {
            seen += row.domain + ' ';
        }
        query.before = answer.next;
        ASSERT_LE(++pages, 5);
    } while (query.before);
    EXPECT_EQ(seen, "n9 n6 n3 ");
    EXPECT_EQ(pages, 5);
}

TEST_F(ReaderSearchTest, TheServerGivesUpByItself) {
    fill(3);
    writer.reset();
    reader_options.read_deadline = 300ms;
    open();
    Sql other = sql();
    other.run("BEGIN; LOCK TABLE dns_lookups");
    HistoryQuery query;
    query.domain = {"example.com", false};
    Answer answers[4];
    for (Answer& answer : answers) {
        reader->read(query, answer);
    }
    for (Answer& answer : answers) {
        ASSERT_TRUE(wait(answer));
        EXPECT_EQ(answer.failure, ReadFailure::too_slow) << answer.error;
    }
    EXPECT_NE(answers[0].error.find("57014"), std::string::npos) << answers[0].error;
    EXPECT_NE(answers[3].error.find("before it"), std::string::npos) << answers[3].error;
    // Nobody is left who waits for the lock, and the connection is still of use.
    EXPECT_EQ(other.number("SELECT count(*) FROM pg_locks WHERE NOT granted"), 0U);
    other.run("ROLLBACK");
    Answer after;
    read(query, after);
    EXPECT_EQ(after.got.size(), 3U);
    EXPECT_EQ(
        other.number("SELECT count(*) FROM pg_stat_activity"
                     " WHERE application_name = 'dns-tools' AND datname = current_database()"),
        1U);
}

TEST_F(ReaderSearchTest, TheLimitOfTimeHoldsForPlainReadsToo) {
    fill(3);
    reader_options.read_deadline = 300ms;
    sql().run(
        "ALTER TABLE dns_lookups RENAME TO real_lookups;"
        "CREATE VIEW dns_lookups AS SELECT *, current_setting('statement_timeout') AS seen"
        " FROM real_lookups WHERE current_setting('statement_timeout') = '270ms'");
    open();
    Answer answer;
    latest(10, answer);
    ASSERT_TRUE(wait(answer));
    EXPECT_EQ(answer.got.size(), 3U) << answer.error;
}

}  // namespace
}  // namespace dns_tools::history::test
