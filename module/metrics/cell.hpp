#pragma once

#include <atomic>
#include <cstdint>

namespace dns_tools::metrics {

/// The only thing that shared memory holds. Counting orders nothing, so all is relaxed but where a
/// comment says otherwise.
using Cell = std::atomic<std::uint64_t>;
static_assert(Cell::is_always_lock_free && sizeof(Cell) == sizeof(std::uint64_t));

inline constexpr std::size_t cache_line = 64;

inline void add(Cell& cell, std::uint64_t amount = 1) noexcept {
    cell.fetch_add(amount, std::memory_order_relaxed);
}

inline void put(Cell& cell, std::uint64_t value) noexcept {
    cell.store(value, std::memory_order_relaxed);
}

inline std::uint64_t get(const Cell& cell) noexcept {
    return cell.load(std::memory_order_relaxed);
}

}  // namespace dns_tools::metrics
