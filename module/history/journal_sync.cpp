#include "history/journal_sync.hpp"

#include <algorithm>
#include <utility>

namespace dns_tools::history {

struct JournalSync::Outcome {
    Files files;
    Queue::Position target;
    Files failed;
    std::string why;
};

JournalSync::JournalSync(EventLoop& loop, const JournalOptions& options, Disk& disk, Owner& owner)
    : mode_(options.sync),
      interval_(options.sync_interval),
      disk_(disk),
      owner_(owner),
      task_(loop.make_task([this] { begin(); })),
      timer_(loop.make_timer([this] { begin(); })) {
    if (mode_ != JournalSyncMode::off) {
        helper_.emplace(loop);
    }
}

void JournalSync::wrote(const std::shared_ptr<SegmentFile>& file) {
    if (mode_ == JournalSyncMode::off) {
        return;
    }
    if (dirty_.empty() || dirty_.back() != file) {
        dirty_.push_back(file);
    }
    if (!under_way_) {
        schedule();
    }
}

void JournalSync::schedule() {
    if (mode_ == JournalSyncMode::always) {
        task_->post();
    } else if (!timer_->armed()) {
        timer_->arm(interval_, OnExit::abandon);
    }
}

void JournalSync::begin() {
    if (under_way_ || dirty_.empty()) {
        return;
    }
    under_way_ = true;
    const auto outcome = std::make_shared<Outcome>();
    outcome->files = std::exchange(dirty_, {});
    outcome->target = owner_.sync_target();
    helper_->run(
        [outcome, &disk = disk_] {
            for (const auto& file : outcome->files) {
                if (const int error = disk.sync(file->fd()); error != 0) {
                    outcome->failed.push_back(file);
                    outcome->why = DiskError("cannot sync", file->path(), error).what();
                }
            }
            outcome->files.clear();  // the last to hold one unmaps it
        },
        [this, outcome] { finish(*outcome); });
}

void JournalSync::finish(const Outcome& outcome) {
    under_way_ = false;
    for (const auto& file : outcome.failed) {
        dirty_.erase(std::remove(dirty_.begin(), dirty_.end(), file), dirty_.end());
    }
    if (!dirty_.empty()) {
        schedule();
    }
    if (outcome.failed.empty()) {
        owner_.synced(outcome.target);
    } else {
        owner_.sync_failed(outcome.failed, outcome.why);
    }
}

}  // namespace dns_tools::history
