#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/event_loop.hpp"
#include "base/unique_fd.hpp"

namespace dns_tools {

/// One thread for what would block the loop, such as fsync(2). It takes no signals.
class HelperThread {
public:
    using Callback = std::function<void()>;

    /// Throws std::system_error when the system has no thread or descriptor left.
    explicit HelperThread(EventLoop& loop);
    /// Waits for the job that is under way; drops the others, and what was to be done after any.
    ~HelperThread();

    /// Runs `job` on the thread, one after another in the order given, and then `done` on the loop.
    /// A job touches nothing of the loop's and is destroyed on the thread; one that throws counts
    /// as done. `done` may destroy the helper.
    void run(Callback job, Callback done);

private:
    struct Entry {
        Callback job;
        Callback done;
    };

    void work() noexcept;
    void watch();
    void look_later();
    void finish();
    bool take_finished(Callback& done);

    EventLoop& loop_;
    UniqueFd finished_event_;  // readable while finished_ holds something
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<Timer> without_watch_;  // looks at finished_ while the loop has no room
    std::shared_ptr<const bool> alive_;
    std::size_t outstanding_ = 0;  // given to run(), and not done

    std::mutex mutex_;  // guards what follows
    std::condition_variable wake_;
    std::deque<Entry> jobs_;
    std::deque<Callback> finished_;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace dns_tools
