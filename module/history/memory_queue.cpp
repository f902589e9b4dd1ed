#include "history/memory_queue.hpp"

#include <algorithm>
#include <new>

namespace dns_tools::history {

namespace {

constexpr std::size_t chunk_size = 256 * 1024;

}  // namespace

MemoryQueue::MemoryQueue(std::size_t capacity) : capacity_(capacity) {}

MemoryQueue::~MemoryQueue() = default;

Reservation MemoryQueue::reserve() {
    if (end_ - begin_ + reserved_ + ordinary_record_size > capacity_) {
        return {};
    }
    reserved_ += ordinary_record_size;
    return {*this, ordinary_record_size};
}

bool MemoryQueue::append(Reservation reservation, const Record& record) {
    const std::size_t size = encoded_size(record);
    const std::size_t own = reservation ? reservation.size() : 0;
    if (record.domain.size() > max_domain_size ||
        end_ - begin_ + (reserved_ - own) + size > capacity_) {
        return false;
    }
    try {
        encode(record, place(size));
    } catch (const std::bad_alloc&) {
        return false;
    }
    end_ += size;
    ++pending_;
    return true;
}

std::optional<UnixMicros> MemoryQueue::oldest() const noexcept {
    return pending_ == 0 ? std::nullopt
                         : std::optional(decode(chunk_of(begin_)->from(begin_))->created_at);
}

double MemoryQueue::fill_ratio() const noexcept {
    return static_cast<double>(end_ - begin_ + reserved_) / static_cast<double>(capacity_);
}

/// Where the next record goes, which has `size` bytes.
std::byte* MemoryQueue::place(std::size_t size) {
    if (chunks_.empty() || chunks_.back().size - chunks_.back().used < size) {
        chunks_.push_back(make_chunk(size));
        chunks_.back().start = end_;
    }
    Chunk& chunk = chunks_.back();
    std::byte* const out = chunk.bytes.get() + chunk.used;
    chunk.used += size;
    return out;
}

MemoryQueue::Chunk MemoryQueue::make_chunk(std::size_t size) {
    if (size <= chunk_size && spare_.bytes != nullptr) {
        return std::move(spare_);
    }
    Chunk chunk;
    chunk.size = std::max(size, chunk_size);
    chunk.bytes.reset(new std::byte[chunk.size]);
    return chunk;
}

/// The chunk that holds the record at `position`.
MemoryQueue::Chunks::const_iterator MemoryQueue::chunk_of(Position position) const noexcept {
    return std::prev(
        std::upper_bound(chunks_.begin(), chunks_.end(), position,
                         [](Position wanted, const Chunk& chunk) { return wanted < chunk.start; }));
}

Queue::Position MemoryQueue::read(Position from, Position until, std::size_t max_records,
                                  std::size_t max_bytes, std::vector<Record>& out) {
    std::size_t records = 0;
    std::size_t bytes = 0;
    if (from >= until) {
        return from;
    }
    for (auto chunk = chunk_of(from); from < until && records < max_records; ++records) {
        if (from == chunk->end()) {
            ++chunk;
        }
        const auto record = decode(chunk->from(from));
        const std::size_t size = encoded_size(*record);
        if (records > 0 && bytes + size > max_bytes) {
            break;
        }
        out.push_back(*record);
        bytes += size;
        from += size;
    }
    return from;
}

void MemoryQueue::acknowledge(Position until) {
    auto chunk = chunks_.cbegin();
    while (begin_ < until) {
        if (begin_ == chunk->end()) {
            ++chunk;
        }
        begin_ += encoded_size(*decode(chunk->from(begin_)));
        --pending_;
    }
    drop_acknowledged_chunks();
}

void MemoryQueue::drop_acknowledged_chunks() noexcept {
    while (!chunks_.empty() && chunks_.front().end() <= begin_) {
        Chunk& front = chunks_.front();
        front.used = 0;
        front.start = begin_;
        if (chunks_.size() == 1 && front.size == chunk_size) {
            return;
        }
        if (front.size == chunk_size) {
            spare_ = std::move(front);
        }
        chunks_.pop_front();
    }
}

}  // namespace dns_tools::history
