#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "metrics/cell.hpp"
#include "metrics/histogram.hpp"
#include "metrics/labels.hpp"
#include "metrics/minute_ring.hpp"
#include "metrics/shared_text.hpp"
#include "metrics/top_list.hpp"

/// The layout of the shared memory that all workers count in: cells and nothing else, no pointers,
/// no locks. Any process may die at any step.
namespace dns_tools::metrics {

/// To be counted up with every change of what follows, and of labels.hpp.
inline constexpr std::uint64_t layout_version = 5;

inline constexpr std::size_t max_upstreams = 64;
/// Of these, one process takes as many, for each is some 3 KiB of a scrape.
inline constexpr std::size_t max_own_upstreams = 4;
inline constexpr std::size_t max_processes = 256;

template <typename Label>
using Cells = std::array<Cell, count_of<Label>>;

struct UpstreamCells {
    Cell requests;
    Cell timeouts;
    Cell tcp_fallbacks;
    Histogram duration;
};

/// Counters. There are several of each, so that workers do not fight for cache lines; they are
/// added up for reading. Which one a process counts in does not matter.
struct alignas(cache_line) Shard {
    std::array<std::array<std::array<Cell, status_codes.size()>, count_of<Method>>,
               count_of<Endpoint>>
        http_requests;
    std::array<Histogram, count_of<Endpoint>> http_duration;
    MinuteRing http_requests_by_minute;

    std::array<std::array<Cells<LookupSource>, count_of<LookupResult>>, count_of<RecordType>>
        lookups;
    Histogram lookup_duration;
    MinuteRing lookups_by_minute;

    std::array<UpstreamCells, max_upstreams> upstreams;

    Cell cache_requests;
    Cells<CacheHit> cache_hits;

    Cell history_appended;
    Cell history_written;
    Cell history_rejected;
    Cells<DropReason> history_dropped;
    Cell history_damaged_bytes;
    Histogram history_flush_duration;
};

/// What only one process knows, as long as it lives.
struct alignas(cache_line) ProcessCells {
    enum State : std::uint64_t { off, down, up };

    Cell identity;  ///< of the process; 0: the place is free
    Cell pending;
    Cell mortal;          ///< identity of the process that what is pending dies with
    Cell oldest_pending;  ///< UNIX time in milliseconds; 0: nothing is pending
    Cell left;            ///< records that it saw in journals which no process holds
    Cell oldest_left;     ///< the same for these as oldest_pending
    Cell fill;            ///< of the queue, in millionths
    Cell database;        ///< a State
    Cell resolver;        ///< a State; down: no nameserver answers this process
    Cell upstreams;       ///< a bit for each place in Zone::upstreams that it asks, until it leaves
    Cell upstreams_down;  ///< which of them do not answer it
};

/// A nameserver's place, for ever: the counters behind it never change hands. The last place is for
/// all that come when the others are taken.
struct UpstreamPlace {
    static constexpr std::size_t max_text = 63;

    Cell key;  ///< hash of the address; 0: the place is free
    SharedText<(max_text + 1) / 8> address;
};

struct Zone {
    static constexpr std::size_t shard_count = 8;

    Cell layout;      ///< layout_version, once everything is set up
    Cell started_at;  ///< UNIX time in milliseconds
    Cell started;     ///< the same by Clock, in milliseconds
    Cell seed;
    Cell cache_entries;
    Cell looked_at;  ///< counts processes that were looked at closely, in turn
    std::array<Shard, shard_count> shards;
    std::array<ProcessCells, max_processes> processes;
    std::array<UpstreamPlace, max_upstreams> upstreams;
    TopList domains;
};
static_assert(std::is_standard_layout_v<Zone> && std::is_trivially_destructible_v<Zone>);
// Whoever has to change this number has changed the layout: layout_version counts up.
static_assert(sizeof(Zone) == 326'272);

/// Gives the place of a process that has died to `successor`, 0 for nobody. False when somebody
/// else has done so already; once, by whoever does, what died with the process counts as dropped.
bool take_over(Zone& zone, ProcessCells& process, std::uint64_t dead,
               std::uint64_t successor) noexcept;

/// Sets up a zone in fresh memory of sizeof(Zone) bytes, aligned to cache lines.
Zone& make_zone(void* memory, std::uint64_t seed, std::chrono::system_clock::time_point now,
                Clock::time_point steady_now) noexcept;

}  // namespace dns_tools::metrics
