#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "history/disk.hpp"
#include "history/segment_file.hpp"

namespace dns_tools::history {

/// A folder of segments, worker-N in the journal's path, which this process holds: nobody else
/// touches it before this object is gone or the process dead. An open file description lock on a
/// file in it does that (fcntl(2)), whatever the process that holds it is called or numbered.
class JournalFolder {
public:
    /// Null when somebody else holds it, or it is no more. Throws DiskError.
    static std::shared_ptr<JournalFolder> hold(const std::string& path);

    const std::string& path() const noexcept { return path_; }
    /// Whether the path still leads to what is held.
    bool in_place() const noexcept;

    /// The paths of its segments, the oldest first. Throws DiskError.
    std::vector<std::string> segments() const;
    /// Where a segment of this sequence is made.
    std::string segment_path(std::uint64_t sequence) const;
    /// Bytes they take. Throws DiskError.
    std::uint64_t bytes() const;

    /// Removes the segments and the folder; false when that could not be. It stays held.
    bool remove() noexcept;

private:
    JournalFolder(std::string path, UniqueFd lock) noexcept
        : path_(std::move(path)), lock_(std::move(lock)) {}

    std::string path_;
    UniqueFd lock_;
};

/// The folders worker-N in the journal's path, by number. Throws DiskError.
std::vector<std::string> journal_folders(const std::string& root);

/// Makes the folder worker-N with the lowest N that is free, in `root`, which is made too when it
/// is missing. Throws DiskError.
std::shared_ptr<JournalFolder> make_journal_folder(const std::string& root);

}  // namespace dns_tools::history
