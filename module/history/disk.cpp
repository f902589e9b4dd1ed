#include "history/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/unique_fd.hpp"

namespace dns_tools::history {

DiskError::DiskError(const std::string& what, const std::string& path, int error)
    : std::runtime_error(what + " \"" + path + "\": " + std::generic_category().message(error)) {}

int Disk::sync(int fd) noexcept {
    return fdatasync(fd) == 0 ? 0 : errno;
}

ssize_t Disk::read(int fd, void* out, std::size_t size, off_t offset) noexcept {
    return pread(fd, out, size, offset);
}

Disk& Disk::real() noexcept {
    static Disk disk;
    return disk;
}

void sync_folder(const std::string& path) {
    const UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || fsync(folder.get()) != 0) {
        throw DiskError("cannot sync", path, errno);
    }
}

}  // namespace dns_tools::history
