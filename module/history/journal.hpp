#pragma once

#include <deque>
#include <optional>
#include <string>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "history/disk.hpp"
#include "history/journal_files.hpp"
#include "history/journal_observer.hpp"
#include "history/journal_options.hpp"
#include "history/journal_segments.hpp"
#include "history/journal_sync.hpp"
#include "history/queue.hpp"

namespace dns_tools::history {

/// A queue in mapped files, which outlives the worker: what was appended is found by the next
/// worker that looks, however this one ends. With more bytes than its room it refuses; it never
/// waits.
class Journal final : public Queue, private JournalFiles::Owner, private JournalSync::Owner {
public:
    /// Throws std::system_error when the system has no thread or descriptor left.
    Journal(EventLoop& loop, Random& random, JournalObserver& observer,
            const JournalOptions& options, Disk& disk = Disk::real());
    /// What is not acknowledged stays in the files.
    ~Journal() override;

    /// Takes a folder and makes the first room in it; waits for the disk. What was left in it, or
    /// in others, joins the queue later. A disk that refuses is told of, and tried again.
    void start();
    /// The worker is leaving: it takes over nothing that others left any more.
    void drain() noexcept;

    Reservation reserve() override;
    /// The room that was reserved can be gone when the disk has failed meanwhile.
    bool append(Reservation reservation, const Record& record) override;

    Position begin() const noexcept override { return segments_.begin(); }
    Position end() const noexcept override { return segments_.end(); }
    Position durable() const noexcept override;
    std::size_t pending() const noexcept override { return segments_.pending(); }
    std::optional<UnixMicros> oldest() const noexcept override { return segments_.oldest(); }
    double fill_ratio() const noexcept override;

    Position read(Position from, Position until, std::size_t max_records, std::size_t max_bytes,
                  std::vector<Record>& out) override;
    void acknowledge(Position until) override;

    /// Whether there is a folder, and room can be made in it.
    bool up() const noexcept { return files_.up(); }
    /// Why not, for a person; empty when it is.
    const std::string& reason() const noexcept { return files_.reason(); }
    /// Whether there is room for no more record, and none is being made.
    bool full() const noexcept { return slots() <= reserved_ && !files_.making(); }
    /// Of all files that are held; of `JournalOptions::size`.
    std::uint64_t bytes_used() const noexcept { return files_.bytes(); }

private:
    void release(std::size_t size) noexcept override;

    void spare_made() override;
    void no_spare_made() override;
    void loaded(LoadedFolder folder) override;
    void folder_lost() override;
    bool takes_any_folder() const override;

    Position sync_target() const noexcept override { return end(); }
    void synced(Position until) override;
    void sync_failed(const JournalSync::Files& files, const std::string& why) override;

    std::size_t slots() const noexcept;
    std::size_t spare_slots() const noexcept;
    bool make_room(std::size_t frame_size, std::size_t others);
    void open_spare();
    void close_early();
    void replenish();
    void retire_acknowledged();
    void join_waiting();
    void join(LoadedFolder folder);
    void look_for_damages();
    void tell_damages();

    JournalObserver& observer_;
    const JournalSyncMode mode_;
    const std::uint64_t size_;  // the most bytes its files may take
    std::size_t reserved_ = 0;  // records that room was promised to
    Position durable_ = 0;
    JournalSegments segments_;
    std::deque<LoadedFolder> waiting_;  // until the open segment can be closed
    std::unique_ptr<Task> join_task_;
    std::unique_ptr<Task> damage_task_;
    bool draining_ = false;
    JournalFiles files_;
    JournalSync sync_;
};

}  // namespace dns_tools::history
