#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/socket_address.hpp"
#include "support/poll_loop.hpp"

namespace dns_tools::test {

using Bytes = std::vector<std::uint8_t>;

/// A loopback port where nobody listens, over UDP or TCP, at the time of the call.
std::uint16_t free_port();

SocketAddress loopback(std::uint16_t port);

/// A real knot DNS server with one zone, for as long as the object lives.
class KnotServer {
public:
    /// `zone` is the zone file's text without SOA and NS of the apex. Throws when knotd does not
    /// answer within some seconds.
    KnotServer(std::string_view origin, std::string_view zone);
    ~KnotServer();
    KnotServer(const KnotServer&) = delete;
    KnotServer& operator=(const KnotServer&) = delete;

    SocketAddress address() const { return loopback(port_); }

private:
    bool answers() const;

    std::uint16_t port_;
    std::filesystem::path folder_;
    pid_t pid_ = -1;
};

/// A DNS server that does what it is told, over UDP and TCP on one loopback port, on the loop of
/// the test.
class FakeUpstream {
public:
    struct Query {
        Bytes bytes;
        sockaddr_in from{};
        int connection = -1;  // for a query that came over TCP

        bool over_tcp() const { return connection >= 0; }
        std::uint16_t port() const { return ntohs(from.sin_port); }
    };
    using Handler = std::function<void(FakeUpstream&, const Query&)>;

    FakeUpstream(PollLoop& loop, Handler handler);
    ~FakeUpstream();
    FakeUpstream(const FakeUpstream&) = delete;
    FakeUpstream& operator=(const FakeUpstream&) = delete;

    SocketAddress address() const { return loopback(port_); }
    void handle_with(Handler handler) { handler_ = std::move(handler); }
    const std::vector<Query>& received() const { return received_; }
    std::size_t connections() const { return connections_made_; }
    std::size_t open_connections() const { return connections_.size(); }

    /// Sends `message` back the way the query came, with the query's id.
    void reply(const Query& query, Bytes message);
    /// Sends a datagram from the server's own port to any port.
    void send_to(std::uint16_t port, std::span<const std::uint8_t> message);
    void close_connection(int fd);

private:
    struct Connection {
        Bytes unread;
        std::unique_ptr<Watch> watch;
    };

    void read_datagrams();
    void accept();
    void read_stream(int fd);
    void take(Query query);

    PollLoop& loop_;
    Handler handler_;
    std::uint16_t port_ = 0;
    int udp_ = -1;
    int tcp_ = -1;
    std::unique_ptr<Watch> udp_watch_;
    std::unique_ptr<Watch> tcp_watch_;
    std::map<int, Connection> connections_;
    std::size_t connections_made_ = 0;
    std::vector<Query> received_;
};

/// Sends a datagram to a loopback port from a port that nobody expects it from.
void send_as_stranger(std::uint16_t port, std::span<const std::uint8_t> message);

}  // namespace dns_tools::test
