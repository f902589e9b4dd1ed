#include "metrics/top_list.hpp"

#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "metrics/zone_fixture.hpp"

namespace dns_tools::metrics {

namespace {

using namespace std::chrono_literals;

// Says the same thing often, so that a mixture of two shows.
std::string telltale(int number) {
    std::string name;
    for (int k = 0; k < 6; ++k) {
        name += std::to_string(number) + '.';
    }
    return name + "test";
}

class TopListTest : public ZoneTest {
protected:
    TopList& list() { return zone().domains; }
    void count(std::string_view name, Clock::time_point now = steady_began) {
        list().count(name, now);
    }
};

TEST_F(TopListTest, CountsExactlyWhileAllFit) {
    for (int n = 1; n <= 30; ++n) {
        for (int k = 0; k < n; ++k) {
            count("n" + std::to_string(n) + ".test");
        }
    }
    const auto top = list().top(100);
    ASSERT_EQ(top.size(), 30U);
    for (std::size_t k = 0; k < top.size(); ++k) {
        EXPECT_EQ(top[k].name, "n" + std::to_string(30 - k) + ".test");
        EXPECT_EQ(top[k].count, 30 - k);
    }
    EXPECT_EQ(list().top(5).size(), 5U);
    EXPECT_TRUE(list().top(0).empty());
}

TEST_F(TopListTest, KeepsNamesOfAnyLength) {
    const std::string longest(253, 'x');
    const std::string other = std::string(252, 'x') + 'y';
    count(longest);
    count(longest);
    count(other);
    count(std::string(255, 'z'));
    count("");
    const auto top = list().top(10);
    ASSERT_EQ(top.size(), 4U);
    EXPECT_EQ(top[0].name, longest);
    EXPECT_EQ(top[0].count, 2U);
}

TEST_F(TopListTest, FindsTheBusyAmongManyThatComeOnce) {
    std::mt19937_64 random(7);
    std::map<std::string, std::uint64_t> truth;
    int fresh = 0;
    for (int n = 0; n < 200'000; ++n) {
        // Half of all are 20 names of falling weight, the other half never comes again.
        if (random() % 2 == 0) {
            const auto a = random() % 20;
            const auto b = random() % 20;
            const auto name = "busy" + std::to_string(std::min(a, b)) + ".test";
            ++truth[name];
            count(name);
        } else {
            count("once" + std::to_string(++fresh) + ".test");
        }
    }
    std::size_t found = 0;
    for (const auto& entry : list().top(20)) {
        if (truth.count(entry.name) == 0) {
            EXPECT_LT(entry.count, 100U) << entry.name;
            continue;
        }
        ++found;
        EXPECT_LE(entry.count, truth[entry.name]) << entry.name;
        EXPECT_GE(entry.count + 500, truth[entry.name]) << entry.name;
    }
    EXPECT_GE(found, 18U);
    EXPECT_EQ(list().top(1).at(0).name, "busy0.test");
}

// Processes are killed in the midst of updates, thousands of times, while others go on. Whatever is
// read is one of the names that were counted, and no more often than it was.
TEST_F(TopListTest, SurvivesKilledWriters) {
    constexpr int rounds = 200;
    constexpr int writers = 5;
    struct Progress {
        Cell steps;
    };
    auto* progress = static_cast<Progress*>(
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const auto write = [&](int start) {
        for (int n = start;; ++n) {
            // Far more names than places: nearly every one takes a place.
            list().count(telltale(n % 100'000), Clock::now());
            list().count("steady.test", Clock::now());
            add(progress->steps);
        }
    };
    std::vector<pid_t> pids(writers);
    for (int k = 0; k < writers; ++k) {
        pids[static_cast<std::size_t>(k)] = child([&] { write(k * 1000); });
    }
    std::mt19937 random(1);
    std::uint64_t steady = 0;
    for (int round = 0; round < rounds; ++round) {
        // At any moment of their work.
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
        const auto survivor = random() % writers;
        for (std::size_t k = 0; k < writers; ++k) {
            if (k != survivor) {
                kill(pids[k], SIGKILL);
            }
        }
        for (std::size_t k = 0; k < writers; ++k) {
            if (k != survivor) {
                status_of(pids[k]);
                pids[k] = child([&] { write(round * 37 + static_cast<int>(k)); });
            }
        }
        if (round % 10 != 0) {
            continue;
        }
        for (const auto& entry : list().top(512)) {
            const bool known = entry.name == "steady.test" ||
                               entry.name == telltale(std::atoi(entry.name.c_str()));
            ASSERT_TRUE(known) << "'" << entry.name << "'";
        }
    }
    for (const auto pid : pids) {
        kill(pid, SIGKILL);
        status_of(pid);
    }
    for (const auto& entry : list().top(512)) {
        if (entry.name == "steady.test") {
            steady = entry.count;
        }
    }
    EXPECT_GT(steady, get(progress->steps) / 2);
    EXPECT_LE(steady, get(progress->steps) + (rounds + 1) * writers);
    munmap(progress, sizeof(Progress));

    // Nothing is stuck: after the longest turn all places can be had.
    const auto later = Clock::now() + 5s;
    for (int n = 0; n < 200'000; ++n) {
        count("new" + std::to_string(n % 300) + ".test", later);
    }
    std::size_t fresh = 0;
    for (const auto& entry : list().top(512)) {
        fresh += entry.name.starts_with("new") ? 1 : 0;
    }
    EXPECT_GT(fresh, 250U);
}

// What a process leaves that woke up after its turn was taken over.
TEST_F(TopListTest, AMixedNameIsNotShownAndItsPlaceIsFreed) {
    count("whole.test");
    auto* words = reinterpret_cast<unsigned char*>(&list());
    const std::string_view name = "whole.test";
    auto* found = std::search(words, words + sizeof(TopList), name.begin(), name.end());
    ASSERT_NE(found, words + sizeof(TopList));
    *found = 'X';
    EXPECT_TRUE(list().top(10).empty());
    count("whole.test");
    ASSERT_EQ(list().top(10).size(), 1U);
    EXPECT_EQ(list().top(10)[0].name, "whole.test");
}

}  // namespace

}  // namespace dns_tools::metrics
