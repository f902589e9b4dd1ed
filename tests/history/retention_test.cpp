#include "history/retention.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "base/uuid.hpp"
#include "writer_fixture.hpp"

namespace dns_tools::history::test {
namespace {

using std::chrono::milliseconds;

constexpr auto keep = 24h;

/// Remembers what a retention told.
class Notes final : public RetentionObserver {
public:
    void old_rows_deleted(std::size_t rows) noexcept override { steps.push_back(rows); }
    void retention_failed(std::string_view why) noexcept override { failures.emplace_back(why); }

    std::size_t deleted() const { return std::accumulate(steps.begin(), steps.end(), 0UL); }

    std::vector<std::size_t> steps;
    std::vector<std::string> failures;
};

class RetentionTest : public WriterTest {
protected:
    RetentionTest() {
        retention_options.conninfo = options.conninfo;
        retention_options.keep = keep;
        retention_options.pause = 50ms;
        retention_options.clock = [this] { return now; };
    }
    ~RetentionTest() override {
        retention.reset();
        writer.reset();
    }

    void make_table() {
        start();
        ASSERT_TRUE(wait_up());
    }
    void insert(std::chrono::sys_time<std::chrono::nanoseconds> at) {
        UuidV7Generator generator(random);
        const auto stamp = generator.next(at);
        append({stamp.id, stamp.created_at, maker.client, "example.com", maker.addresses});
    }
    /// The older ones go first.
    void fill(std::size_t old, std::size_t young) {
        make_table();
        for (std::size_t i = 0; i < old; ++i) {
            insert(now - keep - 1s * (old - i));
        }
        for (std::size_t i = 0; i < young; ++i) {
            insert(now - keep + 1s * (i + 1));
        }
        ASSERT_TRUE(wait_written());
    }
    std::unique_ptr<Retention> make_retention(RetentionObserver& observer) {
        auto made = std::make_unique<Retention>(loop, random, hosts, observer, retention_options);
        made->start();
        return made;
    }
    void begin() { retention = make_retention(notes); }
    bool wait_deleted(std::size_t rows) {
        return eventually(loop, [&] { return notes.deleted() >= rows; });
    }
    bool wait_failure(const std::string& part) {
        return eventually(loop, [&] {
            return !notes.failures.empty() && notes.failures.back().find(part) != std::string::npos;
        });
    }
    /// Each deleted row makes a row in `deletions`, and takes `seconds`.
    void slow_down(const std::string& seconds) {
        sql().run(
            "CREATE TABLE deletions (at timestamptz DEFAULT clock_timestamp());"
            "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_sleep(" +
            seconds +
            "); INSERT INTO deletions DEFAULT VALUES; RETURN OLD;"
            " END $$;"
            "CREATE TRIGGER slowly BEFORE DELETE ON dns_lookups FOR EACH ROW"
            " EXECUTE FUNCTION slowly()");
    }
    std::size_t sessions() const {
        return sql().number(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dns-tools'"
            " AND datname = current_database()");
    }
    bool wait_sleeping() {
        Sql observer = sql();
        return eventually(loop, [&] {
            return observer.number(
                       "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                       " AND datname = current_database()") == 1;
        });
    }

    // An id carries its instant in steps of 1/4096 of a millisecond, rounded down: a row from the
    // very instant that is just young enough would sometimes be too old.
    std::chrono::system_clock::time_point now =
        std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    Notes notes;
    RetentionOptions retention_options;
    std::unique_ptr<Retention> retention;
};

TEST(RetentionPause, IsATwentiethWithinBounds) {
    EXPECT_EQ(retention_pause(1min), 5s);
    EXPECT_EQ(retention_pause(200s), 10s);
    EXPECT_EQ(retention_pause(24h * 365), 60s);
}

TEST_F(RetentionTest, DeletesWhatIsTooOldInBoundedSteps) {
    fill(2'500, 100);
    begin();
    ASSERT_TRUE(wait_deleted(2'500));
    EXPECT_EQ(rows(), 100U);
    const std::vector<std::size_t> steps = {1'000, 1'000, 500};
    ASSERT_GE(notes.steps.size(), steps.size());
    notes.steps.resize(steps.size());
    EXPECT_EQ(notes.steps, steps);
    EXPECT_TRUE(notes.failures.empty()) << notes.failures.front();
}

TEST_F(RetentionTest, BeginsWithTheOldest) {
    fill(30, 0);
    slow_down("0.001");
    retention_options.rows_a_step = 10;
    begin();
    ASSERT_TRUE(eventually(loop, [&] { return !notes.steps.empty(); }));
    retention.reset();
    EXPECT_EQ(sql().number("SELECT count(*) FROM dns_lookups WHERE created_at < now() -"
                           " interval '24 hours 21 seconds'"),
              0U);
    EXPECT_GE(rows(), 10U);
}

TEST_F(RetentionTest, KeepsWhatIsJustYoungEnough) {
    make_table();
    for (const auto offset : {-1'000'000us, -1us, 0us, 2us, 1'000'000us}) {
        insert(now - keep + offset);
    }
    ASSERT_TRUE(wait_written());
    begin();
    ASSERT_TRUE(eventually(loop, [&] { return notes.steps.size() >= 2; }));
    EXPECT_EQ(notes.deleted(), 2U);
    EXPECT_EQ(rows(), 3U);
    now += 1us;
    ASSERT_TRUE(wait_deleted(3));
    EXPECT_EQ(rows(), 2U);
}

TEST_F(RetentionTest, DeletesWhatBecomesTooOldLater) {
    fill(0, 5);
    begin();
    ASSERT_TRUE(eventually(loop, [&] { return notes.steps.size() >= 2; }));
    EXPECT_EQ(notes.deleted(), 0U);
    now += 3s;
    ASSERT_TRUE(wait_deleted(2));
    EXPECT_EQ(rows(), 3U);
}

TEST_F(RetentionTest, HasNoConnectionBetweenRounds) {
    fill(5, 0);
    retention_options.pause = 1'000ms;
    begin();
    ASSERT_TRUE(wait_deleted(5));
    ASSERT_TRUE(eventually(
        loop, [&] { return sessions() == 1; }, 400ms))
        << "the writer's";
}

TEST_F(RetentionTest, RestsAsLongAsAStepTook) {
    fill(4, 0);
    slow_down("0.1");
    retention_options.rows_a_step = 1;
    begin();
    ASSERT_TRUE(wait_deleted(4));
    // A step takes its sleep at the least, and so does the rest behind it.
    EXPECT_EQ(sql().value("SELECT max(at) - min(at) >= interval '0.6 s' FROM deletions"), "t");
}

TEST_F(RetentionTest, NeverDelaysAWorkersExit) {
    fill(3, 0);
    writer.reset();
    slow_down("0.05");
    retention_options.rows_a_step = 1;
    begin();
    ASSERT_TRUE(eventually(loop, [&] {
        EXPECT_FALSE(loop.holds_exit());
        return notes.deleted() == 3;
    }));
}

TEST_F(RetentionTest, LetsOneAtATimeDelete) {
    sql().run("ALTER DATABASE " + database + " SET log_lock_waits = on; ALTER DATABASE " +
              database + " SET deadlock_timeout = '1ms'");
    fill(600, 10);
    slow_down("0.001");
    retention_options.rows_a_step = 20;
    retention_options.pause = 10ms;
    Notes others[3];
    std::vector<std::unique_ptr<Retention>> retentions;
    for (Notes& other : others) {
        retentions.push_back(make_retention(other));
    }
    const auto deleted = [&] {
        return others[0].deleted() + others[1].deleted() + others[2].deleted();
    };
    ASSERT_TRUE(eventually(
        loop, [&] { return deleted() >= 600; }, 60s));
    EXPECT_EQ(deleted(), 600U);
    EXPECT_EQ(rows(), 10U);
    EXPECT_EQ(postgres.count_logged(database, "still waiting for"), 0U)
        << "nobody wanted rows that another was deleting";
    for (const Notes& other : others) {
        EXPECT_TRUE(other.failures.empty()) << other.failures.front();
    }
}

TEST_F(RetentionTest, LeavesTheRoundToWhoHoldsTheLock) {
    fill(5, 0);
    Sql other(postgres.conninfo(database));
    other.run("BEGIN; SELECT pg_advisory_xact_lock(x'646e73636c65616e'::bigint)");
    begin();
    ASSERT_TRUE(eventually(loop, [&] { return notes.steps.size() >= 3; })) << "nobody waits";
    EXPECT_EQ(notes.deleted(), 0U);
    EXPECT_TRUE(notes.failures.empty()) << notes.failures.front();
    other.run("COMMIT");
    ASSERT_TRUE(wait_deleted(5));
}

TEST_F(RetentionTest, WaitsNotLongForALockedTable) {
    fill(5, 0);
    Sql other(postgres.conninfo(database));
    other.run("BEGIN; LOCK TABLE dns_lookups IN SHARE MODE");
    begin();
    ASSERT_TRUE(wait_failure("55P03"));
    EXPECT_EQ(notes.deleted(), 0U);
    other.run("COMMIT");
    ASSERT_TRUE(wait_deleted(5));
}

TEST_F(RetentionTest, IsToldThatItMayNotDelete) {
    fill(5, 0);
    const std::string role = "cleaner_of_" + database;
    sql().run("CREATE ROLE " + role + " LOGIN; GRANT SELECT, INSERT ON dns_lookups TO " + role);
    retention_options.conninfo = postgres.conninfo(database, role);
    begin();
    ASSERT_TRUE(wait_failure("permission denied"));
    EXPECT_NE(notes.failures.back().find("42501"), std::string::npos) << notes.failures.back();
    sql().run("GRANT DELETE ON dns_lookups TO " + role);
    ASSERT_TRUE(wait_deleted(5));
    EXPECT_EQ(rows(), 0U);
}

TEST_F(RetentionTest, WaitsForTheTable) {
    begin();
    ASSERT_TRUE(wait_failure("relation \"dns_lookups\" does not exist"));
    fill(5, 1);
    ASSERT_TRUE(wait_deleted(5));
    EXPECT_EQ(rows(), 1U);
}

TEST_F(RetentionTest, WaitsForADatabaseThatOnlyReads) {
    fill(5, 0);
    sql().run("ALTER DATABASE " + database + " SET default_transaction_read_only = on");
    begin();
    ASSERT_TRUE(wait_failure("25006"));
    Sql(postgres.conninfo("postgres"))
        .run("ALTER DATABASE " + database + " RESET default_transaction_read_only");
    ASSERT_TRUE(wait_deleted(5));
}

TEST_F(RetentionTest, PausesLongerAfterEveryFailure) {
    retention_options.pause = 40ms;
    begin();
    // 20 to 40 ms, then 20 to 40, 40 to 80, 80 to 160, 160 to 320.
    const auto first = loop.now();
    ASSERT_TRUE(eventually(loop, [&] { return notes.failures.size() >= 5; }));
    EXPECT_GE(loop.now() - first, 20ms + 20ms + 40ms + 80ms + 160ms);
}

TEST_F(RetentionTest, StartsAnewWhenItsSessionIsKilled) {
    fill(30, 5);
    slow_down("0.1");
    retention_options.rows_a_step = 10;
    begin();
    ASSERT_TRUE(wait_sleeping());
    Sql(postgres.conninfo("postgres"))
        .run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    ASSERT_TRUE(wait_failure("57P01"));
    EXPECT_EQ(rows(), 35U) << "the step was undone as a whole";
    sql().run("DROP TRIGGER slowly ON dns_lookups");
    ASSERT_TRUE(wait_deleted(30));
    EXPECT_EQ(notes.deleted(), 30U);
    EXPECT_EQ(rows(), 5U);
}

TEST_F(RetentionTest, GivesUpAServerThatHangs) {
    fill(3, 0);
    writer.reset();
    slow_down("0.2");
    retention_options.step_deadline = 300ms;
    retention_options.connect_deadline = 300ms;
    begin();
    ASSERT_TRUE(wait_sleeping());
    postgres.freeze();
    ASSERT_TRUE(wait_failure("did not answer in time"));
    ASSERT_TRUE(eventually(loop, [&] { return notes.failures.size() >= 2; })) << "nor connects";
    postgres.thaw();
    ASSERT_TRUE(eventually(loop, [&] { return rows() == 0; }))
        << "the server finishes the step, or a later one does it again";
}

TEST_F(RetentionTest, MayEndInTheMidstOfAStep) {
    fill(3, 0);
    writer.reset();
    slow_down("0.1");
    begin();
    ASSERT_TRUE(wait_sleeping());
    retention.reset();
    EXPECT_EQ(loop.armed_timers(), 0U);
    loop.run_for(50ms);
    EXPECT_TRUE(notes.steps.empty());
    EXPECT_TRUE(notes.failures.empty());
}

TEST_F(RetentionTest, DeletesFromPartitions) {
    const auto bound = [this](std::chrono::hours offset) {
        return "'" +
               first_uuid_at(std::chrono::floor<std::chrono::microseconds>(now - keep + offset))
                   .text() +
               "'";
    };
    sql().run(
        "CREATE TABLE dns_lookups (id uuid PRIMARY KEY, created_at timestamptz, client_ip inet,"
        " domain text, addresses inet[], ttls integer[]) PARTITION BY RANGE (id);"
        "CREATE TABLE past PARTITION OF dns_lookups FOR VALUES FROM (MINVALUE) TO (" +
        bound(-1h) + ");" + "CREATE TABLE present PARTITION OF dns_lookups FOR VALUES FROM (" +
        bound(-1h) + ") TO (" + bound(1h) + ");" +
        "CREATE TABLE other PARTITION OF dns_lookups DEFAULT");
    fill(20, 20);
    insert(now - keep - 2h);
    insert(now);
    ASSERT_TRUE(wait_written());
    retention_options.rows_a_step = 5;
    begin();
    ASSERT_TRUE(wait_deleted(21));
    EXPECT_EQ(rows(), 21U);
    EXPECT_EQ(sql().number("SELECT count(*) FROM past"), 0U);
    EXPECT_EQ(sql().number("SELECT count(*) FROM present"), 20U);
    EXPECT_EQ(sql().number("SELECT count(*) FROM other"), 1U);
}

TEST_F(RetentionTest, NeverDisturbsTheWriter) {
    fill(3'000, 0);
    retention_options.rows_a_step = 100;
    retention_options.pause = 10ms;
    begin();
    for (int round = 0; round < 40; ++round) {
        for (int i = 0; i < 100; ++i) {
            insert(now);
        }
        loop.run_for(5ms);
    }
    ASSERT_TRUE(wait_deleted(3'000));
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 4'000U);
    EXPECT_TRUE(diary.downs.empty()) << diary.downs.front();
}

}  // namespace
}  // namespace dns_tools::history::test
