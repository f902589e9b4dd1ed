// Attempts, failover and health.

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dns/resolver_fixture.hpp"

namespace dns_tools::dns::test {
namespace {

using ResolverFailoverTest = ResolverTest;
using Clock = std::chrono::steady_clock;
using Health = Resolver::Health;

TEST_F(ResolverFailoverTest, SilenceIsATimeout) {
    FakeUpstream upstream(loop, stay_silent);
    start({upstream.address()}, 100ms, 3);
    const auto begin = Clock::now();
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_timeout);
    EXPECT_EQ(answer.detail, "no answer from " + upstream.address().text() + " within 100 ms");
    EXPECT_EQ(upstream.received().size(), 3u);
    EXPECT_GE(Clock::now() - begin, 300ms);
    EXPECT_LT(Clock::now() - begin, 600ms);
    EXPECT_EQ(resolver->upstreams()[0].health, Health::down);
    EXPECT_EQ(observer.downs.size(), 1u);
}

TEST_F(ResolverFailoverTest, AFailureIsNotAskedAgain) {
    for (const auto& [rcode, text] :
         {std::pair{2u, "SERVFAIL"}, {5u, "REFUSED"}, {4u, "NOTIMP"}, {11u, "rcode 11"}}) {
        FakeUpstream upstream(loop, answer_rcode(rcode));
        start({upstream.address()});
        const auto answer = lookup("a.test");
        EXPECT_EQ(answer.result, Result::upstream_failure);
        EXPECT_EQ(answer.detail, text + (" from " + upstream.address().text()));
        EXPECT_EQ(upstream.received().size(), 1u);
        EXPECT_EQ(resolver->upstreams()[0].health, Health::up);
    }
}

TEST_F(ResolverFailoverTest, AFailureGoesToTheNextUpstreamAtOnce) {
    FakeUpstream bad(loop, answer_rcode(2));
    FakeUpstream looping(loop, [](auto& self, const auto& query) {
        self.reply(query, Packet(query.bytes).cname("@", "a.test", 5).bytes);
    });
    FakeUpstream good(loop, answer_all);
    start({bad.address(), looping.address(), good.address()}, 2s);
    const auto begin = Clock::now();
    for (int i = 0; i < 9; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    EXPECT_LT(Clock::now() - begin, 1s);
    EXPECT_EQ(good.received().size(), 9u);
    EXPECT_GE(bad.received().size(), 3u);
    EXPECT_GE(looping.received().size(), 3u);
}

TEST_F(ResolverFailoverTest, WhenAllHaveFailedNobodyIsAskedAgain) {
    FakeUpstream one(loop, answer_rcode(2));
    FakeUpstream other(loop, answer_rcode(5));
    start({one.address(), other.address()}, 2s, 5);
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_failure);
    EXPECT_EQ(answer.detail, "REFUSED from " + other.address().text());
    EXPECT_EQ(one.received().size() + other.received().size(), 2u);
}

TEST_F(ResolverFailoverTest, AnyFailureOutweighsSilence) {
    FakeUpstream failing(loop, answer_rcode(2));
    FakeUpstream silent(loop, stay_silent);
    start({failing.address(), silent.address()}, 100ms, 2);
    EXPECT_EQ(lookup("a.test").result, Result::upstream_failure);
}

TEST_F(ResolverFailoverTest, TheHealthyTakeTurns) {
    FakeUpstream one(loop, answer_all);
    FakeUpstream other(loop, answer_all);
    start({one.address(), other.address()});
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    EXPECT_EQ(one.received().size(), 10u);
    EXPECT_EQ(other.received().size(), 10u);
}

TEST_F(ResolverFailoverTest, AClosedPortIsAFailureSoon) {
    const auto nobody = dns_tools::test::loopback(dns_tools::test::free_port());
    start({nobody}, 400ms, 3);
    const auto begin = Clock::now();
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_failure);
    EXPECT_EQ(answer.detail, "cannot reach " + nobody.text() + ": Connection refused");
    EXPECT_GE(Clock::now() - begin, 200ms) << "no pause between attempts";
    EXPECT_LT(Clock::now() - begin, 400ms) << "waited for an answer that cannot come";
    EXPECT_EQ(observer.downs, std::vector{nobody});
}

