#include "history/rejected_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/unique_fd.hpp"

namespace dns_tools::history {

RejectedFile::RejectedFile(std::string path, std::size_t limit)
    : path_(std::move(path)), limit_(limit) {}

bool RejectedFile::append(std::string_view line) {
    // Opened for each line: a person may move the file away at any time.
    const UniqueFd fd(
        open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    struct stat status;
    if (!fd || fstat(fd.get(), &status) != 0) {
        return false;
    }
    std::string text;
    text.reserve(line.size() + 2);
    if (torn_) {
        text += '\n';
    }
    text += line;
    text += '\n';
    if (static_cast<std::size_t>(status.st_size) + text.size() > limit_) {
        return false;
    }
    const auto written = write(fd.get(), text.data(), text.size());
    torn_ = written < 0 ? torn_ : static_cast<std::size_t>(written) < text.size();
    return written == static_cast<ssize_t>(text.size());
}

}  // namespace dns_tools::history
