#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/cell.hpp"
#include "metrics/minute_ring.hpp"
#include "metrics/shared_text.hpp"

namespace dns_tools::metrics {

/// The busiest names of a stream, in bounded shared memory: the space-saving sketch (Metwally,
/// Agrawal, El Abbadi: "Efficient Computation of Frequent and Top-k Elements in Data Streams"). A
/// name that is not there takes the place of the one with the smallest count, which it inherits as
/// its possible error.
///
/// The places are divided into small sets by the hash of the name, each a sketch of its own, so
/// that a name is found, or its place, within two cache lines. What is looked at for every name
/// lies together, in a few pages; the names themselves are only written.
///
/// Processes may be killed at any step. Counting a name that is there is one atomic step. Taking a
/// place is guarded by the set's turn, which nobody waits for: who does not get it leaves its name
/// uncounted, and a turn that was not given back is taken over after a second. What a process
/// leaves behind that was killed in between is an empty place. Should one wake up after its turn
/// was taken over, it may mix its name with another: such a name does not fit its hash, and reading
/// empties its place.
class TopList {
public:
    static constexpr std::size_t sets = 64;
    static constexpr std::size_t ways = 8;
    static constexpr std::size_t max_name = 255;

    struct Entry {
        std::string name;
        /// How often it was counted since it has its place, which is at most how often it came.
        std::uint64_t count;
    };

    /// Before the first use, by one process.
    void seed(std::uint64_t value) noexcept { put(seed_, value); }

    void count(std::string_view name, Clock::time_point now) noexcept;
    /// The busiest, at most `most`, in falling order.
    std::vector<Entry> top(std::size_t most);

private:
    struct alignas(cache_line) Set {
        std::array<Cell, ways> keys;  ///< hashes of the names; 0: the place is empty
        std::array<Cell, ways> counts;
        std::array<Cell, ways> errors;  ///< how much of the count was inherited
        Cell turn;                      ///< when it was taken, in milliseconds; 0: it is free

        bool count_known(std::uint64_t key) noexcept;
        std::size_t victim() const noexcept;
    };
    using Names = std::array<SharedText<(max_name + 1) / 8>, ways>;

    void take_place(std::size_t index, std::uint64_t key, std::string_view name) noexcept;

    Cell seed_;
    alignas(cache_line) std::array<Set, sets> sets_;
    alignas(cache_line) std::array<Names, sets> names_;
};

}  // namespace dns_tools::metrics
