#pragma once

#include <sys/types.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace dns_tools::history {

/// A file or folder refused something; the text names what, where and why.
class DiskError : public std::runtime_error {
public:
    DiskError(const std::string& what, const std::string& path, int error);
};

/// What no test can make a real disk refuse; a test's own disk can. Called from any thread.
class Disk {
public:
    virtual ~Disk() = default;

    /// fdatasync(2); 0 or what errno said.
    virtual int sync(int fd) noexcept;
    /// pread(2).
    virtual ssize_t read(int fd, void* out, std::size_t size, off_t offset) noexcept;

    static Disk& real() noexcept;
};

/// Makes the names in a folder survive a power loss. Throws DiskError.
void sync_folder(const std::string& path);

}  // namespace dns_tools::history
