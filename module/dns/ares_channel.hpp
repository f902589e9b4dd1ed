#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.hpp"
#include "base/ip_address.hpp"
#include "base/socket_address.hpp"

namespace dns_tools::dns {

/// A channel of c-ares, and the only door to the library.
///
/// c-ares calls back from inside any call here, so whoever is called back only takes note. No
/// channel may be destroyed, and nothing asked or processed, from inside a callback.
class AresChannel {
public:
    /// Carries the datagrams of a channel in the library's place.
    class Sockets {
    public:
        /// A descriptor that names a socket; -1 with errno when there is none. It is never read,
        /// written or watched by the library.
        virtual int open(int family) noexcept = 0;
        virtual void close(int fd) noexcept = 0;
        /// One packet; how much of it was sent, or -1 with errno.
        virtual ssize_t send(std::span<const std::uint8_t> packet) noexcept = 0;
        /// One datagram of the server, or -1 with EAGAIN.
        virtual ssize_t receive(std::span<std::uint8_t> buffer) noexcept = 0;

    protected:
        ~Sockets() = default;
    };

    enum class Ending { answered, timed_out, failed };

    /// Told once how a packet fared, at the latest while the channel is destroyed.
    class Sender {
    public:
        /// `why` is what c-ares says about an ending other than `answered`.
        virtual void ended(Ending ending, std::span<const std::uint8_t> message,
                           std::string_view why) noexcept = 0;

    protected:
        ~Sender() = default;
    };

    /// Told once what addresses a host has, at the latest while the channel is destroyed; `why`
    /// there are none.
    class Seeker {
    public:
        virtual void found(std::vector<IpAddress> addresses, std::string_view why) noexcept = 0;

    protected:
        ~Seeker() = default;
    };

    /// For packets to one server as datagrams through `sockets`; null when memory is short. After
    /// `give_up` the library forgets a packet by itself.
    static std::unique_ptr<AresChannel> over_datagrams(const SocketAddress& server,
                                                       std::chrono::milliseconds give_up,
                                                       Sockets& sockets);
    /// For packets to one server over TCP; the connection lasts while answers are expected on it.
    static std::unique_ptr<AresChannel> over_tcp(EventLoop& loop, const SocketAddress& server,
                                                 std::chrono::milliseconds give_up);
    /// For the addresses of hosts, by the rules of the operating system; `servers` take the place
    /// of its nameservers unless there are none.
    static std::unique_ptr<AresChannel> for_hosts(EventLoop& loop,
                                                  std::span<const SocketAddress> servers,
                                                  std::chrono::milliseconds timeout, int tries);

    ~AresChannel();

    void send(std::span<const std::uint8_t> packet, Sender& sender);
    /// Both families, sorted by RFC 6724.
    void find_host(const std::string& host, Seeker& seeker);

    /// Lets the library read from a descriptor of `Sockets`.
    void process_readable(int fd);
    /// Lets the library look at its deadlines.
    void process_timeouts();

    /// The nameservers of the operating system's configuration; none when memory is short.
    static std::vector<SocketAddress> system_servers();
    static std::string_view library_version() noexcept;

private:
    struct State;

    explicit AresChannel(std::unique_ptr<State> state);
    static std::unique_ptr<AresChannel> for_packets(std::unique_ptr<State> state,
                                                    const SocketAddress& server,
                                                    std::chrono::milliseconds give_up, int flags);

    std::unique_ptr<State> state_;
};

}  // namespace dns_tools::dns
