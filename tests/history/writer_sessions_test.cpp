#include <gtest/gtest.h>

#include "history/writer.hpp"
#include "writer_fixture.hpp"

namespace dns_tools::history::test {
namespace {

using Status = DatabaseState::Status;

/// What a writer leaves behind on a server that does not answer in time.
class WriterSessions : public WriterTest {
protected:
    WriterSessions() {
        options.connect_deadline = 500ms;
        options.flight_deadline = 500ms;
    }

    std::size_t sessions() {
        return observer.number("SELECT count(*) FROM pg_stat_activity WHERE " + own);
    }
    /// One of those whose commit waits for a standby; "0" when there is none.
    std::string waiting() {
        return observer.value(
            "SELECT coalesce(min(pid), 0) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND " +
            own);
    }
    void terminate(const std::string& session) {
        observer.run("SELECT pg_terminate_backend(" + session + ")");
    }
    /// The most sessions there are while so many more attempts fail.
    std::size_t most_sessions(std::size_t failures) {
        std::size_t most = 0;
        EXPECT_TRUE(eventually(loop, [&, until = diary.downs.size() + failures] {
            most = std::max(most, sessions());
            return diary.downs.size() >= until;
        }));
        return most;
    }

    Sql observer = sql();

private:
    const std::string own = "application_name = 'dns-tools' AND datname = current_database()";
};

TEST_F(WriterSessions, WaitForATableThatIsLockedWithOneSession) {
    options.batch_rows = 1;
    start();
    ASSERT_TRUE(wait_up());
    Sql other = sql();
    other.run("BEGIN; LOCK TABLE dns_lookups");
    append(options.batches_in_flight);
    EXPECT_LE(most_sessions(4), 2U);
    EXPECT_NE(reason().find("57014"), std::string::npos) << reason();
    other.run("ROLLBACK");
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), options.batches_in_flight);
    EXPECT_TRUE(is(Status::up));
}

/// The server begins a batch when it is done with the one before.
TEST_F(WriterSessions, AreKeptForABatchThatHadToWaitItsTurn) {
    options.flight_deadline = 1500ms;
    options.batch_rows = 1;
    options.batches_in_flight = 2;
    start();
    ASSERT_TRUE(wait_up());
    Sql other = sql();
    other.run("BEGIN; LOCK TABLE dns_lookups");
    append(2);
    EXPECT_EQ(most_sessions(2), 1U);
    for (const auto& why : diary.downs) {
        EXPECT_NE(why.find("57014"), std::string::npos) << why;
    }
    other.run("ROLLBACK");
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 2U);
}

TEST_F(WriterSessions, AreGoneBeforeTheNextThatFindsTheTableLocked) {
    start();
    ASSERT_TRUE(wait_up());
    Sql other = sql();
    other.run("BEGIN; LOCK TABLE dns_lookups");
    writer.reset();
    start();
    EXPECT_LE(most_sessions(4), 2U);
    EXPECT_NE(reason().find("57014"), std::string::npos) << reason();
    other.run("ROLLBACK");
    EXPECT_TRUE(wait_up());
}

TEST_F(WriterSessions, AreGoneBeforeTheNextThatMakesTheSchema) {
    Sql other = sql();
    other.run("BEGIN; SELECT pg_advisory_xact_lock(x'646e73746f6f6c73'::bigint)");
    start();
    EXPECT_LE(most_sessions(4), 2U);
    EXPECT_NE(reason().find("57014"), std::string::npos) << reason();
    other.run("ROLLBACK");
    EXPECT_TRUE(wait_up());
}

/// No standby is there to confirm a commit, as long as it lives.
class NoStandby {
public:
    explicit NoStandby(Sql sql) : sql_(std::move(sql)) { set("nobody"); }
    ~NoStandby() { set(""); }

private:
    void set(const std::string& names) {
        sql_.run("ALTER SYSTEM SET synchronous_standby_names = '" + names + "'");
        sql_.run("SELECT pg_reload_conf()");
        while (sql_.value("SHOW synchronous_standby_names") != names) {
        }
    }
    Sql sql_;
};

class WriterCommits : public WriterSessions {
protected:
    /// Appends until a commit waits; the server may take a while to follow the setting, and what is
    /// committed before does not wait. The session that waits.
    std::string append_until_one_waits() {
        std::string session;
        EXPECT_TRUE(eventually(loop, [&] {
            if (queue.pending() == 0) {
                append(10);
                appended += 10;
            }
            return (session = waiting()) != "0";
        }));
        return session;
    }

    std::size_t appended = 0;
};

TEST_F(WriterCommits, AreNotTakenForDoneWhenTheirRowsAreThere) {
    options.flight_deadline = 20s;
    start();
    ASSERT_TRUE(wait_up());
    {
        const NoStandby none(Sql(postgres.conninfo("postgres")));
        const auto session = append_until_one_waits();
        terminate(session);
        ASSERT_TRUE(eventually(loop, [&] {
            const auto other = waiting();
            return other != "0" && other != session;
        })) << "what is sent again waits, too";
        EXPECT_EQ(rows(), appended);
        EXPECT_EQ(queue.pending(), 10U);
        EXPECT_EQ(diary.written, appended - 10);
    }
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), appended);
    EXPECT_EQ(diary.written, appended);
}

TEST_F(WriterCommits, WaitInOneSessionHoweverOftenTheyAreTriedAgain) {
    start();
    ASSERT_TRUE(wait_up());
    {
        const NoStandby none(Sql(postgres.conninfo("postgres")));
        append_until_one_waits();
        EXPECT_LE(most_sessions(4), 3U) << "another, and perhaps one that just ends";
        EXPECT_TRUE(is(Status::down));
        EXPECT_EQ(diary.ups, 1) << "nothing is committed";
        EXPECT_EQ(queue.pending(), 10U);
    }
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), appended);
    EXPECT_EQ(diary.written, appended);
}

TEST_F(WriterCommits, WaitInOneSessionAlsoWhenTheirRowsAreThere) {
    start();
    ASSERT_TRUE(wait_up());
    {
        const NoStandby none(Sql(postgres.conninfo("postgres")));
        terminate(append_until_one_waits());
        EXPECT_LE(most_sessions(6), 3U);
        EXPECT_EQ(rows(), appended);
        EXPECT_EQ(queue.pending(), 10U);
    }
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(diary.written, appended);
}

}  // namespace
}  // namespace dns_tools::history::test
