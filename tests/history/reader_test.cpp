#include "history/reader.hpp"

#include <gtest/gtest.h>

#include "reader_fixture.hpp"
#include "tls_proxy.hpp"

namespace dns_tools::history::test {
namespace {

TEST_F(ReaderTest, GivesBackWhatWasWritten) {
    make_table();
    maker.addresses.push_back({Ipv4Address{{0, 0, 0, 0}}, 2'147'483'647});
    const auto first = maker.make("first.example");
    append(first);
    maker.client = IpAddress::parse("2001:db8::7");
    append(maker.make("second.example"));
    maker.client.reset();
    maker.addresses.clear();
    append(maker.make("third.example"));
    ASSERT_TRUE(wait_written());

    open();
    Answer answer;
    latest(10, answer);
    EXPECT_EQ(answer.calls, 0);
    ASSERT_TRUE(wait(answer));
    ASSERT_EQ(answer.got.size(), 3U) << answer.error;
    EXPECT_EQ(answer.got[0].domain, "third.example");
    EXPECT_EQ(answer.got[0].client, "");
    EXPECT_TRUE(answer.got[0].addresses.empty());
    EXPECT_EQ(answer.got[1].client, "2001:db8::7");
    EXPECT_EQ(answer.got[2].id, first.id.text());
    EXPECT_EQ(answer.got[2].created_at, first.created_at.time_since_epoch().count());
    EXPECT_EQ(answer.got[2].client, "192.0.2.7");
    const std::vector<AddressRecord> addresses = {{Ipv4Address{{192, 0, 2, 1}}, 300},
                                                  {Ipv4Address{{198, 51, 100, 255}}, 0},
                                                  {Ipv4Address{{0, 0, 0, 0}}, 2'147'483'647}};
    EXPECT_EQ(answer.got[2].addresses, addresses);
}

TEST_F(ReaderTest, ReadsNoMoreThanAskedFor) {
    fill(50);
    open();
    Answer answer;
    latest(20, answer);
    ASSERT_TRUE(wait(answer));
    EXPECT_EQ(answer.got.size(), 20U);
    EXPECT_TRUE(std::is_sorted(answer.got.begin(), answer.got.end(),
                               [](const auto& a, const auto& b) { return a.id > b.id; }));
}

TEST_F(ReaderTest, AnswersTogetherWhoComesMeanwhile) {
    fill(30);
    sql().run("ALTER DATABASE " + database + " SET log_statement = 'all'");
    open();
    Answer first;
    latest(1, first);
    ASSERT_TRUE(wait(first));
    ASSERT_EQ(reads(), 1U);

    Answer second;
    Answer together[40];
    latest(2, second);
    // What is asked from inside an answer comes while that answer's read is not yet over.
    bool asked = false;
    second.then = [&] {
        unsigned limit = 0;
        for (Answer& answer : together) {
            latest(++limit, answer);
        }
        asked = true;
    };
    ASSERT_TRUE(eventually(loop, [&] { return asked && together[39].calls == 1; }));
    EXPECT_EQ(second.got.size(), 2U);
    for (unsigned i = 0; i < 40; ++i) {
        EXPECT_EQ(together[i].calls, 1);
        EXPECT_EQ(together[i].got.size(), std::min(i + 1, 30U));
    }
    EXPECT_EQ(reads(), 3U);
}

TEST_F(ReaderTest, ForgetsWhoLeaves) {
    fill(5);
    open();
    auto gone = std::make_unique<Answer>();
    Answer stays;
    latest(5, *gone);
    latest(5, stays);
    gone.reset();
    ASSERT_TRUE(wait(stays));
    EXPECT_EQ(stays.got.size(), 5U);

    auto self = std::make_unique<Answer>();
    auto other = std::make_unique<Answer>();
    bool done = false;
    self->then = [&] {
        done = true;
        other.reset();
        self.reset();
    };
    latest(1, *self);
    latest(1, *other);
    ASSERT_TRUE(eventually(loop, [&] { return done; }));
    Answer again;
    latest(1, again);
    ASSERT_TRUE(wait(again));
}

TEST_F(ReaderTest, HoldsTheExitOnlyWhileSomebodyWaits) {
    fill(5);
    writer.reset();
    open();
    EXPECT_EQ(loop.armed_timers(), 0U);
    Answer answer;
    latest(5, answer);
    ASSERT_TRUE(eventually(loop, [&] { return loop.holds_exit(); }));
    EXPECT_EQ(answer.calls, 0);
    ASSERT_TRUE(wait(answer));
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(ReaderTest, LeavesOutWhatDoesNotFit) {
    sql().run(
        "CREATE TABLE dns_lookups (id uuid, created_at timestamptz, client_ip inet, domain text,"
        " addresses inet[], ttls integer[]);"
        "INSERT INTO dns_lookups VALUES"
        " (NULL, now(), NULL, 'no.id', '{}', '{}'),"
        " ('00000000-0000-7000-8000-000000000001', NULL, NULL, 'no.time', '{}', '{}'),"
        " ('00000000-0000-7000-8000-000000000002', 'infinity', NULL, 'late', '{}', '{}'),"
        " ('00000000-0000-7000-8000-000000000003', '-infinity', NULL, 'early', '{}', '{}'),"
        " ('00000000-0000-7000-8000-000000000004', now(), NULL, NULL, '{}', '{}'),"
        " ('00000000-0000-7000-8000-000000000005', '2000-01-01 00:00:00Z', '10.0.0.0/8', 'odd',"
        "  '{NULL,192.0.2.0/24,2001:db8::1,192.0.2.5,192.0.2.6,192.0.2.7}', '{1,2,3,-4,NULL}'),"
        " ('00000000-0000-7000-8000-000000000006', now(), NULL, 'nulls', NULL, NULL),"
        " ('00000000-0000-7000-8000-000000000007', now(), NULL, 'square',"
        "  '[2:3][0:1]={{192.0.2.1,192.0.2.2},{192.0.2.3,192.0.2.4}}', '{{1,2},{3,4}}'),"
        " ('00000000-0000-7000-8000-000000000008', '294276-12-31 23:59:59Z', NULL, 'far', '{}',"
        "  '{}')");
    open();
    Answer answer;
    latest(100, answer);
    ASSERT_TRUE(wait(answer));
    ASSERT_EQ(answer.got.size(), 3U) << answer.error;
    EXPECT_EQ(answer.got[0].domain, "square");
    ASSERT_EQ(answer.got[0].addresses.size(), 4U);
    EXPECT_EQ(answer.got[0].addresses[3], (AddressRecord{Ipv4Address{{192, 0, 2, 4}}, 4}));
    EXPECT_EQ(answer.got[1].domain, "nulls");
    EXPECT_TRUE(answer.got[1].addresses.empty());
    EXPECT_EQ(answer.got[2].domain, "odd");
    EXPECT_EQ(answer.got[2].client, "");
    EXPECT_EQ(answer.got[2].created_at, 946'684'800'000'000);
    const std::vector<AddressRecord> expected = {{Ipv4Address{{192, 0, 2, 5}}, 0},
                                                 {Ipv4Address{{192, 0, 2, 6}}, 0},
                                                 {Ipv4Address{{192, 0, 2, 7}}, 0}};
    EXPECT_EQ(answer.got[2].addresses, expected);
}

TEST_F(ReaderTest, TakesTlsRecordsThatAreLargerThanWhatLibpqReadsAtOnce) {
    fill(1'000);
    const dns_tools::test::TlsProxy proxy(postgres);
    reader_options.conninfo = "host=127.0.0.1 port=" + std::to_string(proxy.port()) +
                              " user=postgres sslmode=require dbname=" + database;
    open();
    for (unsigned limit = 100; limit <= 1'000; limit += 100) {
        Answer answer;
        latest(limit, answer);
        ASSERT_TRUE(wait(answer));
        ASSERT_EQ(answer.got.size(), limit) << answer.error;
    }
}

TEST_F(ReaderTest, SaysThatTheTableIsMissing) {
    open();
    Answer answer;
    latest(5, answer);
    ASSERT_TRUE(wait(answer));
    EXPECT_NE(answer.error.find("relation \"dns_lookups\" does not exist"), std::string::npos);
    fill(1);
    Answer later;
    latest(5, later);
    ASSERT_TRUE(wait(later));
    EXPECT_EQ(later.got.size(), 1U) << later.error;
}

TEST_F(ReaderTest, FailsFastWhileTheDatabaseIsDown) {
    hosts.known["db.example"] = {*IpAddress::parse("127.0.0.1")};
    reader_options.conninfo = "host=db.example port=1 dbname=x password=s3cret";
    open();
    Answer first;
    latest(5, first);
    ASSERT_TRUE(wait(first));
    EXPECT_NE(first.error.find("Connection refused"), std::string::npos) << first.error;
    EXPECT_EQ(first.error.find("s3cret"), std::string::npos);

    Answer second;
    latest(5, second);
    EXPECT_EQ(second.calls, 0) << "never from inside the call";
    ASSERT_TRUE(wait(second));
    EXPECT_EQ(second.error, first.error);
    EXPECT_EQ(hosts.asked.size(), 1U) << "the failure stands for a second";
    EXPECT_EQ(loop.armed_timers(), 0U);

    loop.run_for(1'100ms);
    Answer third;
    latest(5, third);
    ASSERT_TRUE(wait(third));
    EXPECT_EQ(hosts.asked.size(), 2U);
}

TEST_F(ReaderTest, ComesBackAfterTheDatabase) {
    fill(3);
    writer.reset();
    open();
    Answer first;
    latest(5, first);
    ASSERT_TRUE(wait(first));
    postgres.stop();
    loop.run_for(50ms);  // the end of an idle session is noticed, not answered
    Answer down;
    latest(5, down);
    ASSERT_TRUE(wait(down));
    EXPECT_FALSE(down.error.empty());
    postgres.start();
    ASSERT_TRUE(eventually(loop, [&] {
        Answer up;
        latest(5, up);
        return wait(up) && up.got.size() == 3;
    }));
}

TEST_F(ReaderTest, GivesUpAServerThatHangs) {
    fill(3);
    reader_options.read_deadline = 200ms;
    reader_options.connect_deadline = 200ms;
    open();
    Answer first;
    latest(5, first);
    ASSERT_TRUE(wait(first));
    postgres.freeze();
    Answer read;
    latest(5, read);
    loop.run_for(20ms);
    EXPECT_TRUE(loop.holds_exit());
    EXPECT_TRUE(wait(read));
    EXPECT_NE(read.error.find("in time"), std::string::npos) << read.error;
    Answer connect;
    latest(5, connect);
    loop.run_for(20ms);
    EXPECT_TRUE(loop.holds_exit());
    EXPECT_TRUE(wait(connect));
    EXPECT_NE(connect.error.find("in time"), std::string::npos) << connect.error;
    postgres.thaw();
}

}  // namespace
}  // namespace dns_tools::history::test
