#include "metrics/top_list.hpp"

#include <algorithm>

namespace dns_tools::metrics {

namespace {

// Far longer than a turn lasts, so whoever has it is dead, or stopped.
constexpr std::uint64_t longest_turn_ms = 1000;

constexpr std::uint64_t nobody = 0;
constexpr std::uint64_t empty = 0;

}  // namespace

bool TopList::Set::count_known(std::uint64_t key) noexcept {
    for (std::size_t way = 0; way < ways; ++way) {
        if (get(keys[way]) == key) {
            add(counts[way]);
            return true;
        }
    }
    return false;
}

std::size_t TopList::Set::victim() const noexcept {
    std::size_t smallest = 0;
    for (std::size_t way = 0; way < ways; ++way) {
        if (get(keys[way]) == empty) {
            return way;
        }
        if (get(counts[way]) < get(counts[smallest])) {
            smallest = way;
        }
    }
    return smallest;
}

void TopList::take_place(std::size_t index, std::uint64_t key, std::string_view name) noexcept {
    Set& set = sets_[index];
    const std::size_t way = set.victim();
    // The place is empty until all of it is written.
    set.keys[way].store(empty, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    names_[index][way].write(name);
    // Whoever counts the old name still, does so for nothing.
    const auto inherited = get(set.counts[way]);
    put(set.errors[way], inherited);
    put(set.counts[way], inherited + 1);
    set.keys[way].store(key, std::memory_order_release);
}

void TopList::count(std::string_view name, Clock::time_point now) noexcept {
    const auto key = hash_of(name, get(seed_));
    const std::size_t index = key % sets;
    Set& set = sets_[index];
    if (set.count_known(key)) {
        return;
    }
    const auto since_boot = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
    const auto now_ms = static_cast<std::uint64_t>(since_boot.count()) + 1;
    auto holder = get(set.turn);
    const bool busy = holder != nobody && now_ms < holder + longest_turn_ms;
    if (busy || !set.turn.compare_exchange_strong(holder, now_ms, std::memory_order_acquire)) {
        return;
    }
    // Another process may have brought the name in meanwhile.
    if (!set.count_known(key)) {
        take_place(index, key, name);
    }
    if (get(set.turn) == now_ms) {
        set.turn.store(nobody, std::memory_order_release);
    }
}

std::vector<TopList::Entry> TopList::top(std::size_t most) {
    const auto seed = get(seed_);
    std::vector<Entry> entries;
    for (std::size_t index = 0; index < sets; ++index) {
        Set& set = sets_[index];
        for (std::size_t way = 0; way < ways; ++way) {
            auto key = set.keys[way].load(std::memory_order_acquire);
            if (key == empty) {
                continue;
            }
            const auto count = get(set.counts[way]);
            const auto error = get(set.errors[way]);
            std::string name = names_[index][way].read();
            std::atomic_thread_fence(std::memory_order_acquire);
            if (get(set.keys[way]) != key) {
                continue;  // it has just changed hands
            }
            if (hash_of(name, seed) != key) {
                set.keys[way].compare_exchange_strong(key, empty, std::memory_order_relaxed);
                continue;
            }
            entries.push_back({std::move(name), count > error ? count - error : 0});
        }
    }
    const auto end = entries.begin() + static_cast<std::ptrdiff_t>(std::min(most, entries.size()));
    std::partial_sort(entries.begin(), end, entries.end(), [](const Entry& a, const Entry& b) {
        return a.count != b.count ? a.count > b.count : a.name < b.name;
    });
    entries.erase(end, entries.end());
    return entries;
}

}  // namespace dns_tools::metrics
