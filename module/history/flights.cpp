#include "history/flights.hpp"

#include <algorithm>

namespace dns_tools::history {

void Flights::add(Queue::Position end, std::size_t rows) {
    entries_.push_back({.batch = {next_, end, rows}});
    next_ = end;
    rows_ += rows;
}

std::size_t Flights::first_waiting() const noexcept {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
        return entry.state == State::waiting;
    });
    return static_cast<std::size_t>(found - entries_.begin());
}

std::optional<Flights::Batch> Flights::waiting() const noexcept {
    const auto found = first_waiting();
    return found == entries_.size() ? std::nullopt : std::optional(entries_[found].batch);
}

void Flights::sent(Instant now, Instant exactly) {
    Entry& entry = entries_[first_waiting()];
    entry.state = State::in_flight;
    entry.turn = ++turns_;
    entry.sent = now;
    entry.sent_exactly = exactly;
    ++in_flight_;
}

std::size_t Flights::first() const noexcept {
    const auto key = [](const Entry& entry) {
        return entry.state == State::in_flight ? entry.turn : ~std::uint64_t{0};
    };
    const auto found =
        std::min_element(entries_.begin(), entries_.end(),
                         [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
    return static_cast<std::size_t>(found - entries_.begin());
}

Flights::Instant Flights::oldest() const noexcept {
    return entries_[first()].sent;
}

Flights::Instant Flights::oldest_exactly() const noexcept {
    return entries_[first()].sent_exactly;
}

const Flights::Batch& Flights::first_in_flight() const noexcept {
    return entries_[first()].batch;
}

void Flights::land(State state) {
    entries_[first()].state = state;
    --in_flight_;
}

void Flights::settle() {
    land(State::settled);
}

void Flights::retry() {
    land(State::waiting);
}

void Flights::confirm() {
    entries_[first()].batch.confirm = true;
    retry();
}

void Flights::split(Queue::Position middle, std::size_t rows) {
    const auto at = first();
    land(State::waiting);
    Entry second{.batch = {middle, entries_[at].batch.end, entries_[at].batch.rows - rows}};
    entries_[at].batch.end = middle;
    entries_[at].batch.rows = rows;
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(at) + 1, second);
}

void Flights::recount(Batch& batch, std::size_t rows) {
    rows_ -= batch.rows - rows;
    batch.rows = rows;
}

void Flights::waiting_has(std::size_t rows) {
    Entry& entry = entries_[first_waiting()];
    recount(entry.batch, rows);
    if (rows == 0) {
        entry.state = State::settled;
    }
}

void Flights::first_in_flight_has(std::size_t rows) {
    recount(entries_[first()].batch, rows);
}

void Flights::retry_all() noexcept {
    for (Entry& entry : entries_) {
        if (entry.state == State::in_flight) {
            entry.state = State::waiting;
        }
    }
    in_flight_ = 0;
}

std::optional<Queue::Position> Flights::take_settled() {
    const auto open = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
        return entry.state != State::settled;
    });
    if (open == entries_.begin()) {
        return std::nullopt;
    }
    for (auto entry = entries_.begin(); entry != open; ++entry) {
        rows_ -= entry->batch.rows;
    }
    const auto end = std::prev(open)->batch.end;
    entries_.erase(entries_.begin(), open);
    return end;
}

}  // namespace dns_tools::history
