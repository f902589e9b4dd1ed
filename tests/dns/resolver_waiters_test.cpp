// Who waits for what, and what is left when nobody does.

#include <gtest/gtest.h>

#include <set>

#include "dns/resolver_fixture.hpp"

namespace dns_tools::dns::test {
namespace {

using ResolverWaitersTest = ResolverTest;

/// The loop of the test, with a list of the armed timers.
class SpyLoop final : public EventLoop {
public:
    explicit SpyLoop(PollLoop& loop) : loop_(loop) {}

    std::unique_ptr<Timer> make_timer(Callback fired) override {
        return std::make_unique<SpyTimer>(*this, std::move(fired));
    }
    std::unique_ptr<Task> make_task(Callback run) override {
        return loop_.make_task(std::move(run));
    }
    std::unique_ptr<Watch> watch(int fd, ReadyCallback ready) override {
        return loop_.watch(fd, std::move(ready));
    }
    std::chrono::steady_clock::time_point now() const override { return loop_.now(); }

    bool any_armed() const {
        return std::any_of(timers_.begin(), timers_.end(),
                           [](const Timer* timer) { return timer->armed(); });
    }

private:
    class SpyTimer final : public Timer {
    public:
        SpyTimer(SpyLoop& spy, Callback fired)
            : spy_(spy), timer_(spy.loop_.make_timer(std::move(fired))) {
            spy_.timers_.insert(this);
        }
        ~SpyTimer() override { spy_.timers_.erase(this); }
        void arm(std::chrono::milliseconds after, OnExit on_exit) override {
            timer_->arm(after, on_exit);
        }
        void disarm() noexcept override { timer_->disarm(); }
        bool armed() const noexcept override { return timer_->armed(); }

    private:
        SpyLoop& spy_;
        std::unique_ptr<Timer> timer_;
    };

    PollLoop& loop_;
    std::set<const Timer*> timers_;
};

TEST_F(ResolverWaitersTest, EqualQuestionsShareOnePacket) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()});
    std::vector<Recorder> recorders(100);
    for (auto& recorder : recorders) {
        ASSERT_EQ(resolver->resolve(name_of("Shared.test"), recorder), nullptr);
    }
    EXPECT_EQ(resolver->outstanding(), 1u);
    ASSERT_TRUE(loop.run_until([&] { return recorders.back().calls > 0; }));
    EXPECT_EQ(upstream.received().size(), 1u);
    for (std::size_t i = 0; i < recorders.size(); ++i) {
        EXPECT_EQ(recorders[i].calls, 1);
        EXPECT_EQ(recorders[i].answer.result, Result::ok);
        EXPECT_EQ(recorders[i].source, i == 0 ? Source::upstream : Source::coalesced);
    }
    EXPECT_EQ(resolver->outstanding(), 0u);
}

TEST_F(ResolverWaitersTest, OneThatLeavesCancelsNothingForOthers) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()});
    auto first = std::make_unique<Recorder>();
    Recorder second;
    auto third = std::make_unique<Recorder>();
    resolver->resolve(name_of("a.test"), *first);
    resolver->resolve(name_of("a.test"), second);
    resolver->resolve(name_of("a.test"), *third);
    first.reset();
    third.reset();
    ASSERT_TRUE(loop.run_until([&] { return second.calls == 1; }));
    EXPECT_EQ(second.answer.result, Result::ok);
}

TEST_F(ResolverWaitersTest, AQuestionNobodyWaitsForIsNotAskedAgain) {
    FakeUpstream upstream(loop, stay_silent);
    start({upstream.address()}, 100ms, 5);
    {
        Recorder recorder;
        resolver->resolve(name_of("a.test"), recorder);
        EXPECT_TRUE(loop.holds_exit());
    }
    loop.run_for(60ms);
    EXPECT_EQ(resolver->outstanding(), 1u);
    EXPECT_FALSE(loop.holds_exit()) << "a worker would stay for nobody";

    // Whoever comes now joins, and is waited for.
    Recorder late;
    resolver->resolve(name_of("a.test"), late);
    EXPECT_TRUE(loop.holds_exit());
    ASSERT_TRUE(loop.run_until([&] { return upstream.received().size() == 2; }));
    EXPECT_EQ(late.calls, 0);
}

TEST_F(ResolverWaitersTest, LeftoversEndByThemselves) {
    FakeUpstream upstream(loop, stay_silent);
    start({upstream.address()}, 100ms, 5);
    {
        Recorder recorder;
        resolver->resolve(name_of("a.test"), recorder);
    }
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }, 1s));
    loop.run_for(200ms);
    EXPECT_EQ(upstream.received().size(), 1u);
}

TEST_F(ResolverWaitersTest, ACallMayAskAnewAndDestroyOthers) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()});
    auto victim = std::make_unique<Recorder>();
    auto self = std::make_unique<Recorder>();
    Recorder again;
    Recorder last;
    int calls = 0;
    self->then = [&] {
        ++calls;
        victim.reset();
        EXPECT_EQ(resolver->resolve(name_of("a.test"), again), nullptr);
        auto gone = std::move(self);
    };
    resolver->resolve(name_of("a.test"), *self);
    resolver->resolve(name_of("a.test"), *victim);
    resolver->resolve(name_of("a.test"), last);
    ASSERT_TRUE(loop.run_until([&] { return again.calls == 1 && last.calls == 1; }));
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(again.source, Source::upstream) << "a new question";
    EXPECT_EQ(upstream.received().size(), 2u);
}