TEST_F(ResolverFailoverTest, AClosedPortGoesToTheNextUpstreamAtOnce) {
    const auto nobody = dns_tools::test::loopback(dns_tools::test::free_port());
    FakeUpstream good(loop, answer_all);
    start({nobody, good.address()}, 2s);
    const auto begin = Clock::now();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(lookup("n" + std::to_string(i) + ".test").result, Result::ok);
    }
    EXPECT_LT(Clock::now() - begin, 500ms);
}

TEST_F(ResolverFailoverTest, ManyQueriesToAClosedPortAllFail) {
    const auto nobody = dns_tools::test::loopback(dns_tools::test::free_port());
    start({nobody}, 200ms, 2);
    std::vector<Recorder> recorders(1000);
    for (std::size_t i = 0; i < recorders.size(); ++i) {
        resolver->resolve(name_of("n" + std::to_string(i) + ".test"), recorders[i]);
    }
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }));
    for (const auto& recorder : recorders) {
        ASSERT_EQ(recorder.calls, 1);
        EXPECT_EQ(recorder.answer.result, Result::upstream_failure);
    }
}

TEST_F(ResolverFailoverTest, WithoutUpstreamsThereIsNoAnswer) {
    start({});
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_failure);
    EXPECT_EQ(answer.detail, "no upstream is configured");
    Recorder recorder;
    resolver->probe(recorder);
    ASSERT_TRUE(loop.run_until([&] { return recorder.calls == 1; }));
    EXPECT_EQ(recorder.answer.result, Result::upstream_failure);
}

TEST_F(ResolverFailoverTest, QueriesAreToldWithTheirUpstream) {
    FakeUpstream silent(loop, stay_silent);
    FakeUpstream slow(loop, [](FakeUpstream& self, const FakeUpstream::Query& query) {
        std::this_thread::sleep_for(20ms);  // the time that is measured
        answer_all(self, query);
    });
    time_queries = true;
    start({silent.address(), slow.address()}, 100ms);
    EXPECT_EQ(lookup("a.test").result, Result::ok);
    EXPECT_EQ(lookup("b.test").result, Result::ok);
    EXPECT_EQ(observer.queries[0].sent, silent.received().size());
    EXPECT_EQ(observer.queries[0].timeouts, observer.queries[0].sent);
    EXPECT_TRUE(observer.queries[0].answers.empty());
    EXPECT_EQ(observer.queries[1].sent, 2u);
    EXPECT_EQ(observer.queries[1].again, 0u);
    EXPECT_EQ(observer.queries[1].timeouts, 0u);
    ASSERT_EQ(observer.queries[1].answers.size(), 2u);
    EXPECT_GE(observer.queries[1].answers[0], 20ms);
    EXPECT_LT(observer.queries[1].answers[0], 10s);
}

TEST_F(ResolverFailoverTest, FailuresAreAnswersToo) {
    FakeUpstream upstream(loop, answer_rcode(2));
    start({upstream.address()});
    lookup("a.test");
    EXPECT_EQ(observer.queries[0].sent, 1u);
    ASSERT_EQ(observer.queries[0].answers.size(), 1u);
    EXPECT_EQ(observer.queries[0].answers[0], 0ns) << "nobody asked for times";
}

TEST_F(ResolverFailoverTest, ProbesTellWhoIsAlive) {
    FakeUpstream silent(loop, stay_silent);
    FakeUpstream failing(loop, answer_rcode(2));
    const auto nobody = dns_tools::test::loopback(dns_tools::test::free_port());
    const auto probe = [&] {
        Recorder recorder;
        resolver->probe(recorder);
        EXPECT_TRUE(loop.run_until([&] { return recorder.calls > 0; }));
        return recorder.answer.result;
    };
    start({silent.address()}, 100ms);
    EXPECT_EQ(probe(), Result::upstream_timeout);
    start({nobody}, 100ms);
    EXPECT_EQ(probe(), Result::upstream_failure);
    EXPECT_EQ(resolver->upstreams()[0].health, Health::down);

    start({silent.address(), nobody, failing.address()}, 1s);
    const auto begin = Clock::now();
    EXPECT_EQ(probe(), Result::ok);
    EXPECT_EQ(probe(), Result::ok);
    EXPECT_LT(Clock::now() - begin, 500ms);
    ASSERT_EQ(failing.received().size(), 1u) << "probes that meet share one round";
    EXPECT_NE(failing.received()[0].bytes[header_size], 0) << "not every c-ares asks for the root";
    EXPECT_EQ(resolver->upstreams()[2].health, Health::up);
    EXPECT_EQ(resolver->upstreams()[1].health, Health::down);
}

}  // namespace
}  // namespace dns_tools::dns::test
