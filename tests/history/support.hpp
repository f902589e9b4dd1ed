#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/uuid.hpp"
#include "history/database.hpp"
#include "history/memory_queue.hpp"
#include "history/writer.hpp"
#include "postgres.hpp"
#include "support/poll_loop.hpp"

namespace dns_tools::history::test {

using dns_tools::test::PollLoop;
using dns_tools::test::Postgres;
using dns_tools::test::Sql;

/// Turns the loop until `done` holds; false when `at_most` has passed before. It looks often, so
/// that a condition that a task or a callback of the loop's makes true is seen without another
/// event.
inline bool eventually(PollLoop& loop, const std::function<bool()>& done,
                       std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
    const auto deadline = loop.now() + at_most;
    while (!loop.run_until(done, std::chrono::milliseconds(5))) {
        if (loop.now() > deadline) {
            return false;
        }
    }
    return true;
}

/// Finds the hosts it was told of; says nothing at all of those it is to be silent about.
class FakeHosts final : public HostLookup {
public:
    explicit FakeHosts(EventLoop& loop) : task_(loop.make_task([this] { answer(); })) {}

    void resolve(std::string_view host, Callback done) override {
        if (std::exchange(out_of_memory, false)) {
            throw std::bad_alloc();
        }
        asked.emplace_back(host);
        pending_.emplace_back(std::string(host), std::move(done));
        task_->post();
    }
    /// To be called when it is not silent of a host any more.
    void wake() { task_->post(); }

    std::map<std::string, std::vector<IpAddress>> known;
    std::vector<std::string> asked;
    std::set<std::string> silent;
    bool out_of_memory = false;  ///< the next time

private:
    void answer() {
        for (auto pending = std::exchange(pending_, {}); auto& [host, done] : pending) {
            if (silent.count(host) > 0) {
                pending_.emplace_back(host, std::move(done));
                continue;
            }
            const auto found = known.find(host);
            found == known.end() ? done({}, "there is no host \"" + host + '"')
                                 : done(found->second, "");
        }
    }

    std::deque<std::pair<std::string, Callback>> pending_;
    std::unique_ptr<Task> task_;
};

/// Remembers what a writer told.
class Diary final : public WriterObserver {
public:
    void database_up() noexcept override { ++ups; }
    void database_down(std::string_view why) noexcept override { downs.emplace_back(why); }
    void database_notice(std::string_view text) noexcept override { notices.emplace_back(text); }
    void rows_written(std::size_t rows) noexcept override { written += rows; }
    void acknowledged() noexcept override { ++acknowledgements; }
    void row_rejected(const Record& record, std::string_view why) noexcept override {
        rejected.emplace_back(record.id, why);
    }
    void batch_committed(std::chrono::nanoseconds took) noexcept override {
        batches.push_back(took);
    }

    int ups = 0;
    std::size_t written = 0;
    int acknowledgements = 0;
    std::vector<std::chrono::nanoseconds> batches;
    std::vector<std::string> downs;
    std::vector<std::string> notices;
    std::vector<std::pair<Uuid, std::string>> rejected;
};

/// Makes records, each one new.
class RecordMaker {
public:
    explicit RecordMaker(Random& random) : ids_(random) {}

    Record make(std::string_view domain = "example.com") {
        const auto now = std::chrono::system_clock::now();
        const auto [id, created_at] = ids_.next(now);
        return {id, created_at, client, domain, addresses};
    }

    std::optional<IpAddress> client = IpAddress(Ipv4Address{{192, 0, 2, 7}});
    std::vector<AddressRecord> addresses = {{Ipv4Address{{192, 0, 2, 1}}, 300},
                                            {Ipv4Address{{198, 51, 100, 255}}, 0}};

private:
    UuidV7Generator ids_;
};

}  // namespace dns_tools::history::test
