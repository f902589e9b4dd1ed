#include "history/journal_finder.hpp"

#include <algorithm>
#include <iterator>

namespace dns_tools::history {

namespace {

// Each has two descriptors.
constexpr std::size_t max_folders = 64;

}  // namespace

std::shared_ptr<JournalFolder> JournalFinder::claim(JournalNews& news) {
    std::vector<std::string> paths;
    try {
        paths = journal_folders(root_);
    } catch (const DiskError&) {
        // What is wrong shows again, or is put right, when a folder is made.
    }
    for (const auto& path : paths) {
        if (auto folder = hold(path, news)) {
            return folder;
        }
    }
    auto folder = make_journal_folder(root_);
    if (durable_) {
        sync_folder(root_);
    }
    return folder;
}

void LeftRecords::add(std::size_t more, UnixMicros since) noexcept {
    records += more;
    oldest = std::min(oldest.value_or(since), since);
}

std::optional<LoadedFolder> JournalFinder::adopt(std::uint64_t max_bytes, LeftRecords& left,
                                                 JournalNews& news) {
    remove_kept(news);
    if (holds_many()) {
        max_bytes = 0;
    }
    auto known = std::exchange(counted_, {});
    std::vector<std::string> paths;
    try {
        paths = journal_folders(root_);
    } catch (const DiskError&) {
        // Who makes segments meets it too, and tells.
    }
    for (const auto& path : paths) {
        const auto folder = hold(path, news);
        if (folder == nullptr) {
            continue;
        }
        if (folder->bytes() > max_bytes) {
            if (const auto& found = count(folder, known, news); found.oldest) {
                left.add(found.records, *found.oldest);
            }
            continue;
        }
        auto loaded = load(folder, folder->segments(), news);
        if (loaded && loaded->records > 0) {
            adopted_.push_back(folder);
            counted_.merge(known);
            return loaded;
        }
        if (loaded) {
            remove(folder, news);
        }
    }
    return std::nullopt;
}

bool JournalFinder::holds_many() noexcept {
    std::erase_if(adopted_, [](const auto& folder) { return folder.expired(); });
    return adopted_.size() + kept_.size() >= max_folders;
}

/// What waits in a folder that stays where it is; it is loaded for that once, and when it changes.
const LeftRecords& JournalFinder::count(const std::shared_ptr<JournalFolder>& folder, Counts& known,
                                        JournalNews& news) {
    Counted& counted = counted_[folder->path()];
    counted = known[folder->path()];
    if (counted.bytes != folder->bytes()) {
        counted = {};
        if (const auto loaded = load(folder, folder->segments(), news)) {
            for (const auto& segment : loaded->segments) {
                counted.records.add(segment.records, segment.oldest);
            }
            // Loading gives back what is not needed.
            counted.bytes = loaded->later.empty() ? folder->bytes() : 0;
        }
    }
    return counted.records;
}

/// Holds the folder if nobody else does and it may be used.
std::shared_ptr<JournalFolder> JournalFinder::hold(const std::string& path, JournalNews& news) {
    try {
        auto folder = JournalFolder::hold(path);
        if (folder == nullptr) {
            return nullptr;
        }
        const auto files = folder->segments();
        const auto newer = std::find_if(files.begin(), files.end(), &is_of_newer_version);
        if (newer == files.end()) {
            return folder;
        }
        if (told_.insert(*newer).second) {
            news.newer_files.push_back(*newer);
        }
    } catch (const DiskError& error) {
        leave_alone(path, error.what(), news);
    }
    return nullptr;
}

std::optional<LoadedFolder> JournalFinder::load(std::shared_ptr<JournalFolder> folder,
                                                const std::vector<std::string>& paths,
                                                JournalNews& news) {
    JournalNews found;
    try {
        auto loaded = load_all(folder, paths, found);
        std::move(found.damages.begin(), found.damages.end(), std::back_inserter(news.damages));
        std::move(found.not_kept.begin(), found.not_kept.end(), std::back_inserter(news.not_kept));
        return loaded;
    } catch (const DiskError& error) {
        leave_alone(folder->path(), error.what(), news);
    } catch (const LoadStopped&) {
        // Who comes next finds all of it.
    }
    return std::nullopt;
}

LoadedFolder JournalFinder::load_all(std::shared_ptr<JournalFolder> folder,
                                     const std::vector<std::string>& paths, JournalNews& news) {
    LoadedFolder loaded;
    LoadLimits limits{.durable = durable_, .patience = patience_, .stop = &stop_};
    std::vector<std::string> empty;
    for (const auto& path : paths) {
        if (limits.exhausted()) {
            loaded.later.push_back(path);
            loaded.later_bytes += size_of_file(path);
            continue;
        }
        LoadedSegment segment = load_segment(path, disk_, limits);
        for (const auto& damage : segment.damages) {
            news.damages.emplace_back(path, damage);
        }
        if (segment.unreadable && !segment.damages.empty()) {
            folder->keep(path, size_);
        }
        if (segment.file == nullptr) {
            empty.push_back(path);
            continue;
        }
        segment.file->close();  // there may be more of them than descriptors
        loaded.bytes += segment.file->size();
        loaded.records += segment.records;
        loaded.segments.push_back(std::move(segment));
    }
    // Not before all are loaded: when one cannot be, nothing is told and all are loaded again.
    for (const auto& segment : loaded.segments) {
        damages_told(segment);
    }
    for (const auto& path : empty) {
        folder->discard(path);
    }
    std::sort(loaded.segments.begin(), loaded.segments.end(),
              [](const LoadedSegment& a, const LoadedSegment& b) {
                  return a.file->sequence() < b.file->sequence();
              });
    news.not_kept = folder->take_not_kept();
    folder->leave(loaded.later);
    loaded.folder = std::move(folder);
    return loaded;
}

bool JournalFinder::try_to_remove(JournalFolder& folder, JournalNews& news) {
    const bool removed = folder.remove();
    for (auto& file : folder.take_not_kept()) {
        news.not_kept.push_back(std::move(file));
    }
    return removed;
}

/// What was in the way may be gone.
void JournalFinder::remove_kept(JournalNews& news) {
    std::erase_if(kept_, [&](const auto& folder) { return try_to_remove(*folder, news); });
}

void JournalFinder::remove(const std::shared_ptr<JournalFolder>& folder, JournalNews& news) {
    if (!try_to_remove(*folder, news)) {
        kept_.push_back(folder);
        leave_alone(folder->path(), "it is done with, and cannot be removed", news);
    }
}

void JournalFinder::leave_alone(const std::string& path, const std::string& why,
                                JournalNews& news) {
    if (told_.insert(path).second) {
        news.left_alone.emplace_back(path, why);
    }
}

}  // namespace dns_tools::history
