#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <set>
#include <stdexcept>

#include "metrics/counters.hpp"
#include "metrics/snapshot.hpp"

namespace dns_tools::metrics {

/// A zone in memory that forked children share, as nginx's workers do.
class ZoneTest : public testing::Test {
protected:
    static constexpr std::chrono::system_clock::time_point began{std::chrono::seconds(1663534325)};
    static constexpr Clock::time_point steady_began{std::chrono::hours(1000)};

    ZoneTest()
        : memory_(mmap(nullptr, sizeof(Zone), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0)) {
        if (memory_ == MAP_FAILED) {
            throw std::runtime_error("mmap");
        }
        make_zone(memory_, 42, began, steady_began);
    }
    ~ZoneTest() override {
        for (const pid_t pid : children_) {
            kill(pid, SIGKILL);
            waitpid(pid, nullptr, 0);
        }
        munmap(memory_, sizeof(Zone));
    }

    Zone& zone() { return *static_cast<Zone*>(memory_); }

    Snapshot snapshot(Clock::duration after = std::chrono::seconds(10)) {
        return take_snapshot(
            zone(), 20,
            began + std::chrono::duration_cast<std::chrono::system_clock::duration>(after),
            steady_began + after);
    }

    /// Runs `body` in a child, which does not outlive the test.
    pid_t child(const std::function<void()>& body) {
        const pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            body();
            _exit(0);
        }
        children_.insert(pid);
        return pid;
    }

    /// How the child has ended; waits for that.
    int status_of(pid_t pid) {
        int status = -1;
        waitpid(pid, &status, 0);
        children_.erase(pid);
        return status;
    }

private:
    void* memory_;
    std::set<pid_t> children_;
};

}  // namespace dns_tools::metrics
