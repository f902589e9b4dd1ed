#include "metrics/counters.hpp"

#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "metrics/process.hpp"
#include "metrics/zone_fixture.hpp"

namespace dns_tools::metrics {

namespace {

using namespace std::chrono_literals;

using CountersTest = ZoneTest;

std::uint64_t requests_of(const Snapshot& all, Endpoint endpoint, Method method, unsigned status) {
    return all.http_requests[index(endpoint)][index(method)][status_index(status)];
}

TEST_F(CountersTest, BeginAtZero) {
    const auto all = snapshot();
    EXPECT_EQ(all.http_total(), 0U);
    EXPECT_EQ(all.lookup_total(), 0U);
    EXPECT_EQ(all.processes, 0U);
    EXPECT_EQ(all.since, began);
    EXPECT_FALSE(all.database_up);
    EXPECT_TRUE(all.upstreams.empty());
}

TEST_F(CountersTest, TellRequestsApart) {
    Counters counters(zone());
    counters.http_request(Endpoint::lookup, Method::get, 200, 3ms, steady_began);
    counters.http_request(Endpoint::lookup, Method::get, 200, 5ms, steady_began);
    counters.http_request(Endpoint::lookup, Method::post, 499, 7ms, steady_began);
    counters.http_request(Endpoint::health, Method::other, 299, 1ms, steady_began);
    counters.http_request(Endpoint::health, Method::post, 405, 1ms, steady_began);

    const auto all = snapshot();
    EXPECT_EQ(requests_of(all, Endpoint::lookup, Method::get, 200), 2U);
    EXPECT_EQ(requests_of(all, Endpoint::lookup, Method::post, 499), 1U);
    EXPECT_EQ(requests_of(all, Endpoint::health, Method::other, 0), 1U) << "a code of no name";
    EXPECT_EQ(requests_of(all, Endpoint::health, Method::other, 405), 1U)
        << "a method that is not answered there";
    EXPECT_EQ(all.http_total(), 5U);
    EXPECT_EQ(all.http_duration[index(Endpoint::lookup)].count(), 3U);
    EXPECT_DOUBLE_EQ(all.http_duration[index(Endpoint::lookup)].seconds(), 0.015);
    EXPECT_EQ(all.processes, 1U);
}

TEST_F(CountersTest, TellLookupsApart) {
    Counters counters(zone());
    counters.lookup(RecordType::a, LookupResult::ok, LookupSource::upstream, 3ms, steady_began);
    counters.lookup(RecordType::a, lookup_result("nxdomain"), lookup_source("coalesced"), 3ms,
                    steady_began);
    counters.lookup(RecordType::a, lookup_result("body_too_large"), lookup_source(""), 0ms,
                    steady_began);

    const auto all = snapshot();
    const auto& lookups = all.lookups[index(RecordType::a)];
    EXPECT_EQ(lookups[index(LookupResult::ok)][index(LookupSource::upstream)], 1U);
    EXPECT_EQ(lookups[index(LookupResult::nxdomain)][index(LookupSource::coalesced)], 1U);
    EXPECT_EQ(lookups[index(LookupResult::other)][index(LookupSource::local)], 1U);
}

TEST_F(CountersTest, WordsReadBackAsTheirLabels) {
    for (std::size_t k = 0; k < count_of<LookupResult>; ++k) {
        EXPECT_EQ(index(lookup_result(word(static_cast<LookupResult>(k)))), k);
    }
    for (std::size_t k = 0; k < count_of<LookupSource>; ++k) {
        EXPECT_EQ(index(lookup_source(word(static_cast<LookupSource>(k)))), k);
    }
    for (std::size_t k = 0; k < status_codes.size(); ++k) {
        EXPECT_EQ(status_index(status_codes[k]), k);
    }
}

TEST_F(CountersTest, AddUpOverProcesses) {
    constexpr int children = 12;
    constexpr int each = 2000;
    std::vector<pid_t> pids;
    for (int n = 0; n < children; ++n) {
        pids.push_back(child([this] {
            Counters counters(zone());
            for (int k = 0; k < each; ++k) {
                counters.http_request(Endpoint::info, Method::get, 200, 1ms, steady_began);
            }
        }));
    }
    for (const auto pid : pids) {
        EXPECT_EQ(status_of(pid), 0);
    }
    EXPECT_EQ(snapshot().http_total(), static_cast<std::uint64_t>(children) * each);
    EXPECT_EQ(snapshot().processes, 0U) << "who leaves gives its place back";
}

TEST_F(CountersTest, UpstreamsKeepTheirPlaces) {
    std::size_t first = 0;
    {
        Counters counters(zone());
        first = counters.add_upstream("192.0.2.1:53");
        EXPECT_NE(counters.add_upstream("[2001:db8::1]:53"), first);
        EXPECT_EQ(counters.add_upstream("192.0.2.1:53"), first);
        counters.upstream_request(first);
        counters.upstream_answer(first, 2ms);
        counters.upstream_timeout(first);
        counters.upstream_tcp_fallback(first);
        counters.upstream_is_up(first, false);
        const auto all = snapshot();
        ASSERT_EQ(all.upstreams.size(), 2U);
        EXPECT_EQ(all.upstreams[0].address, "192.0.2.1:53");
        EXPECT_EQ(all.upstreams[0].requests, 1U);
        EXPECT_EQ(all.upstreams[0].timeouts, 1U);
        EXPECT_EQ(all.upstreams[0].tcp_fallbacks, 1U);
        EXPECT_EQ(all.upstreams[0].duration.count(), 1U);
        EXPECT_EQ(all.upstreams[0].up, false);
        EXPECT_EQ(all.upstreams[1].up, true);
        counters.upstream_is_up(first, true);
        EXPECT_EQ(snapshot().upstreams[0].up, true);
    }
    EXPECT_TRUE(snapshot().upstreams.empty()) << "nobody asks them any more";
    Counters later(zone());
    EXPECT_EQ(later.add_upstream("192.0.2.1:53"), first);
    EXPECT_EQ(snapshot().upstreams[0].requests, 1U);
}

TEST_F(CountersTest, AProcessThatLeavesSaysNothingOfNameserversAnyMore) {
    Counters old(zone());
    const auto first = old.add_upstream("192.0.2.1:53");
    const auto shared = old.add_upstream("192.0.2.2:53");
    Counters young(zone());
    EXPECT_EQ(young.add_upstream("192.0.2.2:53"), shared);
    young.resolver_is_up(true);
    old.upstream_is_up(shared, false);
    old.resolver_is_up(false);
    EXPECT_EQ(snapshot().upstreams.size(), 2U);

    old.resolver_is_left();
    // It has lookups to finish.
    for (const auto upstream : {first, shared}) {
        old.upstream_request(upstream);
    }
    auto all = snapshot();
    ASSERT_EQ(all.upstreams.size(), 1U);
    EXPECT_EQ(all.upstreams[0].address, "192.0.2.2:53");
    EXPECT_EQ(all.upstreams[0].requests, 1U);
    EXPECT_EQ(all.upstreams[0].up, true);
    EXPECT_EQ(all.resolver_up, true);

    EXPECT_EQ(young.add_upstream("192.0.2.1:53"), first);
    all = snapshot();
    ASSERT_EQ(all.upstreams.size(), 2U);
    EXPECT_EQ(all.upstreams[0].requests, 1U) << "what was counted meanwhile is not lost";
}

TEST_F(CountersTest, UpstreamsOfManyThatLeaveTakeNoRoom) {
    std::vector<std::unique_ptr<Counters>> many;
    for (int generation = 0; generation < 30; ++generation) {
        if (!many.empty()) {
            many.back()->resolver_is_left();
        }
        many.push_back(std::make_unique<Counters>(zone(), 6));
        for (int n = 0; n < 6; ++n) {
            const auto address = "192.0.2." + std::to_string(generation) + ":" + std::to_string(n);
            many.back()->upstream_request(many.back()->add_upstream(address));
        }
        EXPECT_LE(snapshot().upstreams.size(), max_own_upstreams);
    }
    const auto all = snapshot();
    // The names of the first generations have taken all places.
    ASSERT_EQ(all.upstreams.size(), 1U);
    EXPECT_EQ(all.upstreams[0].address, "other");
    EXPECT_EQ(all.upstreams[0].requests, 30U * 6 - (max_upstreams - 1));
}

TEST_F(CountersTest, AsManyUpstreamsAsThereIsRoomForAreAllNamed) {
    Counters counters(zone(), max_own_upstreams);
    for (std::size_t n = 0; n < max_own_upstreams; ++n) {
        counters.add_upstream("192.0.2.1:" + std::to_string(n));
    }
    const auto all = snapshot();
    ASSERT_EQ(all.upstreams.size(), max_own_upstreams);
    EXPECT_EQ(all.upstreams.back().address, "192.0.2.1:3");
}

TEST_F(CountersTest, UpstreamsBeyondTheirNumberShareOnePlace) {
    Counters counters(zone(), 100);
    for (int n = 0; n < 100; ++n) {
        counters.upstream_request(counters.add_upstream("192.0.2.1:" + std::to_string(n)));
    }
    counters.upstream_request(counters.add_upstream("192.0.2.1:1"));
    const auto all = snapshot();
    ASSERT_EQ(all.upstreams.size(), max_own_upstreams);
    EXPECT_EQ(all.upstreams[1].address, "192.0.2.1:1");
    EXPECT_EQ(all.upstreams[1].requests, 2U);
    EXPECT_EQ(all.upstreams.back().address, "other");
    EXPECT_EQ(all.upstreams.back().requests, 100 - (max_own_upstreams - 1));
}

TEST_F(CountersTest, PlacesOfUpstreamsRunOut) {
    for (int n = 0; n < 100; ++n) {
        Counters counters(zone());
        counters.add_upstream("192.0.2.1:" + std::to_string(n));
    }
    Counters counters(zone());
    EXPECT_EQ(counters.add_upstream("192.0.2.9:53"), max_upstreams - 1);
    ASSERT_EQ(snapshot().upstreams.size(), 1U);
    EXPECT_EQ(snapshot().upstreams[0].address, "other");
}

TEST_F(CountersTest, TheResolverIsUpWhenEachProcessHasANameserver) {
    Counters counters(zone());
    EXPECT_EQ(snapshot().resolver_up, std::nullopt);
    counters.resolver_is_up(true);
    EXPECT_EQ(snapshot().resolver_up, true);
    {
        Counters other(zone());
        other.resolver_is_up(false);
        EXPECT_EQ(snapshot().resolver_up, false);
    }
    EXPECT_EQ(snapshot().resolver_up, true);
}

TEST_F(CountersTest, AnUpstreamWhoseAddressWasNotWrittenOutIsNotShownUntilItIs) {
    std::size_t place = 0;
    {
        Counters counters(zone());
        place = counters.add_upstream("192.0.2.1:53");
    }
    // As a process leaves it that was killed after taking the place.
    zone().upstreams[place].address.write("");
    EXPECT_TRUE(snapshot().upstreams.empty());
    Counters counters(zone());
    EXPECT_EQ(counters.add_upstream("192.0.2.1:53"), place);
    EXPECT_EQ(snapshot().upstreams.size(), 1U);
}

TEST_F(CountersTest, WhatAllSeeLeftBehindIsPendingOnce) {
    Counters one(zone());
    Counters other(zone());
    one.history_pending(3, began, 0.25);
    one.history_left(40, began - 5s);
    other.history_left(38, began - 4s);
    EXPECT_EQ(snapshot().history_pending, 43U);
    EXPECT_EQ(snapshot().history_oldest_pending, 15s);
    one.history_left(0, std::nullopt);
    other.history_left(0, std::nullopt);
    EXPECT_EQ(snapshot().history_pending, 3U);
    EXPECT_EQ(snapshot().history_oldest_pending, 10s);
}

TEST_F(CountersTest, GaugesAreThoseOfLivingProcesses) {
    Counters counters(zone());
    counters.history_pending(3, began, 0.25);
    counters.database_is_up(true);

    const pid_t pid = child([this] {
        Counters other(zone());
        other.history_pending(40, began - 5s, 0.5);
        other.database_is_up(false);
        pause();
    });
    const auto deadline = Clock::now() + 10s;
    while (snapshot().history_pending != 43 && Clock::now() < deadline) {
        std::this_thread::yield();
    }
    auto all = snapshot();
    EXPECT_EQ(all.processes, 2U);
    EXPECT_EQ(all.history_pending, 43U);
    EXPECT_EQ(all.history_oldest_pending, 15s);
    EXPECT_EQ(all.history_fill_ratio, 0.5);
    EXPECT_EQ(all.database_up, false);

    kill(pid, SIGKILL);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    EXPECT_EQ(snapshot().processes, 1U) << "a zombie is dead";
    status_of(pid);
    all = snapshot();
    EXPECT_EQ(all.processes, 1U);
    EXPECT_EQ(all.history_pending, 3U);
    EXPECT_EQ(all.history_oldest_pending, 10s);
    EXPECT_EQ(all.database_up, true);
    counters.history_pending(0, std::nullopt, 0);
    EXPECT_EQ(snapshot().history_oldest_pending, 0s);
}

TEST_F(CountersTest, WhatDiesWithAProcessIsDroppedOnce) {
    const auto die_with = [this](std::uint64_t pending, bool mortal) {
        status_of(child([&] {
            Counters counters(zone());
            if (mortal) {
                counters.history_is_mortal();
            }
            counters.history_pending(pending, began, 0.5);
            raise(SIGKILL);
        }));
    };
    const auto dropped = [this] {
        return snapshot().history_dropped[index(DropReason::worker_died)];
    };
    die_with(40, true);
    EXPECT_EQ(dropped(), 40U);
    EXPECT_EQ(dropped(), 40U);
    die_with(100, false);
    EXPECT_EQ(dropped(), 40U) << "a journal keeps it";
    die_with(2, true);
    Counters successor(zone());
    EXPECT_EQ(dropped(), 42U) << "also when another process takes the place";
}

TEST_F(CountersTest, WhatADeadProcessHasLeftIsNotThatOfOneThatDiedTakingItsPlace) {
    ProcessCells& place = zone().processes[0];
    status_of(child([this] {
        Counters counters(zone());
        counters.history_is_mortal();
        counters.history_pending(40, began, 0.5);
        raise(SIGKILL);
    }));
    EXPECT_EQ(snapshot().history_dropped[index(DropReason::worker_died)], 40U);
    ASSERT_EQ(get(place.identity), 0U);
    // As a process leaves it that was killed after taking the place, before anything else.
    const pid_t pid = child([&place] {
        put(place.identity, process_identity(getpid()));
        raise(SIGKILL);
    });
    status_of(pid);
    ASSERT_NE(get(place.identity), 0U);
    EXPECT_EQ(snapshot().history_dropped[index(DropReason::worker_died)], 40U);
    EXPECT_EQ(get(place.identity), 0U);
}

TEST_F(CountersTest, PlacesOfTheDeadAreTakenAgain) {
    for (std::size_t n = 0; n < 3 * max_processes; ++n) {
        const pid_t pid = child([this] {
            Counters counters(zone());
            counters.history_pending(1, began, 0);
            raise(SIGKILL);
        });
        status_of(pid);
    }
    Counters counters(zone());
    counters.history_pending(2, began, 0);
    EXPECT_EQ(snapshot().history_pending, 2U);
    EXPECT_EQ(snapshot().processes, 1U);
}

TEST_F(CountersTest, APidThatCameBackIsAnotherProcess) {
    Counters counters(zone());
    counters.history_pending(2, began, 0);
    // The same pid, started at another time.
    for (auto& process : zone().processes) {
        if (get(process.identity) != 0) {
            add(process.identity);
        }
    }
    EXPECT_EQ(snapshot().processes, 0U);
    EXPECT_EQ(snapshot().history_pending, 0U);
}

TEST_F(CountersTest, OfManyProcessesSomeAreLookedAtCloselyEachTime) {
    std::vector<std::unique_ptr<Counters>> many;
    for (std::size_t n = 0; n < 150; ++n) {
        many.push_back(std::make_unique<Counters>(zone()));
    }
    EXPECT_EQ(snapshot().processes, 150U);
    // Their pid came back, as above.
    for (auto& process : zone().processes) {
        if (get(process.identity) != 0) {
            add(process.identity);
        }
    }
    snapshot();
    const auto left = snapshot().processes;
    EXPECT_GE(left, 100U) << "a snapshot takes long";
    for (int n = 0; n < 8; ++n) {
        snapshot();
    }
    EXPECT_EQ(snapshot().processes, 0U);
}

TEST_F(CountersTest, WithoutADescriptorLeftNobodyIsTakenForDead) {
    Counters counters(zone());
    counters.history_pending(3, began, 0);

    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto all = snapshot();
    {
        const Counters late(zone());
        EXPECT_EQ(snapshot().processes, 2U);
    }
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);

