// Nameservers that are down: who probes them, with what, and when they have lookups again.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dns/resolver_fixture.hpp"

namespace dns_tools::dns::test {
namespace {

using ResolverProbesTest = ResolverTest;
using Clock = std::chrono::steady_clock;
using Health = Resolver::Health;

TEST_F(ResolverProbesTest, ASilentUpstreamIsLeftOutAndComesBack) {
    FakeUpstream flaky(loop, stay_silent);
    FakeUpstream good(loop, answer_all);
    start({flaky.address(), good.address()}, 100ms);
    while (flaky.received().size() < 3) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    ASSERT_EQ(observer.downs, std::vector{flaky.address()});

    const auto begin = Clock::now();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    EXPECT_LT(Clock::now() - begin, 300ms);
    EXPECT_LE(flaky.received().size(), 4u);

    flaky.handle_with(answer_all);
    const auto deadline = Clock::now() + 5s;
    while (observer.ups.empty() && Clock::now() < deadline) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
        loop.run_for(10ms);
    }
    EXPECT_EQ(observer.ups, std::vector{flaky.address()});
    EXPECT_EQ(resolver->upstreams()[0].health, Health::up);
}

TEST_F(ResolverProbesTest, AnUpstreamComesBackWithoutALookup) {
    FakeUpstream upstream(loop, stay_silent);
    start({upstream.address()}, 50ms, 3);
    EXPECT_EQ(lookup("a.test").result, Result::upstream_timeout);
    ASSERT_EQ(resolver->upstreams()[0].health, Health::down);
    EXPECT_FALSE(loop.holds_exit()) << "nobody waits for it";
    upstream.handle_with(answer_all);
    EXPECT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 5s));
    EXPECT_EQ(resolver->upstreams()[0].health, Health::up);
    EXPECT_TRUE(loop.run_until([&] { return loop.armed_timers() == 0; })) << "all are up";
}

TEST_F(ResolverProbesTest, NoLookupPaysForAnUpstreamThatIsDown) {
    FakeUpstream dead(loop, stay_silent);
    FakeUpstream good(loop, answer_all);
    start({dead.address(), good.address()}, 50ms, 1);
    while (observer.downs.empty()) {
        lookup("a.test");
    }
    // Over more than one retry.
    const auto before = dead.received().size();
    while (dead.received().size() < before + 2) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
        loop.run_for(5ms);
    }
}

/// As a resolver does that is cut off from the internet and has `arpa` in its cache.
void answer_arpa(FakeUpstream& upstream, const FakeUpstream::Query& query) {
    if (question_name(query.bytes) == "arpa") {
        upstream.reply(query, Packet(query.bytes).bytes);
    }
}

std::size_t lookups_at(const FakeUpstream& upstream) {
    return static_cast<std::size_t>(
        std::count_if(upstream.received().begin(), upstream.received().end(),
                      [](const auto& query) { return question_name(query.bytes) != "arpa"; }));
}

TEST_F(ResolverProbesTest, WhoAnswersProbesOnlyGetsOneLookupATime) {
    FakeUpstream cut(loop, answer_arpa);
    FakeUpstream good(loop, answer_all);
    start({cut.address(), good.address()}, 50ms, 3);
    for (const auto end = Clock::now() + 5s; Clock::now() < end; loop.run_for(5ms)) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    EXPECT_EQ(observer.ups.size(), 1u) << "there was no trial, or the log is full of it";
    EXPECT_LE(lookups_at(cut), 3u + 3) << "the pauses between trials do not grow";
    EXPECT_EQ(observer.downs.size(), 2u);
    EXPECT_EQ(resolver->upstreams()[0].health, Health::down);
}

TEST_F(ResolverProbesTest, ATrialIsOneLookup) {
    FakeUpstream cut(loop, answer_arpa);
    FakeUpstream good(loop, answer_all);
    start({cut.address(), good.address()}, 100ms, 3);
    while (observer.downs.empty()) {
        lookup("a.test");
    }
    ASSERT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 5s));
    const auto before = lookups_at(cut);
    std::vector<Recorder> recorders(20);
    for (std::size_t i = 0; i < recorders.size(); ++i) {
        resolver->resolve(name_of("n" + std::to_string(i) + ".test"), recorders[i]);
    }
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }));
    EXPECT_EQ(lookups_at(cut), before + 1);
    EXPECT_EQ(observer.downs.size(), 2u);
    EXPECT_EQ(lookup("a.test").result, Result::ok);
    EXPECT_EQ(lookups_at(cut), before + 1) << "it is down again";

    cut.handle_with(answer_all);
    const auto deadline = Clock::now() + 10s;
    while (observer.ups.size() < 2 && Clock::now() < deadline) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
        loop.run_for(10ms);
    }
    EXPECT_EQ(resolver->upstreams()[0].health, Health::up);
    const auto now_at = lookups_at(cut);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    EXPECT_EQ(lookups_at(cut), now_at + 10) << "it has its share again";
}

