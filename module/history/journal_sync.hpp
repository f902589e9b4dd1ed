#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/helper_thread.hpp"
#include "history/journal_options.hpp"
#include "history/queue.hpp"
#include "history/segment_file.hpp"

namespace dns_tools::history {

/// Brings to the disk what was appended, on a thread of its own: a sync that takes seconds holds up
/// nothing else. What is appended while one is under way is covered by the next.
class JournalSync {
public:
    using Files = std::vector<std::shared_ptr<SegmentFile>>;

    class Owner {
    public:
        /// The end of what a sync that begins now covers.
        virtual Queue::Position sync_target() const noexcept = 0;
        virtual void synced(Queue::Position until) = 0;
        /// What was appended by now and not synced before never is: a second sync would succeed
        /// without having written it (fsync(2)).
        virtual void sync_failed(const Files& files, const std::string& why) = 0;

    protected:
        ~Owner() = default;
    };

    JournalSync(EventLoop& loop, const JournalOptions& options, Disk& disk, Owner& owner);

    /// Something was appended to `file`.
    void wrote(const std::shared_ptr<SegmentFile>& file);

private:
    struct Outcome;

    void schedule();
    void begin();
    void finish(const Outcome& outcome);

    const JournalSyncMode mode_;
    const std::chrono::milliseconds interval_;
    Disk& disk_;
    Owner& owner_;
    std::unique_ptr<Task> task_;    // begins one when this turn of the loop has appended all
    std::unique_ptr<Timer> timer_;  // begins one when the interval is over
    Files dirty_;
    bool under_way_ = false;
    std::optional<HelperThread> helper_;
};

}  // namespace dns_tools::history
