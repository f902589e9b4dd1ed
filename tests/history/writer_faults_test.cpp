#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "history/writer.hpp"
#include "writer_fixture.hpp"

namespace dns_tools::history::test {
namespace {

using Status = DatabaseState::Status;

constexpr auto kill_writers =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dns-tools'";

class WriterFaults : public WriterTest {
protected:
    /// A role of this test's own, since roles belong to all databases.
    const std::string role = "role_of_" + database;

    void make_role(const std::string& rights) {
        sql().run("CREATE ROLE " + role + " LOGIN " + rights);
    }
    ~WriterFaults() override { writer.reset(); }
};

TEST_F(WriterFaults, WaitsForADatabaseThatIsDown) {
    postgres.stop();
    start();
    append(100);
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("failed"), std::string::npos) << reason();
    EXPECT_EQ(reason().find('\n'), std::string::npos);
    EXPECT_FALSE(loop.holds_exit());
    postgres.start();
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 100U);
    EXPECT_TRUE(is(Status::up));
}

TEST_F(WriterFaults, SendsAgainWhenItsSessionIsKilled) {
    start();
    ASSERT_TRUE(wait_up());
    Sql killer(postgres.conninfo("postgres"));
    for (int round = 0; round < 20; ++round) {
        append(1'000);
        if (round % 4 == 1) {
            // Some batches are committed, some under way, some not sent.
            loop.run_for(2ms);
            killer.run(kill_writers);
        }
    }
    ASSERT_TRUE(wait_written(60s));
    EXPECT_EQ(rows(), 20'000U);
    EXPECT_EQ(diary.written, 20'000U);
    ASSERT_FALSE(diary.downs.empty());
    EXPECT_NE(diary.downs.front().find("57P01"), std::string::npos) << diary.downs.front();
}

TEST_F(WriterFaults, NoticesAnIdleSessionsEnd) {
    start();
    ASSERT_TRUE(wait_up());
    Sql(postgres.conninfo("postgres")).run(kill_writers);
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("terminating connection"), std::string::npos) << reason();
    EXPECT_TRUE(diary.notices.empty());
    EXPECT_TRUE(wait_up());
}

TEST_F(WriterFaults, LeavesAServerThatHangs) {
    options.flight_deadline = 300ms;
    options.connect_deadline = 300ms;
    maker.addresses.resize(2'000);
    start();
    ASSERT_TRUE(wait_up());
    append(20);
    ASSERT_TRUE(wait_written());

    postgres.freeze();
    const auto begin = std::chrono::steady_clock::now();
    append(500);  // more than a socket's buffer holds
    ASSERT_TRUE(wait_down());
    const auto downs = diary.downs.size();
    ASSERT_TRUE(eventually(loop, [&] { return diary.downs.size() >= downs + 2; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
    EXPECT_NE(reason().find("in time"), std::string::npos) << reason();
    postgres.thaw();
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 520U);
    EXPECT_EQ(diary.written, 520U);
}

/// A server that hung may find batches in its socket that the writer gave up long ago.
TEST_F(WriterFaults, WritesOnceWhatALateServerWritesToo) {
    options.flight_deadline = 200ms;
    options.connect_deadline = 200ms;
    start();
    ASSERT_TRUE(wait_up());
    postgres.freeze();
    append(1'000);
    ASSERT_TRUE(wait_down());
    postgres.thaw();
    const auto deadline = loop.now() + 10s;
    while (rows() == 0 && loop.now() < deadline) {
        std::this_thread::sleep_for(10ms);
    }
    ASSERT_GT(rows(), 0U) << "the first session wrote what it had";
    EXPECT_EQ(queue.pending(), 1'000U) << "and nobody was there to be told";
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 1'000U);
    EXPECT_EQ(diary.written, 1'000U);
    EXPECT_TRUE(diary.rejected.empty());
}

TEST_F(WriterFaults, TakesTheRefusalOfARowForALifeSign) {
    start();
    ASSERT_TRUE(wait_up());
    sql().run("ALTER TABLE dns_lookups ADD CHECK (domain <> 'poison.example')");
    Sql(postgres.conninfo("postgres")).run(kill_writers);
    ASSERT_TRUE(wait_down());
    append(maker.make("poison.example"));
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(diary.rejected.size(), 1U);
    EXPECT_TRUE(is(Status::up)) << reason();
}

TEST_F(WriterFaults, MakesADroppedTableAgain) {
    start();
    append(1);
    ASSERT_TRUE(wait_written());
    sql().run("DROP TABLE dns_lookups CASCADE");
    append(10);
    ASSERT_TRUE(wait_written(2s)) << "nobody has to act, so it is quick";
    EXPECT_EQ(rows(), 10U);
    EXPECT_TRUE(is(Status::up));
}

TEST_F(WriterFaults, AddsAColumnThatIsMissing) {
    sql().run(
        "CREATE TABLE dns_lookups (id uuid PRIMARY KEY, created_at timestamptz NOT NULL,"
        " client_ip inet, domain text NOT NULL, addresses inet[] NOT NULL);"
        "INSERT INTO dns_lookups VALUES"
        " ('00000000-0000-7000-8000-000000000000', now(), NULL, 'old.example', '{}')");
    start();
    append(1);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(sql().value("SELECT ttls FROM dns_lookups WHERE domain = 'old.example'"), "{}");
    EXPECT_EQ(rows(), 2U);
}

TEST_F(WriterFaults, WaitsForAPrivilegeAndKeepsTheRows) {
    start();
    ASSERT_TRUE(wait_up());
    make_role("");
    sql().run("GRANT SELECT, INSERT ON dns_lookups TO " + role);
    options.conninfo = postgres.conninfo(database, role);
    start();
    append(10);
    ASSERT_TRUE(wait_written());

    sql().run("REVOKE INSERT ON dns_lookups FROM " + role);
    append(10);
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("42501"), std::string::npos) << reason();
    const auto downs = diary.downs.size();
    loop.run_for(1s);
    EXPECT_EQ(diary.downs.size(), downs) << "no hurry: a person has to act";
    sql().run("GRANT INSERT ON dns_lookups TO " + role);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 20U);
    EXPECT_TRUE(is(Status::up));
}

TEST_F(WriterFaults, NamesWhatIsMissingWhenItOnlyVerifies) {
    options.schema = SchemaMode::verify;
    start();
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("relation \"dns_lookups\" does not exist"), std::string::npos)
        << reason();
    EXPECT_EQ(sql().value("SELECT to_regclass('dns_lookups')"), "");
}

TEST_F(WriterFaults, TellsAReadOnlyRoleFromAWriter) {
    start();
    ASSERT_TRUE(wait_up());
    make_role("");
    sql().run("GRANT SELECT ON dns_lookups TO " + role);
    options.conninfo = postgres.conninfo(database, role);
    options.schema = SchemaMode::verify;
    start();
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("permission denied"), std::string::npos) << reason();
    EXPECT_EQ(diary.ups, 1);
}

TEST_F(WriterFaults, NeedsOnlyInsertAndSelectWhenTheSchemaIsThere) {
    start();
    ASSERT_TRUE(wait_up());
    make_role("");
    sql().run("GRANT SELECT, INSERT ON dns_lookups TO " + role);
    options.conninfo = postgres.conninfo(database, role);
    for (const auto mode : {SchemaMode::create, SchemaMode::verify}) {
        options.schema = mode;
        start();
        append(1);
        ASSERT_TRUE(wait_written());
    }
    EXPECT_EQ(rows(), 2U);
}

TEST_F(WriterFaults, LeavesAServerThatOnlyReads) {
    start();
    ASSERT_TRUE(wait_up());
    sql().run("ALTER DATABASE " + database + " SET default_transaction_read_only = on");
    Sql(postgres.conninfo("postgres")).run(kill_writers);
    ASSERT_TRUE(wait_down());
    ASSERT_TRUE(eventually(loop, [&] { return reason().find("25006") != std::string::npos; }))
        << reason();
    append(5);
    Sql(postgres.conninfo("postgres"))
        .run("ALTER DATABASE " + database + " RESET default_transaction_read_only");
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(rows(), 5U);
}

TEST_F(WriterFaults, LetsTwentyMakeTheSchemaAtOnce) {
    std::vector<std::unique_ptr<Writer>> writers;
    std::vector<std::unique_ptr<MemoryQueue>> queues;
    for (int i = 0; i < 20; ++i) {
        queues.push_back(std::make_unique<MemoryQueue>(queue_size));
        writers.push_back(
            std::make_unique<Writer>(loop, random, *queues.back(), hosts, diary, options));
        writers.back()->start();
    }
    EXPECT_TRUE(eventually(loop, [&] { return diary.ups == 20; }));
    EXPECT_TRUE(diary.downs.empty()) << diary.downs.front();
    EXPECT_TRUE(diary.notices.empty()) << diary.notices.front();
}

TEST_F(WriterFaults, GoesOnWhenTheLoopHasNoRoom) {
    loop.refuse_watches(2);
    start();
    append(1);
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("room"), std::string::npos);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(diary.downs.size(), 2U);
}

TEST_F(WriterFaults, TellsOfABrokenConninfo) {
    options.conninfo = "postgresql://me:s3cret%zz@host/db";
    start();
    ASSERT_TRUE(wait_down());
    EXPECT_EQ(reason().find("s3cret"), std::string::npos) << reason();
    EXPECT_NE(reason().find("URI"), std::string::npos) << reason();
}

class WriterNetwork : public WriterFaults {
protected:
    WriterNetwork() {
        make_role("SUPERUSER PASSWORD 'r3mote-s3cret'");
        hosts.known["db.example"] = {*IpAddress::parse("127.0.0.1")};
    }
    std::string remote(const std::string& host, const std::string& port) const {
        return "host=" + host + " port=" + port + " user=" + role +
               " password=r3mote-s3cret dbname=" + database;
    }
    std::string port() const { return std::to_string(postgres.port()); }
};

TEST_F(WriterNetwork, FindsItsHostByName) {
    options.conninfo = remote("db.example", port());
    start();
    append(1);
    ASSERT_TRUE(wait_written());
    EXPECT_EQ(hosts.asked, std::vector<std::string>{"db.example"});
}

TEST_F(WriterNetwork, TriesTheNextHost) {
    hosts.known["dead.example"] = {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("::1")};
    options.conninfo = remote("lost.example,dead.example,db.example", "1,1," + port());
    start();
    append(1);
    ASSERT_TRUE(wait_written());
    EXPECT_TRUE(diary.downs.empty()) << diary.downs.front();
}

/// A port where connections are accepted by the kernel and never answered.
TEST_F(WriterNetwork, LeavesAHostThatIsSilent) {
    const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(listen(silent, 5), 0);
    getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);

    options.connect_deadline = 4s;
    options.conninfo =
        remote("127.0.0.1,db.example", std::to_string(ntohs(address.sin_port)) + "," + port());
    start();
    append(1);
    EXPECT_TRUE(wait_written(4s));
    EXPECT_TRUE(diary.downs.empty());
    close(silent);
}

TEST_F(WriterNetwork, SaysWhichHostIsNotFound) {
    options.conninfo = remote("lost.example", port());
    start();
    ASSERT_TRUE(wait_down());
    EXPECT_EQ(reason(), "there is no host \"lost.example\"");
}

TEST_F(WriterNetwork, TriesAgainWhenMemoryWasShortWhileItLookedForItsHost) {
    hosts.out_of_memory = true;
    options.conninfo = remote("db.example", port());
    start();
    append(1);
    ASSERT_TRUE(wait_written());
    ASSERT_EQ(diary.downs.size(), 1U);
    EXPECT_EQ(diary.downs.front(), "out of memory");
}

TEST_F(WriterNetwork, WaitsForNamesWithinItsDeadline) {
    hosts.silent = {"db.example"};
    options.connect_deadline = 200ms;
    options.conninfo = remote("db.example", port());
    start();
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("not found in time"), std::string::npos) << reason();
}

TEST_F(WriterNetwork, GoesWithoutAHostWhoseNameIsNotFoundInTime) {
    hosts.silent = {"lost.example"};
    options.connect_deadline = 2s;
    options.conninfo = remote("lost.example,db.example", port());
    start();
    append(1);
    ASSERT_TRUE(wait_written());
    EXPECT_TRUE(diary.downs.empty()) << diary.downs.front();
}

TEST_F(WriterNetwork, NeverTellsThePassword) {
    options.conninfo = "host=db.example port=" + port() + " user=" + role +
                       " password=wr0ng-s3cret dbname=" + database;
    start();
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("28P01"), std::string::npos) << reason();
    EXPECT_EQ(reason().find("s3cret"), std::string::npos) << reason();
    const auto downs = diary.downs.size();
    loop.run_for(1s);
    EXPECT_EQ(diary.downs.size(), downs) << "a wrong password is not tried again and again";
}

TEST_F(WriterNetwork, ReportsAMissingDatabase) {
    options.conninfo = postgres.conninfo("nonesuch");
    start();
    ASSERT_TRUE(wait_down());
    EXPECT_NE(reason().find("database \"nonesuch\" does not exist"), std::string::npos) << reason();
}

}  // namespace
}  // namespace dns_tools::history::test