TEST_F(ResolverProbesTest, AnAnsweredProbeDoesNotExcuseSilenceToLookups) {
    FakeUpstream cut(loop, answer_arpa);
    start({cut.address()}, 50ms, 1);
    for (int i = 0; i < 3; ++i) {
        Recorder probe;
        resolver->probe(probe);
        EXPECT_EQ(lookup("a.test").result, Result::upstream_timeout);
        EXPECT_EQ(probe.answer.result, Result::ok);
    }
    EXPECT_EQ(resolver->upstreams()[0].health, Health::down);
}

/// As a server does that refuses by silence what is not for its clients, or one type of record.
void answer_all_but_arpa(FakeUpstream& upstream, const FakeUpstream::Query& query) {
    if (question_name(query.bytes) != "arpa") {
        answer_all(upstream, query);
    }
}

/// Such a server, and a name that it never answers.
void answer_neither_arpa_nor_poison(FakeUpstream& upstream, const FakeUpstream::Query& query) {
    if (question_name(query.bytes) != "poison.test") {
        answer_all_but_arpa(upstream, query);
    }
}

TEST_F(ResolverProbesTest, WhoAnswersLookupsOnlyComesBack) {
    FakeUpstream picky(loop, stay_silent);
    FakeUpstream good(loop, answer_all);
    start({picky.address(), good.address()}, 50ms, 3);
    while (observer.downs.empty()) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    picky.handle_with(answer_all_but_arpa);
    EXPECT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 8s));
}

TEST_F(ResolverProbesTest, WhoAnswersLookupsOnlyIsAlive) {
    FakeUpstream picky(loop, answer_all_but_arpa);
    start({picky.address()}, 100ms);
    EXPECT_EQ(lookup("a.test").result, Result::ok);
    Recorder probe;
    resolver->probe(probe);
    EXPECT_TRUE(loop.run_until([&] { return probe.calls > 0; }));
    EXPECT_EQ(probe.answer.result, Result::ok);
}

TEST_F(ResolverProbesTest, ANameThatMakesItSilentDoesNotKeepItDown) {
    for (const bool answered_before : {false, true}) {
        FakeUpstream picky(loop, answered_before
                                     ? FakeUpstream::Handler(answer_neither_arpa_nor_poison)
                                     : FakeUpstream::Handler(answer_arpa));
        observer.downs.clear();
        observer.ups.clear();
        start({picky.address()}, 50ms, 3);
        if (answered_before) {
            EXPECT_EQ(lookup("a.test").result, Result::ok);
        }
        EXPECT_EQ(lookup("poison.test").result, Result::upstream_timeout);
        EXPECT_EQ(observer.downs.size(), 1u);
        EXPECT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 8s)) << answered_before;
    }
}

TEST_F(ResolverProbesTest, AnAnswerToWhatWasUnansweredIsAnnouncedAfterAFailedTrial) {
    FakeUpstream cut(loop, answer_arpa);
    FakeUpstream good(loop, answer_all);
    start({cut.address(), good.address()}, 50ms, 3);
    const auto deadline = Clock::now() + 5s;
    while (observer.downs.size() < 2 && Clock::now() < deadline) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
        loop.run_for(5ms);
    }
    ASSERT_EQ(observer.ups.size(), 1u);
    cut.handle_with(answer_all);
    EXPECT_TRUE(loop.run_until([&] { return observer.ups.size() == 2; }, 10s))
        << "without a lookup";
}

TEST_F(ResolverProbesTest, ARoundOfProbesTakesARetryAlong) {
    FakeUpstream upstream(loop, stay_silent);
    start({upstream.address()}, 300ms, 3);
    EXPECT_EQ(lookup("a.test").result, Result::upstream_timeout);
    const auto before = upstream.received().size();
    ASSERT_TRUE(loop.run_until([&] { return upstream.received().size() > before; }, 5s));
    Recorder one;
    resolver->probe(one);
    loop.run_for(20ms);
    EXPECT_EQ(upstream.received().size(), before + 1) << "the one under way serves as well";
    EXPECT_TRUE(loop.run_until([&] { return one.calls == 1; }));
    EXPECT_EQ(one.answer.result, Result::upstream_timeout);
}

TEST_F(ResolverProbesTest, SilentNamesDoNotCountWhileOthersAreAnswered) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        if (query.bytes[header_size + 1] != 'q') {
            answer_all(self, query);
        }
    });
    start({upstream.address()}, 100ms, 2);
    std::vector<Recorder> quiet(10);
    for (std::size_t i = 0; i < quiet.size(); ++i) {
        resolver->resolve(name_of("q" + std::to_string(i) + ".test"), quiet[i]);
    }
    const auto deadline = Clock::now() + 5s;
    while (quiet.back().calls == 0 && Clock::now() < deadline) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
        loop.run_for(10ms);
    }
    EXPECT_EQ(quiet.back().answer.result, Result::upstream_timeout);
    EXPECT_TRUE(observer.downs.empty());
}

}  // namespace
}  // namespace dns_tools::dns::test
