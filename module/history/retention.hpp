#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "history/database.hpp"

namespace dns_tools::history {

/// What the retention tells of its work. Called from the loop. No text holds a password.
class RetentionObserver {
public:
    virtual ~RetentionObserver() = default;
    /// A step was committed. `rows` may be none.
    virtual void old_rows_deleted(std::size_t rows) noexcept = 0;
    /// A round ended before its time. Called for every one; who logs it limits the rate.
    virtual void retention_failed(std::string_view why) noexcept = 0;
};

struct RetentionOptions {
    std::string conninfo;  ///< empty: libpq's environment alone
    /// How old a lookup may become.
    std::chrono::milliseconds keep{};
    /// The pause between two rounds is drawn from the upper half below this, so that workers do
    /// not stay in step. Pauses after failures grow from it.
    std::chrono::milliseconds pause{60'000};
    std::size_t rows_a_step = 1'000;
    std::chrono::milliseconds connect_deadline{10'000};
    /// Longer than the server itself lets a step wait and work.
    std::chrono::milliseconds step_deadline{20'000};
    std::function<std::chrono::system_clock::time_point()> clock = std::chrono::system_clock::now;
};

/// The pause that suits a retention: a twentieth of it, at least 5 seconds, at most a minute.
std::chrono::milliseconds retention_pause(std::chrono::milliseconds keep) noexcept;

/// Deletes the lookups that are older than `keep`, by this machine's clock, in rounds. A round is a
/// connection and, on it, small steps until nothing is left that is too old; between two steps it
/// rests for at least as long as the first took. Of all workers on all hosts one at a time deletes;
/// who comes in between leaves the round to the other. It keeps no worker from exiting.
class Retention {
public:
    Retention(EventLoop& loop, Random& random, HostLookup& hosts, RetentionObserver& observer,
              RetentionOptions options);
    /// Gives up the step under way, which the server then finishes or undoes.
    ~Retention();

    /// The first round begins after a pause.
    void start();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::history