TEST_F(ResolverWaitersTest, AProbeMayBeFollowedByAnother) {
    FakeUpstream upstream(loop, answer_all);
    FakeUpstream silent(loop, stay_silent);
    start({upstream.address(), silent.address()}, 200ms);
    Recorder first;
    Recorder second;
    first.then = [&] { resolver->probe(second); };
    resolver->probe(first);
    ASSERT_TRUE(loop.run_until([&] { return second.calls == 1; }));
    EXPECT_EQ(second.answer.result, Result::ok);
    {
        Recorder gone;
        resolver->probe(gone);
    }
    loop.run_for(300ms);
}

TEST_F(ResolverWaitersTest, TheNumberOfQuestionsIsBounded) {
    FakeUpstream upstream(loop, stay_silent);
    start({upstream.address()}, 100ms, 1, 2);
    Recorder one;
    Recorder two;
    Recorder joined;
    Recorder three;
    EXPECT_EQ(resolver->resolve(name_of("one.test"), one), nullptr);
    EXPECT_EQ(resolver->resolve(name_of("two.test"), two), nullptr);
    EXPECT_EQ(resolver->resolve(name_of("two.test"), joined), nullptr);
    const Answer* refused = resolver->resolve(name_of("three.test"), three);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->result, Result::overloaded);
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }));
    EXPECT_EQ(three.calls, 0);
    EXPECT_EQ(resolver->resolve(name_of("three.test"), three), nullptr);
    EXPECT_EQ(upstream.received().size(), 2u);
}

TEST_F(ResolverWaitersTest, SpecialNamesNeedNoPacket) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()});
    for (const auto* name : {"localhost", "a.localhost", "LocalHost."}) {
        const auto answer = lookup(name);
        EXPECT_EQ(answer.result, Result::ok);
        ASSERT_EQ(answer.addresses.size(), 1u);
        EXPECT_EQ(answer.addresses[0].address.text(), "127.0.0.1");
        EXPECT_GT(answer.addresses[0].ttl, 0u);
    }
    for (const auto* name :
         {"invalid", "a.invalid", "onion", "a.b.onion", "local", "printer.local"}) {
        EXPECT_EQ(lookup(name).result, Result::nxdomain) << name;
    }
    EXPECT_TRUE(upstream.received().empty());
    EXPECT_EQ(lookup("notlocal").result, Result::ok);
    EXPECT_EQ(upstream.received().size(), 1u);
}

TEST_F(ResolverWaitersTest, IdleMeansNoTimer) {
    FakeUpstream upstream(loop, answer_all);
    SpyLoop spy(loop);
    ResolverOptions options;
    options.upstreams = {upstream.address()};
    options.timeout = 100ms;
    Resolver spied(spy, random, observer, options);
    EXPECT_FALSE(spy.any_armed());

    Recorder recorder;
    spied.resolve(name_of("a.test"), recorder);
    EXPECT_TRUE(spy.any_armed());
    ASSERT_TRUE(loop.run_until([&] { return recorder.calls == 1; }));
    EXPECT_FALSE(spy.any_armed());

    upstream.handle_with(stay_silent);
    Recorder other;
    spied.resolve(name_of("b.test"), other);
    ASSERT_TRUE(loop.run_until([&] { return other.calls == 1; }));
    EXPECT_TRUE(spy.any_armed()) << "what is down is tried again";

    upstream.handle_with(answer_all);
    Recorder probe;
    spied.probe(probe);
    ASSERT_TRUE(loop.run_until([&] { return probe.calls == 1; }));
    EXPECT_FALSE(spy.any_armed());
}

TEST_F(ResolverWaitersTest, ALoopWithoutRoomIsAnErrorOfTheQuery) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()}, 200ms, 3);
    loop.refuse_watches(1000);
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_failure);
    EXPECT_EQ(answer.detail, "cannot ask " + upstream.address().text() +
                                 ": the event loop has no room for another socket");
    EXPECT_TRUE(observer.downs.empty()) << "it is not the upstream's fault";

    loop.refuse_watches(1);
    EXPECT_EQ(lookup("b.test").result, Result::ok) << "one refusal passes";

    loop.refuse_watches(1000);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok) << "the socket that is there will do";
    }
    loop.refuse_watches(0);
}

TEST_F(ResolverWaitersTest, ALoopWithoutRoomForTcpIsAnErrorOfTheQuery) {
    FakeUpstream upstream(loop, [&](auto& self, const auto& query) {
        self.reply(query, Packet(query.bytes).truncated().bytes);
        loop.refuse_watches(1000);
    });
    start({upstream.address()}, 200ms, 1);
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_failure) << answer.detail;
    loop.refuse_watches(0);
}

TEST_F(ResolverWaitersTest, AResolverMayGoWhileQueriesAreOut) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        if (query.bytes[header_size + 1] == 't' && !query.over_tcp()) {
            self.reply(query, Packet(query.bytes).truncated().bytes);
        }
    });
    start({upstream.address()}, 5s);
    Recorder over_udp;
    Recorder over_tcp;
    Recorder probe;
    resolver->resolve(name_of("u.test"), over_udp);
    resolver->resolve(name_of("t.test"), over_tcp);
    resolver->probe(probe);
    ASSERT_TRUE(loop.run_until([&] { return upstream.connections() == 1; }));
    loop.run_for(20ms);
    resolver.reset();
    loop.run_for(20ms);
    EXPECT_EQ(over_udp.calls + over_tcp.calls + probe.calls, 0);
    EXPECT_FALSE(loop.holds_exit());
}

TEST_F(ResolverWaitersTest, TheSystemHasNameservers) {
    // c-ares falls back to 127.0.0.1 when the file names none.
    EXPECT_FALSE(system_nameservers().empty());
    for (const auto& server : system_nameservers()) {
        EXPECT_NE(server.port(), 0);
    }
}

}  // namespace
}  // namespace dns_tools::dns::test
