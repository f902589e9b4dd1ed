#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"

namespace dns_tools::dns {

/// Connected UDP sockets to one server, each on a source port of the kernel's choice. Queries are
/// spread over them at random and each is replaced after a while, so that whoever forges an answer
/// has to guess a port that does not last (RFC 5452 §9.2), while a query costs no new socket.
class UdpPool {
public:
    static constexpr std::size_t slots = 16;
    static constexpr unsigned queries_a_socket = 64;

    class Socket {
    public:
        /// Takes over the descriptor.
        explicit Socket(int fd) noexcept : fd_(fd) {}
        ~Socket();
        Socket(const Socket&) = delete;
        Socket& operator=(const Socket&) = delete;

        int fd() const noexcept { return fd_; }

        /// How many answers are still expected here, kept by whoever sends and receives.
        unsigned expected = 0;

    private:
        friend class UdpPool;

        int fd_;
        unsigned picked_ = 0;
        std::unique_ptr<Watch> watch_;
    };

    /// `readable` is told of a socket that has something to read.
    UdpPool(EventLoop& loop, Random& random, const SocketAddress& server,
            std::function<void(Socket&)> readable);

    /// The socket for the next query; null when there is none, and error() says why. A socket lives
    /// on until the next pick() at least, and while answers are expected on it.
    Socket* pick();
    /// A new socket in the place of one that can no longer send, on which nothing is expected.
    Socket* replace(Socket& broken);
    /// No query is to be sent from this socket again, as far as there is another.
    static void use_up(Socket& socket) noexcept { socket.picked_ = queries_a_socket; }
    /// The same for all.
    void use_up_all() noexcept;
    const std::string& error() const noexcept { return error_; }
    /// Whether the error is about the server and not about this machine: there is no way to it.
    bool unreachable() const noexcept { return unreachable_; }

private:
    std::unique_ptr<Socket> open();
    void fail(int code);
    bool may_retire(const Socket& socket);

    EventLoop& loop_;
    Random& random_;
    SocketAddress server_;
    std::function<void(Socket&)> readable_;
    std::array<std::unique_ptr<Socket>, slots> sockets_;
    std::vector<std::unique_ptr<Socket>> retired_;  // no more queries, but answers to come
    std::string error_;
    bool unreachable_ = false;
};

}  // namespace dns_tools::dns
