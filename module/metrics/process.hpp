#pragma once

#include <sys/types.h>

#include <cstdint>

namespace dns_tools::metrics {

/// A process as no other will ever be named, as long as the machine runs: its pid in the upper
/// half, when it was started in the lower. 0: there is no such process (a zombie is none).
std::uint64_t process_identity(pid_t pid) noexcept;

bool is_alive(std::uint64_t identity) noexcept;
/// Whether there is any process with its pid, a zombie too: far cheaper to know.
bool may_be_alive(std::uint64_t identity) noexcept;

}  // namespace dns_tools::metrics
