#include "history/writer.hpp"

#include <gtest/gtest.h>

#include "writer_fixture.hpp"

namespace dns_tools::history::test {
namespace {

using Status = DatabaseState::Status;

TEST_F(WriterTest, WritesWhatTheRecordHolds) {
    start();
    EXPECT_TRUE(is(Status::connecting));
    auto record = maker.make("example.com");
    append(record);
    maker.client = IpAddress::parse("2001:db8::7");
    maker.addresses = {{Ipv4Address{{255, 255, 255, 255}}, 4'294'967'295U}};
    append(maker.make("xn--bcher-kva.example"));
    maker.client.reset();
    maker.addresses.clear();
    append(maker.make("nothing.example"));
    ASSERT_TRUE(wait_written());

    const auto found = sql().run(
        "SELECT id, (extract(epoch FROM created_at) * 1000000)::bigint, client_ip, domain,"
        " addresses, ttls FROM dns_lookups ORDER BY id");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0],
              (std::vector<std::string>{
                  record.id.text(), std::to_string(record.created_at.time_since_epoch().count()),
                  "192.0.2.7", "example.com", "{192.0.2.1,198.51.100.255}", "{300,0}"}));
    EXPECT_EQ(found[1][2], "2001:db8::7");
    EXPECT_EQ(found[1][3], "xn--bcher-kva.example");
    EXPECT_EQ(found[1][4], "{255.255.255.255}");
    EXPECT_EQ(found[1][5], "{2147483647}");
    EXPECT_EQ(found[2][2], "");
    EXPECT_EQ(found[2][4], "{}");

    const auto flat =
        sql().run("SELECT domain, ip, ttl FROM dns_lookup_addresses ORDER BY id, position");
    ASSERT_EQ(flat.size(), 3U);
    EXPECT_EQ(flat[1], (std::vector<std::string>{"example.com", "198.51.100.255", "0"}));
    EXPECT_EQ(diary.written, 3U);
    EXPECT_EQ(diary.ups, 1);
    EXPECT_TRUE(diary.downs.empty());
}

TEST_F(WriterTest, WritesTenThousandOnceEach) {
    start();
    std::set<std::string> ids;
    for (int burst = 0; burst < 100; ++burst) {
        for (int i = 0; i < 100; ++i) {
            const auto record = maker.make();
            ids.insert(record.id.text());
            append(record);
        }
        loop.run_for(1ms);
    }
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(diary.written, 10'000U);
    std::set<std::string> found;
    for (const auto& row : sql().run("SELECT id FROM dns_lookups")) {
        found.insert(row[0]);
    }
    EXPECT_EQ(found, ids);
}

TEST_F(WriterTest, TellsOfBatchesAndOfTheQueue) {
    options.batch_rows = 10;
    make();
    for (int i = 0; i < 25; ++i) {
        ASSERT_TRUE(queue.append(queue.reserve(), maker.make()));
    }
    writer->start();
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(diary.batches.size(), 3U);
    for (const auto took : diary.batches) {
        EXPECT_GT(took, 0ns);
        EXPECT_LT(took, 20s);
    }
    EXPECT_GE(diary.acknowledgements, 1);
    EXPECT_LE(diary.acknowledgements, 3);
}

TEST_F(WriterTest, SendsAtOnceAfterAPauseAndFullBatchesAlways) {
    options.linger = 10min;
    start();
    ASSERT_TRUE(wait_up());
    append(1);
    ASSERT_TRUE(wait_written());
    append(3);
    loop.run_for(100ms);
    EXPECT_EQ(queue.pending(), 3U) << "so soon after a batch, a small one waits for more";
    append(options.batch_rows - 3);
    EXPECT_TRUE(wait_written());
}

TEST_F(WriterTest, KeepsNothingWaitingLongerThanItLingers) {
    start();
    ASSERT_TRUE(wait_up());
    for (int i = 0; i < 20; ++i) {
        append(1);
        ASSERT_TRUE(wait_written(1s));
    }
}

TEST_F(WriterTest, GathersWhatComesInOneTurn) {
    start();
    ASSERT_TRUE(wait_up());
    sql().run("ALTER DATABASE " + database + " SET log_statement = 'all'");
    sql().run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'dns-tools'");
    ASSERT_TRUE(wait_down());
    ASSERT_TRUE(wait_up());
    const auto before = postgres.count_logged(database, "INSERT INTO dns_lookups");
    append(200);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(postgres.count_logged(database, "INSERT INTO dns_lookups") - before, 1U);
}

TEST_F(WriterTest, HasNoTimerWhenIdle) {
    start();
    append(1'000);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(loop.armed_timers(), 0U);
    EXPECT_FALSE(loop.holds_exit());
}

TEST_F(WriterTest, WritesRecordsOfFourThousandAddresses) {
    maker.addresses.clear();
    for (unsigned i = 0; i < 4'000; ++i) {
        maker.addresses.push_back({Ipv4Address{{198, 51, static_cast<std::uint8_t>(i >> 8),
                                                static_cast<std::uint8_t>(i)}},
                                   i});
    }
    start();
    append(100);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(sql().value("SELECT count(*) FROM dns_lookups WHERE cardinality(addresses) = 4000"
                          " AND addresses[4000] = '198.51.15.159' AND ttls[4000] = 3999"),
              "100");
}

TEST_F(WriterTest, KeepsBatchesWithinTheirBytes) {
    maker.addresses.resize(1'000);
    options.batch_bytes = 20'000;  // two records
    start();
    ASSERT_TRUE(wait_up());
    sql().run(
        "CREATE TABLE sizes (rows bigint);"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO sizes SELECT count(*) FROM new_rows; RETURN NULL; END $$;"
        "CREATE TRIGGER note AFTER INSERT ON dns_lookups REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION note()");
    append(20);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(sql().value("SELECT max(rows) || ' ' || sum(rows) FROM sizes"), "2 20");
}

TEST_F(WriterTest, LeavesOutOnlyTheRowThatIsRefused) {
    start();
    ASSERT_TRUE(wait_up());
    sql().run("ALTER TABLE dns_lookups ADD CHECK (domain <> 'poison.example')");
    std::vector<Uuid> refused;
    for (int i = 0; i < 1'000; ++i) {
        const bool constrained = i == 377 || i == 999;
        const bool invalid = i == 378 || i == 0;
        const auto record = maker.make(constrained ? "poison.example"
                                       : invalid   ? std::string_view("bad\xff.example")
                                                   : "example.com");
        if (constrained || invalid) {
            refused.push_back(record.id);
        }
        append(record);
    }
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 996U);
    EXPECT_EQ(diary.written, 996U);
    ASSERT_EQ(diary.rejected.size(), refused.size());
    std::set<Uuid> told;
    for (const auto& [id, why] : diary.rejected) {
        told.insert(id);
        EXPECT_TRUE(why.find("23514") != why.npos || why.find("22021") != why.npos) << why;
    }
    EXPECT_EQ(told, std::set<Uuid>(refused.begin(), refused.end()));
    EXPECT_TRUE(is(Status::up));
    EXPECT_TRUE(diary.downs.empty());
}

TEST_F(WriterTest, KeepsWhatADeadlockOrAFullDiskRefuses) {
    start();
    ASSERT_TRUE(wait_up());
    const std::string session =
        "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity"
        " WHERE application_name = 'dns-tools' AND datname = current_database()";
    const auto before = sql().value(session);
    sql().run(
        "CREATE SEQUENCE attempts;"
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('attempts') <= 3 THEN RAISE 'full' USING ERRCODE = '53100'; END IF;"
        " RETURN NULL; END $$;"
        "CREATE TRIGGER refuse AFTER INSERT ON dns_lookups EXECUTE FUNCTION refuse()");
    append(1'000);
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("full (SQLSTATE 53100)"), std::string::npos) << reason();
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 1'000U);
    EXPECT_TRUE(is(Status::up));
    EXPECT_EQ(sql().value(session), before) << "no reason to connect again";
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(WriterTest, HandsOnNotices) {
    start();
    ASSERT_TRUE(wait_up());
    EXPECT_TRUE(diary.notices.empty());
    sql().run(
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE NOTICE E'so it is\\nand more'; RETURN NULL; END $$;"
        "CREATE TRIGGER tell AFTER INSERT ON dns_lookups EXECUTE FUNCTION tell()");
    append(1);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(diary.notices, std::vector<std::string>{"so it is"});
}

TEST_F(WriterTest, DrainsAndCloses) {
    start();
    ASSERT_TRUE(wait_up());
    append(5'000);
    writer->drain(30s);
    EXPECT_TRUE(loop.holds_exit());
    ASSERT_TRUE(eventually(loop, [this] { return !loop.holds_exit(); }));
    EXPECT_EQ(queue.pending(), 0U);
    EXPECT_EQ(rows(), 5'000U);
    EXPECT_EQ(loop.armed_timers(), 0U);
    EXPECT_TRUE(eventually(loop, [this] {
        return sql().value(
                   "SELECT count(*) FROM pg_stat_activity"
                   " WHERE application_name = 'dns-tools'") == "0";
    }));

    append(2);
    EXPECT_TRUE(loop.holds_exit()) << "appended while it drains: still sent";
    ASSERT_TRUE(wait_written());
    EXPECT_FALSE(loop.holds_exit());
    EXPECT_EQ(rows(), 5'002U);
}

TEST_F(WriterTest, HasNothingToDrainWhenTheQueueIsEmpty) {
    start();
    ASSERT_TRUE(wait_up());
    writer->drain(30s);
    EXPECT_FALSE(loop.holds_exit());
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(WriterTest, ARequestThatOutlastsTheDrainIsStillWritten) {
    start();
    ASSERT_TRUE(wait_up());
    writer->drain(500ms);
    loop.run_for(600ms);
    append(1);
    EXPECT_TRUE(loop.holds_exit());
    ASSERT_TRUE(wait_written());
    EXPECT_FALSE(loop.holds_exit());
    EXPECT_EQ(rows(), 1U);
}

TEST_F(WriterTest, WithoutTimeToDrainNothingIsBegunAgain) {
    start();
    ASSERT_TRUE(wait_up());
    writer->drain(0ms);
    append(1);
    loop.run_for(50ms);
    EXPECT_FALSE(loop.holds_exit());
    EXPECT_EQ(queue.pending(), 1U);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(WriterTest, ClosesWhenItsTimeToDrainIsOver) {
    options.conninfo = "host=/nonexistent dbname=x";
    start();
    append(10);
    ASSERT_TRUE(wait_down());
    const auto begin = loop.now();
    writer->drain(300ms);
    EXPECT_TRUE(loop.holds_exit());
    ASSERT_TRUE(eventually(
        loop, [this] { return !loop.holds_exit(); }, 2s));
    EXPECT_GE(loop.now() - begin, 290ms);
    EXPECT_EQ(queue.pending(), 10U);
    EXPECT_GE(diary.downs.size(), 3U) << "it keeps trying while it drains";
    EXPECT_EQ(loop.armed_timers(), 0U);
}

}  // namespace
}  // namespace dns_tools::history::test
