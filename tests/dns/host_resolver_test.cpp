#include "dns/host_resolver.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "dns/resolver_fixture.hpp"

namespace dns_tools::dns::test {
namespace {

struct Outcome {
    std::vector<std::string> addresses;
    std::string error;
};

class HostResolverTest : public ::testing::Test {
protected:
    Outcome find(HostResolver& resolver, std::string_view host) {
        std::optional<Outcome> outcome;
        resolver.resolve(host, [&](std::vector<IpAddress> addresses, std::string error) {
            outcome.emplace();
            for (const auto& address : addresses) {
                outcome->addresses.push_back(address.text());
            }
            outcome->error = std::move(error);
        });
        EXPECT_FALSE(outcome.has_value()) << "called from inside resolve()";
        EXPECT_TRUE(loop.run_until([&] { return outcome.has_value(); }, 20s)) << host;
        return outcome.value_or(Outcome{});
    }

    PollLoop loop;
};

/// Knows the addresses of db.test, and no other name.
void answer_database(FakeUpstream& upstream, const FakeUpstream::Query& query) {
    const auto type = query.bytes[query.bytes.size() > header_size ? header_size + 10 : 0];
    const bool known = query.bytes[header_size + 1] == 'd' && query.bytes[header_size + 2] == 'b';
    if (!known) {
        upstream.reply(query, Packet(query.bytes, 3).bytes);
    } else if (type == 1) {
        upstream.reply(query, Packet(query.bytes).a("@", {127, 0, 0, 9}, 60).bytes);
    } else {
        std::vector<std::uint8_t> loopback(16);
        loopback.back() = 1;
        upstream.reply(query, Packet(query.bytes).record("@", 28, 60, loopback).bytes);
    }
}

TEST_F(HostResolverTest, LiteralsAreTheirOwnAnswer) {
    FakeUpstream nameserver(loop, answer_database);
    HostResolver resolver(loop, {nameserver.address()});
    EXPECT_EQ(find(resolver, "192.0.2.1").addresses, std::vector<std::string>{"192.0.2.1"});
    EXPECT_EQ(find(resolver, "2001:db8::1").addresses, std::vector<std::string>{"2001:db8::1"});
    EXPECT_TRUE(nameserver.received().empty());
}

TEST_F(HostResolverTest, FindsBothFamilies) {
    FakeUpstream nameserver(loop, answer_database);
    HostResolver resolver(loop, {nameserver.address()});
    auto outcome = find(resolver, "db.test");
    std::sort(outcome.addresses.begin(), outcome.addresses.end());
    EXPECT_EQ(outcome.addresses, (std::vector<std::string>{"127.0.0.9", "::1"}));
    EXPECT_TRUE(outcome.error.empty());
    EXPECT_FALSE(loop.holds_exit());
}

TEST_F(HostResolverTest, ReadsTheHostsFile) {
    FakeUpstream nameserver(loop, answer_database);
    HostResolver resolver(loop, {nameserver.address()});
    const auto outcome = find(resolver, "localhost");
    EXPECT_NE(std::find(outcome.addresses.begin(), outcome.addresses.end(), "127.0.0.1"),
              outcome.addresses.end());
}

TEST_F(HostResolverTest, SaysWhyThereIsNoAddress) {
    FakeUpstream nameserver(loop, answer_database);
    HostResolver resolver(loop, {nameserver.address()});
    const auto outcome = find(resolver, "nowhere.invalid");
    EXPECT_TRUE(outcome.addresses.empty());
    EXPECT_EQ(outcome.error.find("cannot resolve \"nowhere.invalid\": "), 0u) << outcome.error;
    EXPECT_FALSE(nameserver.received().empty());
    EXPECT_FALSE(find(resolver, "").error.empty());
    EXPECT_FALSE(find(resolver, std::string_view("db\0.test", 8)).error.empty());
}

TEST_F(HostResolverTest, SilentNameserversTakeNoLongerThanWhoAsksMayWait) {
    FakeUpstream first(loop, stay_silent);
    FakeUpstream second(loop, stay_silent);
    HostResolver resolver(loop, {first.address(), second.address()});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(find(resolver, "nowhere.invalid").error.empty());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 7s);
    EXPECT_FALSE(second.received().empty());
}

TEST_F(HostResolverTest, SeveralAtOnce) {
    FakeUpstream nameserver(loop, answer_database);
    HostResolver resolver(loop, {nameserver.address()});
    int calls = 0;
    for (int i = 0; i < 10; ++i) {
        resolver.resolve(
            "db" + std::to_string(i) + ".test",
            [&](std::vector<IpAddress> addresses, std::string) { calls += !addresses.empty(); });
    }
    loop.run_until([&] { return calls == 10; });
    EXPECT_EQ(calls, 10);
}

TEST_F(HostResolverTest, MayGoWhileAskingAndFromItsOwnCall) {
    FakeUpstream nameserver(loop, stay_silent);
    auto resolver = std::make_unique<HostResolver>(loop, std::vector{nameserver.address()});
    resolver->resolve("db.test", [](auto, auto) { FAIL() << "called after all"; });
    loop.run_until([&] { return !nameserver.received().empty(); });
    EXPECT_FALSE(loop.holds_exit()) << "a worker would stay for a host name";
    resolver.reset();
    loop.run_for(20ms);

    resolver = std::make_unique<HostResolver>(loop, std::vector{nameserver.address()});
    bool called = false;
    resolver->resolve("127.0.0.1", [&](auto, auto) {
        called = true;
        resolver.reset();
    });
    EXPECT_TRUE(loop.run_until([&] { return called; }));
}

TEST_F(HostResolverTest, ALoopWithoutRoomIsAnError) {
    FakeUpstream nameserver(loop, answer_database);
    HostResolver resolver(loop, {nameserver.address()});
    loop.refuse_watches(1000);
    EXPECT_FALSE(find(resolver, "db.test").error.empty());
    loop.refuse_watches(0);
}

}  // namespace
}  // namespace dns_tools::dns::test
