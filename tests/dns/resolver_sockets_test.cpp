// Sockets that fail, or bring no answers, while the nameserver is well.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
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

using ResolverSocketsTest = ResolverTest;
using Clock = std::chrono::steady_clock;

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

TEST_F(ResolverSocketsTest, ASocketThatCannotSendIsReplaced) {
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

TEST_F(ResolverSocketsTest, AFirewallThatRefusesOneFlowRefusesNoOther) {
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

TEST_F(ResolverSocketsTest, AFirewallThatRefusesAllFlowsLeavesTheServerOut) {
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

    void lose_seen_ports() { lost_ports.merge(seen_ports); }

    FakeUpstream upstream;
    std::set<std::uint16_t> seen_ports;
    std::set<std::uint16_t> lost_ports;
    unsigned lost = 0;
};

TEST_F(ResolverSocketsTest, ASocketThatBringsNoAnswersIsReplaced) {
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

TEST_F(ResolverSocketsTest, AfterSilenceItIsProbedFromANewSocket) {
    LossyUpstream lossy(loop);
    FakeUpstream good(loop, answer_all);
    start({lossy.upstream.address(), good.address()}, 30ms, 3);
    for (int i = 0; i < 400; ++i) {
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    // It goes down with three lost queries in a row, which new sockets in between may prevent.
    while (observer.downs.empty()) {
        lossy.lose_seen_ports();
        EXPECT_EQ(lookup("a.test").result, Result::ok);
    }
    const auto lost = lossy.lost;
    ASSERT_TRUE(loop.run_until([&] { return !observer.ups.empty(); }, 3s));
    EXPECT_EQ(lossy.lost, lost);
}

TEST_F(ResolverSocketsTest, AnOutageOpensFewSockets) {
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

}  // namespace
}  // namespace dns_tools::dns::test
