// What counts as an answer, against an upstream that misbehaves.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "dns/resolver_fixture.hpp"

namespace dns_tools::dns::test {
namespace {

using ResolverAnswersTest = ResolverTest;

Packet forged(const FakeUpstream::Query& query) {
    return Packet(query.bytes).a("@", {6, 6, 6, 6}, 60);
}

/// The answer that is not forged.
const Ipv4Address genuine{{192, 0, 2, 1}};

void expect_genuine(const Answer& answer) {
    ASSERT_EQ(answer.result, Result::ok) << answer.detail;
    ASSERT_EQ(answer.addresses.size(), 1u);
    EXPECT_EQ(answer.addresses[0].address, genuine);
}

// c-ares 1.33 and later would add a cookie.
TEST_F(ResolverAnswersTest, AQueryLeavesAsItWasBuilt) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()});
    expect_genuine(lookup("a.test"));
    const auto& sent = upstream.received().at(0).bytes;
    QueryMessage built;
    built.build("a.test", RecordType::a, true);
    built.set_id(static_cast<std::uint16_t>(sent[0] << 8 | sent[1]));
    EXPECT_EQ(sent, std::vector(built.bytes().begin(), built.bytes().end()));
}

TEST_F(ResolverAnswersTest, AWrongIdIsIgnored) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        auto lie = forged(query).bytes;
        lie[1] ^= 1;
        self.send_to(query.port(), lie);
        answer_all(self, query);
    });
    start({upstream.address()});
    expect_genuine(lookup("a.test"));
    EXPECT_EQ(upstream.received().size(), 1u);
}

TEST_F(ResolverAnswersTest, AStrangerIsIgnored) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        dns_tools::test::send_as_stranger(query.port(), forged(query).bytes);
        answer_all(self, query);
    });
    start({upstream.address()});
    expect_genuine(lookup("a.test"));
    EXPECT_EQ(upstream.received().size(), 1u);
}

TEST_F(ResolverAnswersTest, AReflectedQueryIsIgnored) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        self.reply(query, query.bytes);
        auto lie = forged(query).bytes;
        lie[2] &= 0x7f;
        self.reply(query, lie);
        answer_all(self, query);
    });
    start({upstream.address()});
    expect_genuine(lookup("a.test"));
    EXPECT_EQ(upstream.received().size(), 1u);
}

TEST_F(ResolverAnswersTest, AnAnswerToAnotherQuestionIsIgnored) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        auto lie = forged(query).bytes;
        lie[header_size + 1] ^= 1;
        self.reply(query, lie);
        self.reply(query, {});
        self.reply(query, {1, 2, 3});
        answer_all(self, query);
    });
    start({upstream.address()});
    expect_genuine(lookup("a.test"));
    EXPECT_EQ(upstream.received().size(), 1u);
}

TEST_F(ResolverAnswersTest, AnAnswerCountsOnlyWhereItsQueryLeft) {
    std::vector<FakeUpstream::Query> kept;
    FakeUpstream upstream(loop, [&](auto&, const auto& query) { kept.push_back(query); });
    start({upstream.address()}, 300ms, 2);

    // Queries stay open on several sockets until two of them have different ports.
    std::list<Recorder> recorders;
    const auto different = [&] {
        return kept.size() > 1 && kept.back().port() != kept.front().port();
    };
    for (int i = 0; !different() && i < 50; ++i) {
        recorders.emplace_back();
        resolver->resolve(name_of("n" + std::to_string(i) + ".test"), recorders.back());
        loop.run_until([&] { return kept.size() == recorders.size(); });
    }
    ASSERT_TRUE(different());
    upstream.send_to(kept.front().port(), forged(kept.back()).bytes);
    loop.run_for(50ms);
    EXPECT_EQ(recorders.back().calls, 0);

    answer_all(upstream, kept.back());
    ASSERT_TRUE(loop.run_until([&] { return recorders.back().calls == 1; }));
    expect_genuine(recorders.back().answer);
}

