#include "history/read_statement.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace dns_tools::history::test {
namespace {

/// Asks how the server would run a statement, with its parameters, as the reader sends them.
class Planner final : private PgConnection::Owner {
public:
    Planner(PollLoop& loop, HostLookup& hosts, const std::string& conninfo)
        : loop_(loop), connection_(loop, hosts, *this, conninfo) {
        connection_.connect(std::chrono::seconds(10));
        EXPECT_TRUE(eventually(loop_, [this] { return connected_; })) << plan_;
    }

    std::string explain(const HistoryQuery& query) {
        const ReadStatement read(query);
        const auto statement = read.statement();
        const std::string sql = std::string("EXPLAIN ") + statement.sql;
        const PgStatement explained{sql.c_str(), statement.parameters};
        done_ = false;
        plan_.clear();
        connection_.send({&explained, 1});
        EXPECT_TRUE(eventually(loop_, [this] { return done_; }));
        return plan_;
    }

private:
    void connected() override { connected_ = true; }
    void disconnected(const PgError& error) override { plan_ = error.text; }
    void completed(const PgError* error, const PgRows& rows) override {
        plan_ = error != nullptr ? error->text : "";
        for (int row = 0; row < rows.size(); ++row) {
            plan_.append(*rows.value(row, 0)).append("\n");
        }
        done_ = true;
    }
    void notice(std::string_view) noexcept override {}

    PollLoop& loop_;
    PgConnection connection_;
    bool connected_ = false;
    bool done_ = false;
    std::string plan_;
};

/// A table of 50,000 rows with the indexes that the documentation offers for the filters.
class ReadStatementTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        database = Postgres::shared().make_database();
        Sql(Postgres::shared().conninfo(database))
            .run(
                "CREATE TABLE dns_lookups (id uuid PRIMARY KEY, created_at timestamptz NOT NULL,"
                " client_ip inet, domain text NOT NULL, addresses inet[] NOT NULL,"
                " ttls integer[] NOT NULL) WITH (autovacuum_enabled = off);"
                "INSERT INTO dns_lookups"
                " SELECT (lpad(to_hex(1700000000000 + n * 1000), 12, '0') ||"
                "   '70008000' || lpad(to_hex(n), 12, '0'))::uuid,"
                "  to_timestamp(1700000000 + n),"
                "  CASE WHEN n % 100 = 0 THEN '192.0.2.7' ELSE '10.0.0.0'::inet + n % 20000 END,"
                "  'h' || n || '.zone' || n % 5000 || '.example',"
                "  ARRAY['198.18.0.0'::inet + n % 10000], '{60}'"
                " FROM generate_series(1, 50000) AS t(n);"
                "CREATE INDEX dns_lookups_domain ON dns_lookups (domain, id);"
                "CREATE INDEX dns_lookups_below ON dns_lookups (reverse(domain) text_pattern_ops);"
                "CREATE INDEX dns_lookups_client ON dns_lookups (client_ip, id);"
                "CREATE INDEX dns_lookups_addresses ON dns_lookups USING gin (addresses);"
                // A sample of 100 values takes a rare one that it happens to hold for one percent
                // of the table.
                "SET default_statistics_target = 1000;"
                "ANALYZE dns_lookups");
    }

    std::string plan(const HistoryQuery& query) { return planner.explain(query); }

    static inline std::string database;
    PollLoop loop;
    FakeHosts hosts{loop};
    Planner planner{loop, hosts, Postgres::shared().conninfo(database)};
};

void expect_index(const std::string& plan, const std::string& index) {
    EXPECT_NE(plan.find(index), std::string::npos) << plan;
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
}

UnixMicros at(std::int64_t seconds) {
    return UnixMicros(std::chrono::seconds(seconds));
}

TEST_F(ReadStatementTest, TheLatestAndTimeNeedOnlyThePrimaryKey) {
    HistoryQuery query;
    const auto expect_key = [&] {
        const auto text = plan(query);
        expect_index(text, "Index Scan Backward using dns_lookups_pkey");
        EXPECT_EQ(text.find("Filter"), std::string::npos) << text;
        EXPECT_EQ(text.find("Sort"), std::string::npos) << text;
    };
    expect_key();
    query.before = first_uuid_at(at(1'700'025'000));
    expect_key();
    query.from = at(1'700'010'000);
    query.until = at(1'700'011'000);
    expect_key();
}

TEST_F(ReadStatementTest, OneDomainComesInOrderOutOfItsIndex) {
    HistoryQuery query;
    query.domain = {"h123.zone123.example", false};
    query.from = at(1'700'000'000);
    const auto text = plan(query);
    expect_index(text, "Index Scan Backward using dns_lookups_domain");
    EXPECT_EQ(text.find("Sort"), std::string::npos) << text;
}

TEST_F(ReadStatementTest, DomainsBelowAnotherHaveAnIndex) {
    HistoryQuery query;
    query.domain = {"zone123.example", true};
    expect_index(plan(query), "dns_lookups_below");
}

TEST_F(ReadStatementTest, OneClientComesInOrderOutOfItsIndex) {
    HistoryQuery query;
    query.client = *IpNetwork::parse("192.0.2.7");
    const auto text = plan(query);
    expect_index(text, "Index Scan Backward using dns_lookups_client");
    EXPECT_EQ(text.find("Sort"), std::string::npos) << text;
}

TEST_F(ReadStatementTest, NetworksUseTheSameIndex) {
    HistoryQuery query;
    query.client = *IpNetwork::parse("10.0.12.16/28");
    expect_index(plan(query), "dns_lookups_client");
}

TEST_F(ReadStatementTest, AnAddressHasAnIndex) {
    HistoryQuery query;
    query.address = IpAddress::parse("198.18.1.1");
    expect_index(plan(query), "dns_lookups_addresses");
}

TEST(ReadStatementText, NothingOfTheQueryIsPartOfIt) {
    HistoryQuery query;
    query.limit = 77;
    query.before = Uuid::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    query.from = at(1'700'000'000);
    query.until = at(1'700'000'001);
    query.domain = {"'; DROP TABLE dns_lookups", true};
    query.client = *IpNetwork::parse("192.0.2.0/24");
    query.address = IpAddress::parse("2001:db8::1");
    const ReadStatement read(query);
    const auto statement = read.statement();
    EXPECT_EQ(statement.parameters.size(), 7U);
    const std::string_view sql = statement.sql;
    for (const std::string_view text : {"DROP", "77", "017f", "192", "2001"}) {
        EXPECT_EQ(sql.find(text), sql.npos) << sql;
    }
}

}  // namespace
}  // namespace dns_tools::history::test
