#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "history/journal_folder.hpp"
#include "history/journal_options.hpp"
#include "history/segment_file.hpp"

namespace dns_tools::history {

/// What the search for folders came across and the observer is to be told.
struct JournalNews {
    std::vector<std::pair<std::string, Damage>> damages;  // each with its file
    std::vector<std::string> newer_files;
    std::vector<std::pair<std::string, std::string>> left_alone;  // a folder, and why
    std::vector<std::string> not_kept;                            // files
};

/// A folder and the records that were found in it.
struct LoadedFolder {
    std::shared_ptr<JournalFolder> folder;
    std::vector<LoadedSegment> segments;  ///< that hold records, the oldest first
    std::uint64_t bytes = 0;              ///< that those take
    std::size_t records = 0;
    std::vector<std::string> later;  ///< files that are still to be loaded
    std::uint64_t later_bytes = 0;
};

/// What waits in folders that nobody holds.
struct LeftRecords {
    std::size_t records = 0;
    std::optional<UnixMicros> oldest;  ///< when the oldest of them was made

    void add(std::size_t more, UnixMicros since) noexcept;
};

/// Finds and loads the folders that nobody holds. One thread uses it at a time.
class JournalFinder {
public:
    JournalFinder(const JournalOptions& options, Disk& disk)
        : root_(options.path),
          disk_(disk),
          durable_(options.sync != JournalSyncMode::off),
          patience_(options.patience),
          size_(options.size) {}

    /// Nobody waits for what is found any more. From any thread.
    void stop() noexcept { stop_ = true; }

    /// The first folder that nobody holds, or else a new one. Throws DiskError.
    std::shared_ptr<JournalFolder> claim(JournalNews& news);

    /// The first folder of those that nobody holds which has records, and no more than `max_bytes`;
    /// those that have none are removed. None when there is no such folder, or when so many are
    /// held that their descriptors might be missed elsewhere: then `left` gets what waits in those
    /// that stay.
    std::optional<LoadedFolder> adopt(std::uint64_t max_bytes, LeftRecords& left,
                                      JournalNews& news);

    /// What is in these files of a folder that is held; those without records are removed. Some
    /// may be left for later when the disk is slow to fail. None when one cannot be opened: then
    /// nothing was changed that matters.
    std::optional<LoadedFolder> load(std::shared_ptr<JournalFolder> folder,
                                     const std::vector<std::string>& paths, JournalNews& news);

    /// Removes a folder that has nothing left in it, or keeps it for itself and tries again later.
    void remove(const std::shared_ptr<JournalFolder>& folder, JournalNews& news);

private:
    std::shared_ptr<JournalFolder> hold(const std::string& path, JournalNews& news);
    LoadedFolder load_all(std::shared_ptr<JournalFolder> folder,
                          const std::vector<std::string>& paths, JournalNews& news);
    struct Counted {
        std::uint64_t bytes = 0;  // of the folder then
        LeftRecords records;
    };
    using Counts = std::map<std::string, Counted>;  // by the folders' paths

    bool holds_many() noexcept;
    static bool try_to_remove(JournalFolder& folder, JournalNews& news);
    void remove_kept(JournalNews& news);
    const LeftRecords& count(const std::shared_ptr<JournalFolder>& folder, Counts& known,
                             JournalNews& news);
    void leave_alone(const std::string& path, const std::string& why, JournalNews& news);

    const std::string root_;
    Disk& disk_;
    const bool durable_;  // what is loaded is brought to the disk too
    const std::chrono::milliseconds patience_;
    const std::uint64_t size_;
    std::atomic<bool> stop_ = false;
    std::set<std::string> told_;
    std::vector<std::weak_ptr<JournalFolder>> adopted_;
    Counts counted_;  // of folders that nobody held and that stayed
    std::vector<std::shared_ptr<JournalFolder>> kept_;  // else they would be adopted for ever
};

}  // namespace dns_tools::history
