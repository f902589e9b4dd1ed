#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "history/queue.hpp"
#include "metrics/counters.hpp"

namespace dns_tools::nginx {

/// Counts what becomes of records. Does nothing without counters, which may be null.
class HistoryCounts {
public:
    /// The queue's length is shown from now on. `mortal`: what is in it dies with the process.
    HistoryCounts(metrics::Counters* counters, const history::Queue& queue, bool mortal);

    /// A record of that moment was appended to the queue.
    void appended(UnixMicros created_at) noexcept;
    /// The queue has let go of its oldest records, or has taken over others.
    void queue_changed() noexcept;
    void written(std::size_t rows) noexcept;
    void rejected() noexcept;
    void dropped(metrics::DropReason reason, std::size_t records = 1) noexcept;
    /// So many records wait in journals that nobody holds, where all workers see them.
    void left(std::size_t records, std::optional<UnixMicros> oldest) noexcept;
    void damaged(std::uint64_t bytes) noexcept;
    /// A batch was committed, `took` after it was sent.
    void committed(std::chrono::nanoseconds took) noexcept;
    void database_is_up(bool up) noexcept;
    /// The worker is leaving, and soon it will not know any more whether the database is up.
    void leave() noexcept;

private:
    void show() noexcept;

    metrics::Counters* counters_;
    const history::Queue& queue_;
    bool leaving_ = false;
    std::optional<UnixMicros> oldest_;  // in the queue
};

}  // namespace dns_tools::nginx
