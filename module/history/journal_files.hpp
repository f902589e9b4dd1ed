#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "base/helper_thread.hpp"
#include "base/random.hpp"
#include "history/journal_finder.hpp"
#include "history/journal_folder.hpp"
#include "history/journal_observer.hpp"
#include "history/journal_options.hpp"
#include "history/journal_segments.hpp"
#include "history/segment_file.hpp"

namespace dns_tools::history {

/// The files behind a journal: its folder, empty segments made ahead, used ones to be made empty or
/// removed, and what workers left behind that are gone. All of it on a helper thread, so that the
/// loop meets no disk.
class JournalFiles {
public:
    class Owner {
    public:
        /// There is a spare segment that was not there before.
        virtual void spare_made() = 0;
        /// One was to be made, and could not be.
        virtual void no_spare_made() = 0;
        virtual void loaded(LoadedFolder folder) = 0;
        /// Somebody removed the folder; what is open in it has no name any more.
        virtual void folder_lost() = 0;
        /// Whether a folder of any size may be adopted: nothing else waits.
        virtual bool takes_any_folder() const = 0;

    protected:
        ~Owner() = default;
    };

    JournalFiles(EventLoop& loop, Random& random, JournalObserver& observer, Owner& owner,
                 const JournalOptions& options, Disk& disk);

    /// Takes a folder and makes the first segment, at once; the only call that waits for the disk.
    void start();
    /// Adopts nothing any more.
    void drain() noexcept;
    /// Ends the work, and removes the folder unless something is left in it.
    void finish(bool folder_is_empty) noexcept;

    bool up() const noexcept { return up_; }
    const std::string& reason() const noexcept { return reason_; }
    std::uint64_t bytes() const noexcept { return bytes_; }
    /// Of these, in files that hold no records.
    std::uint64_t empty_bytes() const noexcept {
        return (spares_.size() + recycling_.size()) * segment_size_;
    }
    const std::shared_ptr<JournalFolder>& folder() const noexcept { return folder_; }
    std::size_t segment_size() const noexcept { return segment_size_; }
    std::size_t spares() const noexcept { return spares_.size(); }
    /// Whether another one is under way: the owner hears how that ends.
    bool making() const noexcept { return making_; }
    /// There is one.
    std::shared_ptr<SegmentFile> take_spare();
    /// Makes one more spare segment, if there may be one and none is under way.
    void replenish();

    /// The segment is left with room behind `end`.
    void trim(const std::shared_ptr<SegmentFile>& file, std::uint32_t end);
    /// The file, which holds no records any more, is not to be used again.
    void spoil(const std::shared_ptr<SegmentFile>& file);
    /// All its records are acknowledged; `last`: its folder holds no other.
    void retire(JournalSegments::Segment segment, bool last);

    /// Tells the observer.
    void tell(const JournalNews& news);

private:
    struct Made;
    struct Found;

    SegmentFile::Identity new_identity();
    Made make(std::shared_ptr<JournalFolder> folder, SegmentFile::Identity identity) const;
    void bring_to_disk(const JournalFolder& folder, const SegmentFile& file) const;
    void made(Made made);
    void add_spare(std::shared_ptr<SegmentFile> file);
    void failed(const std::string& why);
    void look();
    void looked(Found& found);
    void lose_folder();
    void recycle(JournalSegments::Segment segment);
    void unlink(JournalSegments::Segment segment);
    void remove(std::shared_ptr<JournalFolder> folder);

    Random& random_;
    JournalObserver& observer_;
    Owner& owner_;
    const JournalOptions options_;
    Disk& disk_;
    const std::size_t segment_size_;
    const std::shared_ptr<JournalFinder> finder_;  // the helper's once start() is over

    std::shared_ptr<JournalFolder> folder_;
    std::vector<std::string> left_;  // files that were in the folder and are to be loaded
    std::uint64_t left_bytes_ = 0;
    std::deque<std::shared_ptr<SegmentFile>> spares_;
    std::uint64_t bytes_ = 0;
    std::uint64_t last_sequence_ = 0;
    bool making_ = false;
    bool draining_ = false;
    std::vector<std::shared_ptr<SegmentFile>> recycling_;  // those that are being made empty

    bool up_ = false;
    std::string reason_;
    Backoff backoff_;
    std::unique_ptr<Timer> retry_timer_;
    std::unique_ptr<Timer> look_timer_;
    std::optional<HelperThread> helper_;
};

}  // namespace dns_tools::history