TEST_F(ResolverAnswersTest, ALateAnswerOfAnEarlierAttemptIsIgnored) {
    std::vector<FakeUpstream::Query> kept;
    FakeUpstream upstream(loop, [&](auto& self, const auto& query) {
        kept.push_back(query);
        if (kept.size() == 2) {
            self.reply(kept[0], forged(kept[0]).bytes);
        }
    });
    start({upstream.address()}, 150ms);
    Recorder recorder;
    resolver->resolve(name_of("a.test"), recorder);
    ASSERT_TRUE(loop.run_until([&] { return kept.size() == 2; }));
    loop.run_for(30ms);
    EXPECT_EQ(recorder.calls, 0);
    answer_all(upstream, kept[1]);
    ASSERT_TRUE(loop.run_until([&] { return recorder.calls == 1; }));
    expect_genuine(recorder.answer);

    // And one for a query that is over and done with.
    upstream.reply(kept[1], forged(kept[1]).bytes);
    loop.run_for(30ms);
    upstream.handle_with(answer_all);
    expect_genuine(lookup("a.test"));
}

TEST_F(ResolverAnswersTest, ADelayedAnswerIsWaitedFor) {
    std::vector<FakeUpstream::Query> kept;
    FakeUpstream upstream(loop, [&](auto&, const auto& query) { kept.push_back(query); });
    start({upstream.address()}, 2s);
    Recorder recorder;
    resolver->resolve(name_of("a.test"), recorder);
    loop.run_for(400ms);
    ASSERT_EQ(kept.size(), 1u);
    answer_all(upstream, kept[0]);
    ASSERT_TRUE(loop.run_until([&] { return recorder.calls == 1; }, 200ms));
    expect_genuine(recorder.answer);
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// c-ares 1.32 and later wait five times the average of the answers they count, at least 250 ms, and
// then use a socket of their own for each query until something is answered.
TEST_F(ResolverAnswersTest, ADelayedAnswerIsWaitedForAmongFastOnes) {
    std::vector<FakeUpstream::Query> slow;
    std::vector<FakeUpstream::Query> held;
    bool hold = false;
    FakeUpstream upstream(loop, [&](auto& self, const auto& query) {
        if (query.bytes[header_size + 1] == 's') {
            slow.push_back(query);
        } else if (hold) {
            held.push_back(query);
        } else {
            answer_all(self, query);
        }
    });
    start({upstream.address()}, 3s, 1);
    for (int i = 0; i < 10; ++i) {
        expect_genuine(lookup("fast.test"));
    }
    Recorder alone;
    resolver->resolve(name_of("slow.test"), alone);
    loop.run_for(600ms);
    expect_genuine(lookup("fast.test"));
    ASSERT_EQ(slow.size(), 1u);
    answer_all(upstream, slow.front());
    ASSERT_TRUE(loop.run_until([&] { return alone.calls == 1; }, 200ms));
    expect_genuine(alone.answer);

    for (int i = 0; i < 10; ++i) {
        expect_genuine(lookup("fast.test"));
    }
    Recorder recorder;
    resolver->resolve(name_of("slow.test"), recorder);
    loop.run_for(600ms);
    expect_genuine(lookup("fast.test"));
    hold = true;
    const auto before = open_descriptors();
    std::vector<Recorder> burst(500);
    for (std::size_t i = 0; i < burst.size(); ++i) {
        resolver->resolve(name_of("n" + std::to_string(i) + ".test"), burst[i]);
    }
    EXPECT_LT(open_descriptors(), before + 50);
    ASSERT_TRUE(loop.run_until([&] { return held.size() == burst.size(); }));
    for (const auto& query : held) {
        answer_all(upstream, query);
    }
    answer_all(upstream, slow.back());
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }, 500ms));
    expect_genuine(recorder.answer);
}

// After three answers on a channel c-ares 1.32 and later do the same over TCP.
TEST_F(ResolverAnswersTest, ADelayedAnswerOverTcpIsWaitedForAmongFastOnes) {
    std::vector<FakeUpstream::Query> slow;
    FakeUpstream upstream(loop, [&](auto& self, const auto& query) {
        if (!query.over_tcp()) {
            self.reply(query, Packet(query.bytes).truncated().bytes);
        } else if (query.bytes[header_size + 1] == 's') {
            slow.push_back(query);
        } else {
            answer_all(self, query);
        }
    });
    start({upstream.address()}, 3s, 1);
    Recorder first;
    Recorder second;
    resolver->resolve(name_of("slow1.test"), first);
    ASSERT_TRUE(loop.run_until([&] { return slow.size() == 1; }));
    for (const auto* name : {"a.test", "b.test", "c.test"}) {
        expect_genuine(lookup(name));
    }
    EXPECT_EQ(upstream.connections(), 2u);
    resolver->resolve(name_of("slow2.test"), second);
    ASSERT_TRUE(loop.run_until([&] { return slow.size() == 2; }));
    loop.run_for(400ms);
    expect_genuine(lookup("d.test"));
    for (const auto& query : slow) {
        answer_all(upstream, query);
    }
    ASSERT_TRUE(loop.run_until([&] { return first.calls == 1 && second.calls == 1; }, 500ms));
    expect_genuine(first.answer);
    expect_genuine(second.answer);
}

