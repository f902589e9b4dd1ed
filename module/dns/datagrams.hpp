#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"
#include "dns/ares_channel.hpp"
#include "dns/flight.hpp"
#include "dns/udp_pool.hpp"

namespace dns_tools::dns {

/// Queries to one upstream over UDP, through c-ares and a pool of sockets.
///
/// Every datagram is judged before c-ares sees it: an answer counts only on the socket its query
/// left from, with its id, and as a response to its question. c-ares is then told no more than that
/// its query is answered. So nothing in a message can trip it (a broken message closes every
/// query's socket in 1.34, a long one goes to TCP in 1.18, the QR bit is never checked), and an
/// ICMP error ends only the queries it is about. The same word of an answer ends a query that has
/// been waiting too long, which c-ares has no call for.
class Datagrams final : private AresChannel::Sockets, private AresChannel::Sender {
public:
    /// `timeout`: how long answers are waited for by the flights.
    Datagrams(EventLoop& loop, Random& random, const SocketAddress& upstream,
              std::chrono::milliseconds timeout);
    ~Datagrams();

    /// The flight lives until it has landed, broken or been cancelled. It may break at once.
    void send(Flight& flight);
    /// No answer has come in time. It may be only this socket that gets none: its own address is
    /// gone, or something on the way remembers where the upstream was. So later flights get
    /// another. Never from inside Flight's calls.
    void give_up(Flight& flight);
    /// The upstream is silent: every flight from now on gets a new socket.
    void renew() noexcept { pool_.use_up_all(); }

private:
    int open(int family) noexcept override;
    void close(int fd) noexcept override;
    ssize_t send(std::span<const std::uint8_t> packet) noexcept override;
    ssize_t receive(std::span<std::uint8_t> buffer) noexcept override;
    void ended(AresChannel::Ending ending, std::span<const std::uint8_t> message,
               std::string_view why) noexcept override;

    void readable(UdpPool::Socket& socket);
    ssize_t receive_answer(std::span<std::uint8_t> buffer);
    static ssize_t stand_in(const Flight& flight, std::span<std::uint8_t> buffer);
    void end_in_library(const Flight& flight);

    void transmit(Flight& flight);
    void refuse_all(const UdpPool::Socket& socket, int code);
    void tell_refused();

    Flight*& bucket(std::uint16_t id) { return by_id_[id % by_id_.size()]; }
    Flight* find(std::uint16_t id);
    void expect(Flight& flight, UdpPool::Socket& socket);
    void forget(Flight& flight);

    Random& random_;
    SocketAddress upstream_;
    std::chrono::milliseconds timeout_;
    UdpPool pool_;
    std::array<Flight*, 2048> by_id_{};

    std::unique_ptr<AresChannel> channel_;
    std::vector<int> handles_;  // what the library believes to be its sockets
    bool gave_up_ = false;      // the library forgot a query before its time

    Flight* sending_ = nullptr;
    Trouble trouble_ = Trouble::unsent;  // why the flight being sent did not leave
    std::string why_;
    unsigned forbidden_ = 0;  // sends that a firewall has refused in a row

    UdpPool::Socket* reading_ = nullptr;
    unsigned reads_left_ = 0;
    bool drained_ = false;
    const Flight* ending_ = nullptr;
    std::vector<Flight*> refused_;  // landed by an ICMP error, not told yet
    std::string refused_why_;
};

}  // namespace dns_tools::dns
