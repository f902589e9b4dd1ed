#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace dns_tools::history {

enum class JournalSyncMode {
    off,       ///< the kernel writes to the disk when it likes
    periodic,  ///< what was appended is on the disk soon; nobody waits for it
    always,    ///< durable() is what a sync has covered
};

struct JournalOptions {
    std::string path;
    /// Bytes of all files that a worker holds; from `min_size` to `max_size`.
    std::size_t size = 64 * 1024 * 1024;
    JournalSyncMode sync = JournalSyncMode::periodic;
    /// Of periodic syncs, while there is something to sync.
    std::chrono::milliseconds sync_interval{1'000};
    /// About how often to look for what workers left that are gone.
    std::chrono::milliseconds adopt_interval{2'000};
    /// Between attempts while the disk refuses.
    std::chrono::milliseconds first_pause{500};
    std::chrono::milliseconds longest_pause{5'000};
    /// For what the disk cannot read of a folder, before the rest of it is left for later.
    std::chrono::milliseconds patience{10'000};

    static constexpr std::size_t min_size = 1024 * 1024;
    /// A segment has no more than 1 GiB, and each of those that are appended to has a descriptor.
    static constexpr std::uint64_t max_size = 32ULL * 1024 * 1024 * 1024;
};

}  // namespace dns_tools::history
