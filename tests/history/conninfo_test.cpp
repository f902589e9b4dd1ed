#include "history/conninfo.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support.hpp"

namespace dns_tools::history::test {
namespace {

Conninfo parsed(std::string_view text) {
    auto result = Conninfo::parse(text);
    if (auto* wrong = std::get_if<std::string>(&result)) {
        ADD_FAILURE() << *wrong;
        return {};
    }
    return std::get<Conninfo>(std::move(result));
}

std::string value(const Parameters& parameters, std::string_view name) {
    std::string last = "(none)";
    for (const auto& parameter : parameters) {
        last = parameter.first == name ? parameter.second : last;
    }
    return last;
}

/// An environment variable for the time of a test.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        setenv(name, value.c_str(), 1);
    }
    ~Variable() { unsetenv(name_); }

private:
    const char* name_;
};

TEST(Conninfo, PairsHostsAddressesAndPorts) {
    const auto conninfo =
        parsed("host=db1,192.0.2.9,/run/pg,db4 hostaddr=,,,192.0.2.4 port=1,2,3,4 dbname=tools");
    const std::vector<HostEntry> expected = {
        {"db1", "", "1"}, {"192.0.2.9", "", "2"}, {"/run/pg", "", "3"}, {"db4", "192.0.2.4", "4"}};
    EXPECT_EQ(conninfo.hosts, expected);
    EXPECT_TRUE(needs_lookup(expected[0]));
    EXPECT_FALSE(needs_lookup(expected[1]));
    EXPECT_FALSE(needs_lookup(expected[2]));
    EXPECT_FALSE(needs_lookup(expected[3]));
    EXPECT_EQ(value(conninfo.parameters, "dbname"), "tools");
    EXPECT_EQ(value(conninfo.parameters, "host"), "(none)");
}

TEST(Conninfo, KnowsWhatNeedsNoLookup) {
    EXPECT_FALSE(needs_lookup({"", "", ""}));
    EXPECT_FALSE(needs_lookup({"@abstract", "", ""}));
    EXPECT_FALSE(needs_lookup({"::1", "", ""}));
    EXPECT_FALSE(needs_lookup({"fe80::1%eth0", "", ""}));
    EXPECT_TRUE(needs_lookup({"localhost", "", ""}));
    EXPECT_TRUE(needs_lookup({"1.2.3", "", ""}));
}

TEST(Conninfo, GivesEachAddressAnEntry) {
    const std::vector<HostEntry> hosts = {
        {"db1", "", "1"}, {"lost", "", "2"}, {"/run/pg", "", "3"}, {"192.0.2.9", "", "4"}};
    const std::vector<std::vector<IpAddress>> addresses = {
        {*IpAddress::parse("2001:db8::1"), *IpAddress::parse("192.0.2.1")}, {}, {}, {}};
    const auto parameters = with_hosts({{"user", "me"}}, with_addresses(hosts, addresses));
    EXPECT_EQ(value(parameters, "host"), "db1,db1,/run/pg,192.0.2.9");
    EXPECT_EQ(value(parameters, "hostaddr"), "2001:db8::1,192.0.2.1,,192.0.2.9");
    EXPECT_EQ(value(parameters, "port"), "1,1,3,4");
    EXPECT_EQ(value(parameters, "user"), "me");
}

TEST(Conninfo, LeavesTheDefaultHostToLibpq) {
    const auto conninfo = parsed("dbname=tools");
    EXPECT_TRUE(conninfo.hosts.empty());
    EXPECT_EQ(value(with_hosts(conninfo.parameters, conninfo.hosts), "host"), "(none)");
}

TEST(Conninfo, TakesHostsFromTheEnvironment) {
    const Variable host("PGHOST", "db1,db2");
    const Variable port("PGPORT", "6000");
    const std::vector<HostEntry> expected = {{"db1", "", "6000"}, {"db2", "", "6000"}};
    EXPECT_EQ(parsed("").hosts, expected);
    EXPECT_EQ(parsed("host=other").hosts, (std::vector<HostEntry>{{"other", "", "6000"}}));
}

TEST(Conninfo, TakesHostsFromAService) {
    std::string pattern = testing::TempDir() + "service-XXXXXX";
    const int fd = mkstemp(pattern.data());
    ASSERT_GE(fd, 0);
    std::ofstream(pattern) << "[tools]\nhost=db.example\nport=7000\n[other]\nhost=other.example\n";
    const Variable file("PGSERVICEFILE", pattern);
    const Variable host("PGHOST", "environment.example");
    const std::vector<HostEntry> expected = {{"db.example", "", "7000"}};
    EXPECT_EQ(parsed("service=tools").hosts, expected);
    EXPECT_EQ(getenv("PGSERVICE"), nullptr);
    {
        const Variable service("PGSERVICE", "other");
        EXPECT_EQ(parsed("").hosts.at(0).host, "other.example");
        EXPECT_EQ(parsed("service=tools").hosts, expected);
        EXPECT_STREQ(getenv("PGSERVICE"), "other");
    }
    close(fd);
    unlink(pattern.c_str());
}

TEST(Conninfo, ReadsUris) {
    const auto conninfo =
        parsed("postgresql://me:p%40ss@[2001:db8::1]:99,db2:98/tools?sslmode=require");
    const std::vector<HostEntry> expected = {{"2001:db8::1", "", "99"}, {"db2", "", "98"}};
    EXPECT_EQ(conninfo.hosts, expected);
    EXPECT_EQ(value(conninfo.parameters, "password"), "p@ss");
    EXPECT_EQ(value(conninfo.parameters, "sslmode"), "require");
}

TEST(CheckConninfo, AcceptsWhatLibpqReads) {
    for (const char* const good :
         {"", "dbname=tools", "host=/run/postgresql user='a b'", "postgres://localhost/tools",
          "postgres://me@localhost/tools?application_name=a@b", "postgres://%40socket/tools",
          "postgres://me:a?b%40@localhost", "postgres:///tools?host=@socket",
          "host=a,b port=1,2 target_session_attrs=read-write", "host=db sslmode=verify-full"}) {
        EXPECT_EQ(check_conninfo(good), std::nullopt) << good;
    }
}

TEST(CheckConninfo, RepeatsNothing) {
    using namespace std::string_view_literals;
    for (const auto bad :
         {"postgresql://me:s3cr%t@host/db"sv, "postgresql://me:s3cr@t@host/db"sv,
          "postgresql://me:s3cr/t@host/db"sv, "postgresql://me:x@@s3cr@127.0.0.1:1/db"sv,
          "postgresql://me:x@s3cr/y@127.0.0.1:1/db"sv, "postgres://me:?@@s3cr@localhost/db"sv,
          "postgresql://me:1/s3cr@localhost/db"sv, "postgresql://me:x@host/db?s3cr=1"sv,
          "password=s3cr t host=x"sv, "passwort=s3cr"sv, "s3cr"sv, "password='s3cr"sv,
          "host=a port=s3cr"sv, "host=s3cr@x"sv, "host=a,b,c port=1,2"sv,
          "host=a,b hostaddr=192.0.2.1"sv, "host=s3cr\0 x=1"sv, "port=99999999999999 host=a"sv,
          "host=a port=0"sv}) {
        const auto wrong = check_conninfo(bad);
        ASSERT_TRUE(wrong) << bad;
        EXPECT_EQ(wrong->find("s3cr"), wrong->npos) << *wrong;
        EXPECT_EQ(wrong->find('\n'), wrong->npos);
        EXPECT_GT(wrong->size(), 20U);
    }
}

}  // namespace
}  // namespace dns_tools::history::test