    EXPECT_EQ(all.processes, 1U);
    EXPECT_EQ(all.history_pending, 3U);
    EXPECT_EQ(snapshot().history_pending, 3U);
}

TEST_F(CountersTest, MoreProcessesThanPlacesStillCount) {
    std::vector<std::unique_ptr<Counters>> many;
    for (std::size_t n = 0; n < max_processes + 5; ++n) {
        many.push_back(std::make_unique<Counters>(zone()));
        many.back()->history_appended();
        many.back()->history_pending(1, began, 0);
    }
    EXPECT_EQ(snapshot().history_appended, max_processes + 5);
    EXPECT_EQ(snapshot().history_pending, max_processes);
}

// Totals are never more than what was counted, and short by what was under way at most.
TEST_F(CountersTest, AreRightAfterKills) {
    struct Told {
        Cell requests;
    };
    auto* told = static_cast<Told*>(
        mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    std::uint64_t before = 0;
    for (int n = 0; n < 300; ++n) {
        const pid_t pid = child([&] {
            Counters counters(zone());
            for (;;) {
                counters.http_request(Endpoint::info, Method::get, 200, 1ms, steady_began);
                add(told->requests);
            }
        });
        const auto started = get(told->requests);
        while (get(told->requests) < started + static_cast<std::uint64_t>(n % 17) + 1) {
            std::this_thread::yield();
        }
        kill(pid, SIGKILL);
        status_of(pid);
        const auto counted = snapshot().http_total();
        EXPECT_GE(counted, before);
        EXPECT_GE(counted, get(told->requests));
        EXPECT_LE(counted, get(told->requests) + static_cast<std::uint64_t>(n) + 1);
        before = counted;
    }
    munmap(told, sizeof(Told));
}

}  // namespace

}  // namespace dns_tools::metrics
