#include "metrics/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace dns_tools::metrics {

namespace {

constexpr unsigned pid_shift = 32;

// Fields of proc(5), /proc/PID/stat, counted from the state behind the name.
constexpr int fields_to_start_time = 19;

// When the process was started, in clock ticks since the boot; 0: a zombie, or nothing is known.
std::uint32_t start_time(std::string_view stat) noexcept {
    const auto name_end = stat.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= stat.size()) {
        return 0;
    }
    stat.remove_prefix(name_end + 2);
    if (stat.front() == 'Z' || stat.front() == 'X') {
        return 0;
    }
    for (int field = 0; field < fields_to_start_time; ++field) {
        stat.remove_prefix(std::min(stat.find(' '), stat.size() - 1) + 1);
    }
    std::uint64_t ticks = 0;
    std::from_chars(stat.data(), stat.data() + stat.size(), ticks);
    return static_cast<std::uint32_t>(ticks);
}

constexpr pid_t pid_of(std::uint64_t identity) noexcept {
    return static_cast<pid_t>(identity >> pid_shift);
}

bool exists(pid_t pid) noexcept {
    return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH);
}

constexpr std::uint32_t start_of(std::uint64_t identity) noexcept {
    return static_cast<std::uint32_t>(identity);
}

}  // namespace

std::uint64_t process_identity(pid_t pid) noexcept {
    if (!exists(pid)) {
        return 0;
    }
    const auto of_pid = static_cast<std::uint64_t>(pid) << pid_shift;
    std::array<char, 40> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/stat", static_cast<int>(pid));
    const int fd = open(path.data(), O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return of_pid;  // without /proc, or a free descriptor, the pid has to do
    }
    std::array<char, 512> text;
    const auto size = read(fd, text.data(), text.size());
    close(fd);
    const auto started = size > 0 ? start_time({text.data(), static_cast<std::size_t>(size)}) : 0;
    return started != 0 ? of_pid | started : 0;
}

bool is_alive(std::uint64_t identity) noexcept {
    const auto found = process_identity(pid_of(identity));
    const bool both_complete = start_of(found) != 0 && start_of(identity) != 0;
    return found != 0 && (found == identity || !both_complete);
}

bool may_be_alive(std::uint64_t identity) noexcept {
    return exists(pid_of(identity));
}

}  // namespace dns_tools::metrics
