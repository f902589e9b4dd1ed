// Attempts, failover and health.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "dns/resolver_fixture.hpp"

namespace {

std::set<int> forbidden_sockets;

}  // namespace

/// As in the C library, but for sockets that a firewall is to forbid.
extern "C" ssize_t send(int fd, const void* data, size_t size, int flags) {
    if (forbidden_sockets.contains(fd)) {
        errno = EPERM;
        return -1;
    }
    return sendto(fd, data, size, flags, nullptr, 0);
}

namespace dns_tools::dns::test {
namespace {

/// Sends from these sockets fail while it lives.
class Forbidden {
public:
    explicit Forbidden(std::set<int> sockets) { forbidden_sockets = std::move(sockets); }
    ~Forbidden() { forbidden_sockets.clear(); }
    Forbidden(const Forbidden&) = delete;
    Forbidden& operator=(const Forbidden&) = delete;
};

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

TEST_F(ResolverFailoverTest, ASilentUpstreamIsLeftOutAndComesBack) {
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

TEST_F(ResolverFailoverTest, AnUpstreamComesBackWithoutALookup) {
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

TEST_F(ResolverFailoverTest, NoLookupPaysForAnUpstreamThatIsDown) {
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

TEST_F(ResolverFailoverTest, WhoAnswersProbesOnlyGetsOneLookupATime) {
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

TEST_F(ResolverFailoverTest, ATrialIsOneLookup) {
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

TEST_F(ResolverFailoverTest, AnAnsweredProbeDoesNotExcuseSilenceToLookups) {
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

TEST_F(ResolverFailoverTest, WhoAnswersLookupsOnlyComesBack) {
    FakeUpstream picky(loop, stay_silent);
    FakeUpstream good(loop, answer_all);
    start({picky.address(), good.address()}, 50ms, 3);
    while (observer.downs.empty()) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    picky.handle_with(answer_all_but_arpa);
    EXPECT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 8s));
}

TEST_F(ResolverFailoverTest, WhoAnswersLookupsOnlyIsAlive) {
    FakeUpstream picky(loop, answer_all_but_arpa);
    start({picky.address()}, 100ms);
    EXPECT_EQ(lookup("a.test").result, Result::ok);
    Recorder probe;
    resolver->probe(probe);
    EXPECT_TRUE(loop.run_until([&] { return probe.calls > 0; }));
    EXPECT_EQ(probe.answer.result, Result::ok);
}

TEST_F(ResolverFailoverTest, ANameThatMakesItSilentDoesNotKeepItDown) {
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

TEST_F(ResolverFailoverTest, AnAnswerToWhatWasUnansweredIsAnnouncedAfterAFailedTrial) {
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

TEST_F(ResolverFailoverTest, ARoundOfProbesTakesARetryAlong) {
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

TEST_F(ResolverFailoverTest, SilentNamesDoNotCountWhileOthersAreAnswered) {
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

/// The sockets that are connected to `server`.
std::set<int> sockets_to(const SocketAddress& server) {
    std::set<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int fd = std::stoi(entry.path().filename());
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
            ntohs(peer.sin_port) == server.port()) {
            found.insert(fd);
        }
    }
    return found;
}

/// Leaves the sockets that are connected to `server` unable to send, as when this machine has lost
/// the address they are bound to.
void break_sockets(const SocketAddress& server) {
    for (const int fd : sockets_to(server)) {
        sockaddr none{};
        none.sa_family = AF_UNSPEC;
        EXPECT_EQ(connect(fd, &none, sizeof none), 0);
    }
}

TEST_F(ResolverFailoverTest, ASocketThatCannotSendIsReplaced) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()}, 2s, 1);
    const auto all_are_answered = [&] {
        for (int i = 0; i < 200; ++i) {
            EXPECT_EQ(lookup("a.test").detail, "");
        }
    };
    all_are_answered();
    break_sockets(upstream.address());
    all_are_answered();
    EXPECT_TRUE(observer.downs.empty());
}

TEST_F(ResolverFailoverTest, AFirewallThatRefusesOneFlowRefusesNoOther) {
    std::vector<FakeUpstream::Query> held;
    FakeUpstream upstream(loop, [&](FakeUpstream&, const auto& query) { held.push_back(query); });
    start({upstream.address()}, 5s, 1);
    std::vector<Recorder> recorders(400);
    const auto ask = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            resolver->resolve(name_of("n" + std::to_string(i) + ".test"), recorders[i]);
        }
    };
    ask(0, 200);
    const auto sockets = sockets_to(upstream.address());
    ASSERT_EQ(sockets.size(), 16u);
    const Forbidden forbidden({*sockets.begin()});
    ask(200, 400);
    loop.run_for(50ms);
    upstream.handle_with(answer_all);
    for (const auto& query : held) {
        answer_all(upstream, query);
    }
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }));
    const auto failures = [&](std::size_t from, std::size_t to) {
        return std::count_if(recorders.begin() + static_cast<std::ptrdiff_t>(from),
                             recorders.begin() + static_cast<std::ptrdiff_t>(to),
                             [](const auto& one) { return one.answer.result != Result::ok; });
    };
    EXPECT_EQ(failures(0, 200), 0) << "these had left";
    EXPECT_LE(failures(200, 400), 8) << "one in 256 meets the same socket twice";
    EXPECT_TRUE(observer.downs.empty());
}

