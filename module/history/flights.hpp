#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "history/queue.hpp"

namespace dns_tools::history {

/// The batches that were made of a queue's oldest records, in the queue's order and without a gap.
/// Each goes to the database, perhaps more than once, until it is settled; the settled ones at the
/// front may be acknowledged.
class Flights {
public:
    using Instant = std::chrono::steady_clock::time_point;

    struct Batch {
        Queue::Position begin;
        Queue::Position end;
        std::size_t rows;
        bool confirm = false;  ///< some of its rows were there already: see confirm()
    };

    /// Nothing made a batch of lies before `next()`.
    explicit Flights(Queue::Position begin) noexcept : next_(begin) {}

    Queue::Position next() const noexcept { return next_; }
    /// Rows in batches that are not acknowledged.
    std::size_t rows() const noexcept { return rows_; }
    std::size_t in_flight() const noexcept { return in_flight_; }

    /// A new batch, which begins at next() and waits to be sent.
    void add(Queue::Position end, std::size_t rows);
    /// The oldest batch that waits to be sent.
    std::optional<Batch> waiting() const noexcept;
    /// That batch is on its way; `exactly` by a finer clock than that of deadlines.
    void sent(Instant now, Instant exactly);
    /// When the oldest of those on their way was sent. There is one.
    Instant oldest() const noexcept;
    Instant oldest_exactly() const noexcept;

    /// How the one ended that was sent first of those on their way: batches answer in that order.
    const Batch& first_in_flight() const noexcept;
    void settle();  ///< it is in the database, or never will be
    void retry();   ///< it waits to be sent again
    /// It waits to be sent again: who wrote its rows may not know whether their commit has reached
    /// the standbys.
    void confirm();
    /// Its parts, the first of which ends at `middle` and has `rows` rows, wait to be sent instead.
    void split(Queue::Position middle, std::size_t rows);

    /// The oldest batch that waits to be sent, or the first of those on their way, has only so many
    /// rows any more. One that waits and has none left is settled.
    void waiting_has(std::size_t rows);
    void first_in_flight_has(std::size_t rows);

    /// All that are on their way wait to be sent again.
    void retry_all() noexcept;

    /// The end of the settled batches at the front, which are forgotten; none if there are none.
    std::optional<Queue::Position> take_settled();

private:
    enum class State { waiting, in_flight, settled };

    struct Entry {
        Batch batch;
        State state = State::waiting;
        std::uint64_t turn = 0;  // counts what was sent
        Instant sent{};
        Instant sent_exactly{};
    };

    std::size_t first() const noexcept;
    std::size_t first_waiting() const noexcept;
    void land(State state);
    void recount(Batch& batch, std::size_t rows);

    std::vector<Entry> entries_;  // few: those in flight, and the halves of a batch that failed
    Queue::Position next_;
    std::size_t rows_ = 0;
    std::size_t in_flight_ = 0;
    std::uint64_t turns_ = 0;
};

}  // namespace dns_tools::history
