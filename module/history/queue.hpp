#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "history/record.hpp"

namespace dns_tools::history {

class Queue;

/// Room for an ordinary record: a name of usual length and some 50 addresses; in encoded bytes.
constexpr std::size_t ordinary_record_size = 512;

/// Room kept in a queue for one record that is about to come. Gives it back when destroyed.
class Reservation {
public:
    Reservation() = default;
    Reservation(Queue& queue, std::size_t size) noexcept : queue_(&queue), size_(size) {}
    Reservation(Reservation&& other) noexcept
        : queue_(std::exchange(other.queue_, nullptr)), size_(other.size_) {}
    Reservation& operator=(Reservation&& other) noexcept {
        std::swap(queue_, other.queue_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Reservation();

    explicit operator bool() const noexcept { return queue_ != nullptr; }
    std::size_t size() const noexcept { return size_; }
    /// The room was used.
    void spend() noexcept { queue_ = nullptr; }

private:
    Queue* queue_ = nullptr;
    std::size_t size_ = 0;
};

/// The records that were answered and are not yet in PostgreSQL, oldest first. One writer appends,
/// reads and acknowledges, all on one thread.
class Queue {
public:
    /// A place between two records; later places compare greater.
    using Position = std::uint64_t;

    virtual ~Queue() = default;

    /// Room for one record of an ordinary answer; an empty reservation when the queue is full.
    [[nodiscard]] virtual Reservation reserve() = 0;

    /// Keeps the record, in the room reserved or, for a larger one, in what else is free. False
    /// when it does not fit: then nothing was kept.
    [[nodiscard]] virtual bool append(Reservation reservation, const Record& record) = 0;

    virtual Position begin() const noexcept = 0;  ///< the oldest record that is not acknowledged
    virtual Position end() const noexcept = 0;    ///< behind the newest record
    /// Everything before it survives what the queue promises to survive.
    virtual Position durable() const noexcept = 0;
    /// Records between begin() and end().
    virtual std::size_t pending() const noexcept = 0;
    /// When the oldest of them was made, wherever it stands.
    virtual std::optional<UnixMicros> oldest() const noexcept = 0;
    /// How full it is, reservations included: from 0 to 1.
    virtual double fill_ratio() const noexcept = 0;

    /// Adds to `out` the records between `from` and `until`, at most `max_records` of them and no
    /// more than fit in `max_bytes`, but at least one if there is one. Returns the place behind the
    /// last one read. The views last until the records are acknowledged. What a failing disk has
    /// taken away is left out, and no longer pending: fewer may be read than were read before.
    virtual Position read(Position from, Position until, std::size_t max_records,
                          std::size_t max_bytes, std::vector<Record>& out) = 0;

    /// Everything before `until` is safe in the database; its room is free again.
    virtual void acknowledge(Position until) = 0;

private:
    friend class Reservation;
    virtual void release(std::size_t size) noexcept = 0;
};

inline Reservation::~Reservation() {
    if (queue_ != nullptr) {
        queue_->release(size_);
    }
}

}  // namespace dns_tools::history
