#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"
#include "dns/ares_channel.hpp"
#include "dns/flight.hpp"

namespace dns_tools::dns {

/// Queries to one upstream over TCP, for answers that do not fit a datagram. They share a
/// connection of c-ares until it has answered twice, or a query has waited on it in vain; then
/// later ones get a new connection, and those that are on it keep theirs.
class Streams {
public:
    /// `timeout`: how long answers are waited for by the flights.
    Streams(EventLoop& loop, Random& random, const SocketAddress& upstream,
            std::chrono::milliseconds timeout);
    /// Flights under way are told nothing.
    ~Streams();

    /// The flight lives until it has landed, broken or been cancelled. It may break at once.
    void send(Flight& flight);
    /// Nothing more is to be expected. Never from inside Flight's calls.
    void cancel(Flight& flight);

private:
    friend class StreamCall;
    struct Line;

    void sweep();

    EventLoop& loop_;
    Random& random_;
    SocketAddress upstream_;
    std::chrono::milliseconds timeout_;
    std::vector<std::unique_ptr<Line>> lines_;  // the last is in use unless it is retired
    std::unique_ptr<Task> sweep_;
    bool closing_ = false;
};

}  // namespace dns_tools::dns
