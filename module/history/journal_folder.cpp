#include "history/journal_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <string_view>

namespace dns_tools::history {

namespace {

constexpr std::string_view folder_prefix = "worker-";
constexpr const char* lock_name = "lock";
constexpr std::string_view segment_suffix = ".segment";
constexpr std::string_view aside_suffix = ".damaged";

std::vector<std::string> names_in(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), &closedir);
    if (folder == nullptr) {
        throw DiskError("cannot read", path, errno);
    }
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* const entry = readdir(folder.get());
        if (entry == nullptr) {
            break;
        }
        names.emplace_back(entry->d_name);
    }
    if (errno != 0) {
        throw DiskError("cannot read", path, errno);
    }
    return names;
}

std::optional<std::uint32_t> folder_number(std::string_view name) {
    if (!name.starts_with(folder_prefix)) {
        return std::nullopt;
    }
    const auto digits = name.substr(folder_prefix.size());
    const char* const end = digits.data() + digits.size();
    std::uint32_t number = 0;
    const auto [read, error] = std::from_chars(digits.data(), end, number);
    return error == std::errc() && read == end ? std::optional(number) : std::nullopt;
}

std::string lock_path(const std::string& folder) {
    return folder + "/" + lock_name;
}

bool is_segment(std::string_view name) {
    return name.ends_with(segment_suffix);
}

/// What is set aside in the journal's path.
std::uint64_t bytes_aside(const std::string& root) {
    std::uint64_t bytes = 0;
    for (const auto& name : names_in(root)) {
        if (name.ends_with(aside_suffix)) {
            bytes += size_of_file(std::string(root).append("/").append(name));
        }
    }
    return bytes;
}

int lock_file(int fd) noexcept {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return fcntl(fd, F_OFD_SETLK, &whole);
}

/// Whether a lock on `path` was taken; false when somebody else has it.
bool taken(int result, const std::string& path) {
    if (result == 0) {
        return true;
    }
    if (errno != EAGAIN && errno != EACCES) {
        throw DiskError("cannot lock", path, errno);
    }
    return false;
}

}  // namespace

std::shared_ptr<JournalFolder> JournalFolder::hold(const std::string& path) {
    UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder && errno != ENOENT) {
        throw DiskError("cannot open", path, errno);
    }
    if (!folder || !taken(flock(folder.get(), LOCK_EX | LOCK_NB), path)) {
        return nullptr;
    }
    const auto file = lock_path(path);
    UniqueFd fd(openat(folder.get(), lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd && errno != ENOENT) {
        throw DiskError("cannot open", file, errno);
    }
    if (!fd || !taken(lock_file(fd.get()), file)) {
        return nullptr;
    }
    std::shared_ptr<JournalFolder> held(new JournalFolder(path, std::move(folder), std::move(fd)));
    // Its last owner may have removed it between the opening and the locking.
    return held->in_place() ? held : nullptr;
}

bool JournalFolder::in_place() const noexcept {
    struct stat held;
    struct stat named;
    return fstat(lock_.get(), &held) == 0 && stat(lock_path(path_).c_str(), &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

std::vector<std::string> JournalFolder::segments() const {
    std::vector<std::string> paths;
    for (const auto& name : names_in(path_)) {
        if (is_segment(name)) {
            paths.push_back(path_ + "/" + name);
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::uint64_t size_of_file(const std::string& path) noexcept {
    struct stat status;
    return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t JournalFolder::bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& path : segments()) {
        bytes += size_of_file(path);
    }
    return bytes;
}

bool JournalFolder::discard(const std::string& segment) {
    if (kept_.count(segment) == 0) {
        return unlink(segment.c_str()) == 0;
    }
    const auto root = path_.substr(0, path_.rfind('/'));
    if (bytes_aside(root) + size_of_file(segment) > most_aside_) {
        not_kept_.push_back(segment);
        return unlink(segment.c_str()) == 0;
    }
    const auto aside = root + segment.substr(path_.size()) + std::string(aside_suffix);
    return rename(segment.c_str(), aside.c_str()) == 0;
}

bool JournalFolder::remove() noexcept {
    if (!in_place()) {
        return true;
    }
    try {
        // A file of somebody else's keeps the folder, and then it is better kept locked too.
        for (const auto& name : names_in(path_)) {
            if (name != "." && name != ".." && name != lock_name && !is_segment(name)) {
                return false;
            }
        }
        for (const auto& path : segments()) {
            const bool left = std::find(left_.begin(), left_.end(), path) != left_.end();
            if (!left && !discard(path)) {
                return false;
            }
        }
        if (!left_.empty()) {
            return true;
        }
    } catch (const std::exception&) {
        return false;
    }
    if (unlink(lock_path(path_).c_str()) != 0) {
        return false;
    }
    // Somebody else may have put something into the folder since.
    rmdir(path_.c_str());
    return true;
}

std::string JournalFolder::segment_path(std::uint64_t sequence) const {
    char name[17];
    std::snprintf(name, sizeof name, "%016" PRIx64, sequence);
    return path_ + "/" + name + std::string(segment_suffix);
}

std::vector<std::string> journal_folders(const std::string& root) {
    std::vector<std::pair<std::uint32_t, std::string>> numbered;
    for (const auto& name : names_in(root)) {
        if (const auto number = folder_number(name)) {
            numbered.emplace_back(*number, std::string(root).append("/").append(name));
        }
    }
    std::sort(numbered.begin(), numbered.end());
    std::vector<std::string> paths;
    paths.reserve(numbered.size());
    for (auto& [number, path] : numbered) {
        paths.push_back(std::move(path));
    }
    return paths;
}

std::shared_ptr<JournalFolder> make_journal_folder(const std::string& root) {
    if (mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) {
        throw DiskError("cannot make", root, errno);
    }
    for (std::uint32_t number = 0;; ++number) {
        const auto path = root + "/" + std::string(folder_prefix) + std::to_string(number);
        if (mkdir(path.c_str(), 0700) == 0) {
            if (auto folder = JournalFolder::hold(path)) {
                return folder;
            }
        } else if (errno != EEXIST) {
            throw DiskError("cannot make", path, errno);
        }
    }
}

}  // namespace dns_tools::history
