#pragma once

#include <deque>
#include <memory>

#include "history/queue.hpp"

namespace dns_tools::history {

/// A queue in the worker's memory: quick, bounded, and lost with the worker.
class MemoryQueue final : public Queue {
public:
    /// `capacity` in bytes of encoded records, reservations included.
    explicit MemoryQueue(std::size_t capacity);
    ~MemoryQueue() override;

    Reservation reserve() override;
    bool append(Reservation reservation, const Record& record) override;

    Position begin() const noexcept override { return begin_; }
    Position end() const noexcept override { return end_; }
    Position durable() const noexcept override { return end_; }
    std::size_t pending() const noexcept override { return pending_; }
    std::optional<UnixMicros> oldest() const noexcept override;
    double fill_ratio() const noexcept override;

    Position read(Position from, Position until, std::size_t max_records, std::size_t max_bytes,
                  std::vector<Record>& out) override;
    void acknowledge(Position until) override;

private:
    /// A stretch of whole records. Positions count encoded bytes, so that the next chunk starts at
    /// the position where this one's records end.
    struct Chunk {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size = 0;
        std::size_t used = 0;
        Position start = 0;

        Position end() const noexcept { return start + used; }
        std::span<const std::byte> from(Position position) const noexcept {
            return {bytes.get() + (position - start), end() - position};
        }
    };
    using Chunks = std::deque<Chunk>;

    void release(std::size_t size) noexcept override { reserved_ -= size; }
    std::byte* place(std::size_t size);
    Chunk make_chunk(std::size_t size);
    Chunks::const_iterator chunk_of(Position position) const noexcept;
    void drop_acknowledged_chunks() noexcept;

    const std::size_t capacity_;
    std::size_t reserved_ = 0;
    std::size_t pending_ = 0;
    Position begin_ = 0;
    Position end_ = 0;
    Chunks chunks_;
    Chunk spare_;  // kept so that a steady flow allocates nothing
};

}  // namespace dns_tools::history
