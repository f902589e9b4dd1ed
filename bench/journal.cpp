#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/uuid.hpp"
#include "history/journal.hpp"
#include "support/poll_loop.hpp"

// Measures what keeping a record costs: appends, each timed by itself, while a background sync runs
// every 100 ms and acknowledgement follows as a writer's would.
//
//     journal FOLDER [APPENDS]

namespace dns_tools::history {
namespace {

using Clock = std::chrono::steady_clock;

// A turn of the loop: what a busy worker appends between two looks at its events.
constexpr int appends_a_turn = 64;
constexpr std::size_t batch = 250;
constexpr std::size_t behind = 1'000;

class Silent final : public JournalObserver {
public:
    void journal_up() noexcept override {}
    void journal_down(std::string_view why) noexcept override { complain(why); }
    void journal_adopted(std::size_t) noexcept override {}
    void journal_damaged(std::string_view, std::uint64_t, std::string_view why) noexcept override {
        complain(why);
    }
    void journal_synced() noexcept override {}
    void journal_sync_failed(std::string_view why) noexcept override { complain(why); }
    void journal_newer_version(std::string_view file) noexcept override { complain(file); }
    void journal_left_alone(std::string_view, std::string_view why) noexcept override {
        complain(why);
    }
    void journal_left(std::size_t, std::optional<UnixMicros>) noexcept override {}
    void journal_not_set_aside(std::string_view file) noexcept override { complain(file); }

private:
    static void complain(std::string_view what) noexcept {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
    }
};

/// Counts the syncs that the figures were taken beside.
class CountingDisk final : public Disk {
public:
    int sync(int fd) noexcept override {
        ++syncs;
        return Disk::sync(fd);
    }
    std::atomic<int> syncs = 0;
};

class Bench {
public:
    Bench(const std::string& folder, std::size_t appends) : appends_(appends) {
        options_.path = folder;
        options_.sync = JournalSyncMode::periodic;
        options_.sync_interval = std::chrono::milliseconds(100);
    }

    void run() {
        Journal journal(loop_, random_, observer_, options_, disk_);
        journal.start();
        times_.reserve(appends_);
        const auto began = Clock::now();
        while (times_.size() < appends_) {
            for (int i = 0; i < appends_a_turn && times_.size() < appends_; ++i) {
                append(journal);
            }
            follow(journal);
            turn();
        }
        elapsed_ = Clock::now() - began;
        journal.acknowledge(journal.end());
        print();
    }

private:
    void append(Journal& journal) {
        const auto [id, created_at] = ids_.next(std::chrono::system_clock::now());
        const Record record{id, created_at, client_, "www.some-service.example.com", addresses_};
        auto reservation = journal.reserve();
        if (!reservation) {
            ++refused_;
            return;
        }
        const auto began = Clock::now();
        const bool kept = journal.append(std::move(reservation), record);
        const auto took = Clock::now() - began;
        if (!kept) {
            std::fputs("an append was refused\n", stderr);
            std::exit(1);
        }
        times_.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(
            std::chrono::nanoseconds(took).count(), std::numeric_limits<std::uint32_t>::max())));
    }

    void follow(Journal& journal) {
        while (journal.pending() > behind) {
            records_.clear();
            journal.acknowledge(
                journal.read(journal.begin(), journal.end(), batch, ~std::size_t{0}, records_));
        }
    }

    void turn() {
        bool turned = false;
        const auto task = loop_.make_task([&turned] { turned = true; });
        task->post();
        loop_.run_until([&turned] { return turned; });
    }

    void print() {
        std::sort(times_.begin(), times_.end());
        const auto at = [this](double part) {
            const auto last = static_cast<double>(times_.size() - 1);
            return times_[static_cast<std::size_t>(part * last)] / 1'000.0;
        };
        std::printf("%zu appends in %.1f s, %d syncs meanwhile, %zu times no room yet\n",
                    times_.size(), std::chrono::duration<double>(elapsed_).count(),
                    disk_.syncs.load(), refused_);
        std::printf(
            "append, µs (two readings of the clock included):\n"
            "  median %.3f   p99 %.3f   p99.9 %.3f   p99.99 %.3f   max %.3f\n",
            at(0.5), at(0.99), at(0.999), at(0.9999), at(1));
    }

    const std::size_t appends_;
    JournalOptions options_;
    test::PollLoop loop_;
    Random random_;
    UuidV7Generator ids_{random_};
    Silent observer_;
    CountingDisk disk_;
    std::optional<IpAddress> client_ = IpAddress(Ipv4Address{{192, 0, 2, 7}});
    std::vector<AddressRecord> addresses_ = std::vector<AddressRecord>(4);
    std::vector<Record> records_;
    std::vector<std::uint32_t> times_;  // in nanoseconds
    std::size_t refused_ = 0;
    Clock::duration elapsed_{};
};

}  // namespace
}  // namespace dns_tools::history

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s FOLDER [APPENDS]\n", argv[0]);
        return 2;
    }
    const std::size_t appends = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2'000'000;
    dns_tools::history::Bench(argv[1], appends).run();
}
