#include "nginx/history_counts.hpp"

namespace dns_tools::nginx {

HistoryCounts::HistoryCounts(metrics::Counters* counters, const history::Queue& queue, bool mortal)
    : counters_(counters), queue_(queue) {
    if (counters_ != nullptr && mortal) {
        counters_->history_is_mortal();
    }
    database_is_up(false);  // until it has answered
    queue_changed();
}

void HistoryCounts::appended(UnixMicros created_at) noexcept {
    if (counters_ == nullptr) {
        return;
    }
    if (!oldest_) {
        oldest_ = created_at;
    }
    counters_->history_appended();
    show();
}

void HistoryCounts::queue_changed() noexcept {
    if (counters_ == nullptr) {
        return;
    }
    oldest_ = queue_.oldest();
    show();
}

void HistoryCounts::show() noexcept {
    counters_->history_pending(queue_.pending(), oldest_, queue_.fill_ratio());
}

void HistoryCounts::written(std::size_t rows) noexcept {
    if (counters_ != nullptr) {
        counters_->history_written(rows);
    }
}

void HistoryCounts::rejected() noexcept {
    if (counters_ != nullptr) {
        counters_->history_rejected();
    }
}

void HistoryCounts::dropped(metrics::DropReason reason, std::size_t records) noexcept {
    if (counters_ != nullptr) {
        counters_->history_dropped(reason, records);
    }
}

void HistoryCounts::left(std::size_t records, std::optional<UnixMicros> oldest) noexcept {
    if (counters_ != nullptr && !leaving_) {
        counters_->history_left(records, oldest);
    }
}

void HistoryCounts::damaged(std::uint64_t bytes) noexcept {
    if (counters_ != nullptr) {
        counters_->history_damaged(bytes);
    }
}

void HistoryCounts::committed(std::chrono::nanoseconds took) noexcept {
    if (counters_ != nullptr) {
        counters_->history_flushed(took);
    }
}

void HistoryCounts::database_is_up(bool up) noexcept {
    if (counters_ != nullptr && !leaving_) {
        counters_->database_is_up(up);
    }
}

void HistoryCounts::leave() noexcept {
    leaving_ = true;
    if (counters_ != nullptr) {
        counters_->database_is_left();
        counters_->history_left(0, std::nullopt);
    }
}

}  // namespace dns_tools::nginx
