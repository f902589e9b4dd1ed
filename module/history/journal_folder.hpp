#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "history/disk.hpp"
#include "history/segment_file.hpp"

namespace dns_tools::history {

/// A folder of segments, worker-N in the journal's path, which this process holds: nobody else
/// touches it before this object is gone or the process dead, whatever that process is called or
/// numbered. Two locks do that. One is on a file in it (fcntl(2)), which keeps other machines out
/// too where the file system is shared; but whoever removes the file makes another that is free. So
/// the folder itself is locked as well (flock(2)).
class JournalFolder {
public:
    /// Null when somebody else holds it, or it is no more. Throws DiskError.
    static std::shared_ptr<JournalFolder> hold(const std::string& path);

    const std::string& path() const noexcept { return path_; }
    /// Whether the path still leads to what is held, and the lock is in it.
    bool in_place() const noexcept;

    /// The paths of its segments, the oldest first. Throws DiskError.
    std::vector<std::string> segments() const;
    /// Where a segment of this sequence is made.
    std::string segment_path(std::uint64_t sequence) const;
    /// Bytes they take. Throws DiskError.
    std::uint64_t bytes() const;

    /// This segment is to be set aside when it is done with: the disk does not give all of it, for
    /// now. But no more than `most` bytes are set aside in all.
    void keep(const std::string& segment, std::uint64_t most) {
        kept_.insert(segment);
        most_aside_ = most;
    }
    /// These segments, and no others, are still to be loaded.
    void leave(std::vector<std::string> segments) { left_ = std::move(segments); }
    /// Removes a segment that is done with, or puts it beside the folder for a person to look at.
    bool discard(const std::string& segment);
    /// Those that were removed since because too much is set aside already.
    std::vector<std::string> take_not_kept() noexcept { return std::exchange(not_kept_, {}); }

    /// Discards the segments and removes the folder; false when that could not be. It stays held.
    /// With segments that are still to be loaded it stays, for whoever holds it next.
    bool remove() noexcept;

private:
    JournalFolder(std::string path, UniqueFd folder, UniqueFd lock) noexcept
        : path_(std::move(path)), folder_(std::move(folder)), lock_(std::move(lock)) {}

    std::string path_;
    UniqueFd folder_;
    UniqueFd lock_;
    std::set<std::string> kept_;
    std::uint64_t most_aside_ = 0;
    std::vector<std::string> not_kept_;
    std::vector<std::string> left_;
};

/// 0 when there is no such file.
std::uint64_t size_of_file(const std::string& path) noexcept;

/// The folders worker-N in the journal's path, by number. Throws DiskError.
std::vector<std::string> journal_folders(const std::string& root);

/// Makes the folder worker-N with the lowest N that is free, in `root`, which is made too when it
/// is missing. Throws DiskError.
std::shared_ptr<JournalFolder> make_journal_folder(const std::string& root);

}  // namespace dns_tools::history