TEST_F(ResolverAnswersTest, GarbageIsAFailure) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        auto broken = Packet(query.bytes);
        broken.count(6);
        broken.append(std::vector<std::uint8_t>(20, 0xff));
        self.reply(query, broken.bytes);
    });
    start({upstream.address()});
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_failure);
    EXPECT_EQ(answer.detail, "a malformed answer from " + upstream.address().text());
    EXPECT_EQ(upstream.received().size(), 1u);
}

TEST_F(ResolverAnswersTest, GarbageForOneHarmsNoOther) {
    std::vector<FakeUpstream::Query> kept;
    FakeUpstream upstream(loop, [&](auto&, const auto& query) { kept.push_back(query); });
    start({upstream.address()}, 2s);
    std::vector<Recorder> recorders(200);
    for (std::size_t i = 0; i < recorders.size(); ++i) {
        resolver->resolve(name_of("n" + std::to_string(i) + ".test"), recorders[i]);
    }
    ASSERT_TRUE(loop.run_until([&] { return kept.size() == recorders.size(); }));
    for (std::size_t i = 0; i < kept.size(); i += 2) {
        auto broken = Packet(kept[i].bytes);
        broken.count(6);
        upstream.reply(kept[i], broken.bytes);
    }
    for (std::size_t i = 1; i < kept.size(); i += 2) {
        answer_all(upstream, kept[i]);
    }
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }));
    std::size_t fine = 0;
    for (const auto& recorder : recorders) {
        fine += recorder.answer.result == Result::ok;
    }
    EXPECT_EQ(fine, recorders.size() / 2);
    EXPECT_EQ(kept.size(), recorders.size());
}

TEST_F(ResolverAnswersTest, AFormatErrorIsAskedAgainWithoutEdns) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        const bool edns = query.bytes[11] != 0;
        if (edns) {
            self.reply(query, {0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0});
        } else {
            answer_all(self, query);
        }
    });
    start({upstream.address()}, 300ms, 1);
    expect_genuine(lookup("a.test"));
    EXPECT_EQ(upstream.received().size(), 2u);

    upstream.handle_with(answer_rcode(1));
    EXPECT_EQ(lookup("b.test").result, Result::upstream_failure);
    EXPECT_EQ(upstream.received().size(), 4u);
}

/// Handles what comes over TCP, and sends all else there.
FakeUpstream::Handler over_tcp_only(FakeUpstream::Handler handle) {
    return [handle = std::move(handle)](FakeUpstream& self, const FakeUpstream::Query& query) {
        if (query.over_tcp()) {
            handle(self, query);
        } else {
            self.reply(query, Packet(query.bytes).truncated().bytes);
        }
    };
}

TEST_F(ResolverAnswersTest, ATruncatedAnswerIsFetchedOverTcp) {
    FakeUpstream upstream(loop, over_tcp_only(answer_all));
    start({upstream.address()}, 300ms, 1);
    expect_genuine(lookup("a.test"));
    expect_genuine(lookup("b.test"));
    EXPECT_EQ(upstream.received().size(), 4u);
    EXPECT_EQ(observer.queries[0].sent, 4u);
    EXPECT_EQ(observer.queries[0].again, 2u);
}

TEST_F(ResolverAnswersTest, IdsAreNotRepeatedOnAConnection) {
    std::vector<FakeUpstream::Query> held;
    FakeUpstream upstream(loop,
                          over_tcp_only([&](auto&, const auto& query) { held.push_back(query); }));
    start({upstream.address()}, 5s, 1);
    // In parts: an id is free again over UDP while the query still has it over TCP.
    std::vector<Recorder> recorders(2000);
    for (std::size_t i = 0; i < recorders.size();) {
        for (const auto end = i + 50; i < end; ++i) {
            resolver->resolve(name_of("n" + std::to_string(i) + ".test"), recorders[i]);
        }
        ASSERT_TRUE(loop.run_until([&] { return held.size() == i; }));
    }
    std::set<unsigned> ids;
    for (const auto& query : held) {
        ids.insert(query.bytes[0] << 8u | query.bytes[1]);
        answer_all(upstream, query);
    }
    EXPECT_EQ(upstream.connections(), 1u);
    EXPECT_EQ(ids.size(), held.size());
    ASSERT_TRUE(loop.run_until([&] { return resolver->outstanding() == 0; }));
    for (const auto& recorder : recorders) {
        EXPECT_EQ(recorder.answer.result, Result::ok) << recorder.answer.detail;
    }
}