TEST_F(ResolverFailoverTest, AFirewallThatRefusesAllFlowsLeavesTheServerOut) {
    FakeUpstream upstream(loop, answer_all);
    FakeUpstream good(loop, answer_all);
    start({upstream.address(), good.address()}, 300ms, 1);
    for (int i = 0; i < 400; ++i) {
        lookup("a.test");
    }
    {
        const Forbidden forbidden(sockets_to(upstream.address()));
        for (int i = 0; i < 100; ++i) {
            lookup("a.test");
        }
        EXPECT_EQ(observer.downs, std::vector{upstream.address()});
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    EXPECT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 5s));
}

/// A server to which the way of some source ports is lost without a word, as when this machine has
/// lost an IPv6 address, or a NAT on the way keeps what it knew of them.
class LossyUpstream {
public:
    explicit LossyUpstream(PollLoop& loop)
        : upstream(loop, [this](FakeUpstream& self, const FakeUpstream::Query& query) {
              if (lost_ports.contains(query.port())) {
                  ++lost;
              } else {
                  seen_ports.insert(query.port());
                  answer_all(self, query);
              }
          }) {}

    void lose_seen_ports() { lost_ports = std::exchange(seen_ports, {}); }

    FakeUpstream upstream;
    std::set<std::uint16_t> seen_ports;
    std::set<std::uint16_t> lost_ports;
    unsigned lost = 0;
};

TEST_F(ResolverFailoverTest, ASocketThatBringsNoAnswersIsReplaced) {
    LossyUpstream lossy(loop);
    start({lossy.upstream.address()}, 30ms, 1);
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    lossy.lose_seen_ports();
    for (int i = 0; i < 200; ++i) {
        lookup("a.test");
    }
    EXPECT_GE(lossy.lost, 1u);
    EXPECT_LE(lossy.lost, lossy.lost_ports.size())
        << "a query was sent where another had been lost";
}

TEST_F(ResolverFailoverTest, AfterSilenceItIsProbedFromANewSocket) {
    LossyUpstream lossy(loop);
    FakeUpstream good(loop, answer_all);
    start({lossy.upstream.address(), good.address()}, 30ms, 3);
    for (int i = 0; i < 400; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    lossy.lose_seen_ports();
    while (observer.downs.empty()) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    const auto lost = lossy.lost;
    ASSERT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 3s));
    EXPECT_EQ(lossy.lost, lost);
}

TEST_F(ResolverFailoverTest, AnOutageOpensFewSockets) {
    std::set<std::uint16_t> ports;
    FakeUpstream silent(loop,
                        [&](FakeUpstream&, const auto& query) { ports.insert(query.port()); });
    start({silent.address()}, 100ms, 1);
    std::vector<Recorder> recorders(20000);
    std::size_t asked = 0;
    const auto begin = Clock::now();
    while (Clock::now() < begin + 1s && asked < recorders.size()) {
        for (int i = 0; i < 20; ++i, ++asked) {
            resolver->resolve(name_of("n" + std::to_string(asked) + ".test"), recorders.at(asked));
        }
        loop.run_for(1ms);
    }
    const auto timeouts = static_cast<std::size_t>((Clock::now() - begin) / 100ms) + 1;
    EXPECT_GT(asked, 1000u);
    EXPECT_LE(ports.size(), 16 * 2 * timeouts) << asked << " queries";
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
