// The resolver against a real DNS server.

#include <gtest/gtest.h>

#include <set>

#include "dns/resolver_fixture.hpp"

namespace dns_tools::dns::test {
namespace {

std::string zone() {
    std::string text =
        "a 120 A 192.0.2.1\n"
        "two 60 A 192.0.2.1\ntwo 60 A 192.0.2.2\n"
        "alias 30 CNAME middle\nmiddle 900 CNAME a\n"
        "dangling CNAME missing\n"
        "v6only AAAA 2001:db8::1\n"
        "text TXT \"nothing to see\"\n"
        "loop1 CNAME loop2\nloop2 CNAME loop1\n"
        "elsewhere CNAME host.sub\nsub NS ns.other.test.\n"
        "_under.score A 192.0.2.9\n"
        "*.wild 60 A 192.0.2.7\n";
    for (int i = 0; i < 300; ++i) {
        const auto address = "10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256);
        text += "many 60 A " + address + "\n*.large 60 A " + address + '\n';
    }
    return text;
}

class ResolverKnotTest : public ResolverTest {
protected:
    static void SetUpTestSuite() { knot = new KnotServer("example.test", zone()); }
    static void TearDownTestSuite() { delete std::exchange(knot, nullptr); }

    static KnotServer* knot;
};

KnotServer* ResolverKnotTest::knot = nullptr;

TEST_F(ResolverKnotTest, FindsAddresses) {
    start({knot->address()});
    const auto answer = lookup("a.example.test");
    EXPECT_EQ(answer.result, Result::ok);
    ASSERT_EQ(answer.addresses.size(), 1u);
    EXPECT_EQ(answer.addresses[0].address.text(), "192.0.2.1");
    EXPECT_EQ(answer.addresses[0].ttl, 120u);
    EXPECT_EQ(lookup("two.EXAMPLE.test.").addresses.size(), 2u);
    EXPECT_EQ(lookup("_under.score.example.test").result, Result::ok);
    EXPECT_EQ(resolver->upstreams()[0].health, Resolver::Health::up);
}

TEST_F(ResolverKnotTest, FollowsAliases) {
    start({knot->address()});
    const auto answer = lookup("alias.example.test");
    EXPECT_EQ(answer.result, Result::ok);
    EXPECT_EQ(answer.cnames, (std::vector<std::string>{"middle.example.test", "a.example.test"}));
    ASSERT_EQ(answer.addresses.size(), 1u);
    EXPECT_EQ(answer.addresses[0].ttl, 30u);
}

TEST_F(ResolverKnotTest, TellsNothingFromNowhere) {
    start({knot->address()});
    EXPECT_EQ(lookup("missing.example.test").result, Result::nxdomain);
    EXPECT_EQ(lookup("dangling.example.test").result, Result::nxdomain);
    EXPECT_EQ(lookup("v6only.example.test").result, Result::no_addresses);
    EXPECT_EQ(lookup("text.example.test").result, Result::no_addresses);
    EXPECT_EQ(lookup("x.y.wild.example.test").result, Result::ok);
}

TEST_F(ResolverKnotTest, RefusalsAndLoopsAreFailures) {
    start({knot->address()});
    const auto refused = lookup("www.example.org");
    EXPECT_EQ(refused.result, Result::upstream_failure);
    EXPECT_EQ(refused.detail, "REFUSED from " + knot->address().text());
    for (const auto* name : {"host.sub.example.test", "elsewhere.example.test"}) {
        const auto referral = lookup(name);
        EXPECT_EQ(referral.result, Result::upstream_failure) << name;
        EXPECT_EQ(referral.detail, "a referral from " + knot->address().text());
    }
    EXPECT_EQ(lookup("loop1.example.test").result, Result::upstream_failure);
}

TEST_F(ResolverKnotTest, AnAnswerOf300AddressesArrivesWhole) {
    start({knot->address()});
    const auto answer = lookup("many.example.test");
    ASSERT_EQ(answer.result, Result::ok) << answer.detail;
    std::set<std::string> different;
    for (const auto& record : answer.addresses) {
        different.insert(record.address.text());
    }
    EXPECT_EQ(different.size(), 300u);
    EXPECT_EQ(answer.addresses.size(), 300u);
}

TEST_F(ResolverKnotTest, ManyLargeAnswersShareTheirConnections) {
    start({knot->address()}, 5s);
    std::vector<Recorder> recorders(50);
    for (std::size_t i = 0; i < recorders.size(); ++i) {
        const auto name = "n" + std::to_string(i) + ".large.example.test";
        ASSERT_EQ(resolver->resolve(name_of(name), recorders[i]), nullptr);
    }
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }));
    for (const auto& recorder : recorders) {
        EXPECT_EQ(recorder.answer.result, Result::ok) << recorder.answer.detail;
        EXPECT_EQ(recorder.answer.addresses.size(), 300u);
    }
}

TEST_F(ResolverKnotTest, ABurstOf10000IsAnswered) {
    start({knot->address()}, 2s, 5, 16384);
    std::vector<Recorder> recorders(10000);
    for (std::size_t i = 0; i < recorders.size(); ++i) {
        const auto name = "n" + std::to_string(i) + ".wild.example.test";
        ASSERT_EQ(resolver->resolve(name_of(name), recorders[i]), nullptr);
    }
    EXPECT_EQ(resolver->outstanding(), recorders.size());
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }, 60s));
    for (const auto& recorder : recorders) {
        ASSERT_EQ(recorder.calls, 1);
        ASSERT_EQ(recorder.answer.result, Result::ok) << recorder.answer.detail;
    }
}

TEST_F(ResolverKnotTest, ProbeFindsItAlive) {
    start({knot->address()});
    EXPECT_FALSE(resolver->last_answer());
    Recorder one;
    Recorder other;
    resolver->probe(one);
    resolver->probe(other);
    ASSERT_TRUE(loop.run_until([&] { return one.calls == 1 && other.calls == 1; }));
    EXPECT_EQ(one.answer.result, Result::ok);
    EXPECT_EQ(other.answer.result, Result::ok);
    EXPECT_TRUE(resolver->last_answer());
}

}  // namespace
}  // namespace dns_tools::dns::test
