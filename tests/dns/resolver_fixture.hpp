#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "dns/packets.hpp"
#include "dns/resolver.hpp"
#include "support/dns_server.hpp"
#include "support/poll_loop.hpp"

namespace dns_tools::dns::test {

using namespace std::chrono_literals;
using dns_tools::test::FakeUpstream;
using dns_tools::test::KnotServer;
using dns_tools::test::PollLoop;

inline Name name_of(std::string_view text) {
    return std::get<Name>(Name::parse(text));
}

/// Keeps what it was told.
class Recorder final : public Waiter {
public:
    void answered(const Answer& told, Source from) noexcept override {
        ++calls;
        answer = told;
        source = from;
        if (then) {
            then();
        }
    }

    int calls = 0;
    Answer answer;
    Source source = Source::local;
    std::function<void()> then;
};

class RecordingObserver final : public ResolverObserver {
public:
    void upstream_down(const SocketAddress& upstream, std::string_view) noexcept override {
        downs.push_back(upstream);
    }
    void upstream_up(const SocketAddress& upstream) noexcept override { ups.push_back(upstream); }
    void query_sent(std::size_t upstream, bool again) noexcept override {
        ++queries[upstream].sent;
        queries[upstream].again += again ? 1 : 0;
    }
    void query_answered(std::size_t upstream, std::chrono::nanoseconds took) noexcept override {
        queries[upstream].answers.push_back(took);
    }
    void query_timed_out(std::size_t upstream) noexcept override { ++queries[upstream].timeouts; }

    /// What was told of the queries to one upstream.
    struct Queries {
        std::size_t sent = 0;
        std::size_t again = 0;
        std::size_t timeouts = 0;
        std::vector<std::chrono::nanoseconds> answers;
    };

    std::vector<SocketAddress> downs;
    std::vector<SocketAddress> ups;
    std::map<std::size_t, Queries> queries;
};

/// A resolver on a loop of its own.
class ResolverTest : public ::testing::Test {
protected:
    void start(std::vector<SocketAddress> upstreams, std::chrono::milliseconds timeout = 300ms,
               unsigned attempts = 3, std::size_t max_outstanding = 8192) {
        ResolverOptions options;
        options.upstreams = std::move(upstreams);
        options.timeout = timeout;
        options.attempts = attempts;
        options.max_outstanding = max_outstanding;
        options.time_queries = time_queries;
        resolver.emplace(loop, random, observer, options);
    }

    /// Asks and waits for the answer.
    Answer lookup(std::string_view text) {
        Recorder recorder;
        if (const Answer* at_once = resolver->resolve(name_of(text), recorder)) {
            return *at_once;
        }
        EXPECT_EQ(recorder.calls, 0) << "called from inside resolve()";
        EXPECT_TRUE(loop.run_until([&] { return recorder.calls > 0; }, 20s)) << text;
        return recorder.answer;
    }

    PollLoop loop;
    Random random;
    RecordingObserver observer;
    bool time_queries = false;
    std::optional<Resolver> resolver;
};

/// Answers every query with one address.
inline void answer_all(FakeUpstream& upstream, const FakeUpstream::Query& query) {
    upstream.reply(query, Packet(query.bytes).a("@", {192, 0, 2, 1}, 60).bytes);
}

inline void stay_silent(FakeUpstream&, const FakeUpstream::Query&) {}

inline FakeUpstream::Handler answer_rcode(unsigned rcode) {
    return [rcode](FakeUpstream& upstream, const FakeUpstream::Query& query) {
        upstream.reply(query, Packet(query.bytes, rcode).bytes);
    };
}

}  // namespace dns_tools::dns::test