TEST_F(ResolverAnswersTest, AnAnswerBeyondTheBufferIsFetchedOverTcp) {
    FakeUpstream upstream(loop, [](auto& self, const auto& query) {
        auto packet = Packet(query.bytes);
        for (int i = 0; i < 1000; ++i) {
            packet.a("@", {10, 0, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i)},
                     60);
        }
        self.reply(query, packet.bytes);
    });
    start({upstream.address()});
    EXPECT_EQ(lookup("a.test").addresses.size(), 1000u);
}

TEST_F(ResolverAnswersTest, AConnectionThatHangsIsNotUsedAgain) {
    bool hang = true;
    FakeUpstream upstream(loop, [&](auto& self, const auto& query) {
        if (!query.over_tcp()) {
            self.reply(query, Packet(query.bytes).truncated().bytes);
        } else if (!hang) {
            answer_all(self, query);
        }
    });
    start({upstream.address()}, 150ms, 1);
    const auto answer = lookup("a.test");
    EXPECT_EQ(answer.result, Result::upstream_timeout);
    EXPECT_NE(answer.detail.find("over TCP"), std::string::npos) << answer.detail;
    hang = false;
    expect_genuine(lookup("b.test"));
    EXPECT_EQ(upstream.connections(), 2u);
    EXPECT_EQ(resolver->upstreams()[0].health, Resolver::Health::up);
}

TEST_F(ResolverAnswersTest, AConnectionThatHungIsClosedAfterItsLastAnswer) {
    std::vector<FakeUpstream::Query> held;
    FakeUpstream upstream(loop,
                          over_tcp_only([&](auto&, const auto& query) { held.push_back(query); }));
    start({upstream.address()}, 400ms, 1);
    Recorder first;
    Recorder second;
    resolver->resolve(name_of("a.test"), first);
    loop.run_for(200ms);
    resolver->resolve(name_of("b.test"), second);
    ASSERT_TRUE(loop.run_until([&] { return first.calls == 1; }));
    EXPECT_EQ(second.calls, 0);
    ASSERT_EQ(held.size(), 2u);
    EXPECT_EQ(upstream.connections(), 1u);
    answer_all(upstream, held[1]);
    ASSERT_TRUE(loop.run_until([&] { return second.calls == 1; }));
    expect_genuine(second.answer);
    EXPECT_TRUE(loop.run_until([&] { return upstream.open_connections() == 0; }, 2s));
}

TEST_F(ResolverAnswersTest, AConnectionThatBreaksIsTriedAgain) {
    int broken = 0;
    FakeUpstream upstream(loop, [&](auto& self, const auto& query) {
        if (!query.over_tcp()) {
            self.reply(query, Packet(query.bytes).truncated().bytes);
        } else if (broken++ == 0) {
            self.close_connection(query.connection);
        } else {
            answer_all(self, query);
        }
    });
    start({upstream.address()}, 200ms);
    expect_genuine(lookup("a.test"));
    EXPECT_EQ(upstream.connections(), 2u);
}

TEST_F(ResolverAnswersTest, SourcePortsAndIdsVary) {
    FakeUpstream upstream(loop, answer_all);
    start({upstream.address()});
    constexpr std::size_t lookups = 4000;
    for (std::size_t i = 0; i < lookups; ++i) {
        ASSERT_EQ(lookup("a.test").result, Result::ok);
    }
    std::map<std::uint16_t, std::size_t> ports;
    std::map<unsigned, std::size_t> ids;
    std::size_t changes = 0;
    const FakeUpstream::Query* previous = nullptr;
    for (const auto& query : upstream.received()) {
        ++ports[query.port()];
        ++ids[query.bytes[0] << 8u | query.bytes[1]];
        changes += previous != nullptr && previous->port() != query.port();
        previous = &query;
    }
    EXPECT_EQ(upstream.received().size(), lookups);
    EXPECT_GT(ports.size(), 40u) << "sockets are not replaced";
    EXPECT_LT(ports.size(), 200u) << "a socket for each query";
    EXPECT_GT(changes, lookups * 8 / 10) << "sockets are not drawn at random";
    EXPECT_GT(ids.size(), lookups * 9 / 10);
}

}  // namespace
}  // namespace dns_tools::dns::test
