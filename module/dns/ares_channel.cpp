#include "dns/ares_channel.hpp"

#define CARES_NO_DEPRECATED  // what c-ares 1.28 and later deprecate has no successor in 1.18
#include <ares.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

namespace dns_tools::dns {

namespace {

constexpr int dns_port = 53;

SocketAddress address_of(const ares_addr_port_node& node) {
    const auto port = static_cast<std::uint16_t>(node.udp_port != 0 ? node.udp_port : dns_port);
    if (node.family == AF_INET) {
        Ipv4Address ipv4;
        std::memcpy(ipv4.bytes.data(), &node.addr.addr4, ipv4.bytes.size());
        return {IpAddress(ipv4), port};
    }
    std::array<std::uint8_t, 16> ipv6{};
    std::memcpy(ipv6.data(), &node.addr.addr6, ipv6.size());
    return {IpAddress(ipv6), port};
}

ares_addr_port_node node_of(const SocketAddress& address) {
    ares_addr_port_node node{};
    node.family = address.family();
    node.udp_port = node.tcp_port = address.port();
    const auto ip = IpAddress::from(*address.get());
    std::memcpy(&node.addr, ip->data(), ip->size());
    return node;
}

AresChannel::Ending ending_of(int status) {
    switch (status) {
        case ARES_SUCCESS:
            return AresChannel::Ending::answered;
        case ARES_ETIMEOUT:
            return AresChannel::Ending::timed_out;
        default:
            return AresChannel::Ending::failed;
    }
}

}  // namespace

struct AresChannel::State {
    ares_channel channel = nullptr;
    EventLoop* loop = nullptr;  // where the library's own sockets are watched
    std::map<int, std::unique_ptr<Watch>> watches;
    Sockets* sockets = nullptr;  // in place of the library's own
    SocketAddress server{IpAddress(Ipv4Address{}), 0};

    State() { ares_library_init(ARES_LIB_INIT_ALL); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (channel != nullptr) {
            ares_destroy(channel);
        }
        ares_library_cleanup();
    }

    bool init(ares_options options, int mask) {
#ifdef ARES_OPT_QUERY_CACHE
        mask |= ARES_OPT_QUERY_CACHE;  // on by default since 1.31; a channel must ask anew
        options.qcache_max_ttl = 0;
#endif
        if (loop != nullptr) {
            mask |= ARES_OPT_SOCK_STATE_CB;
            options.sock_state_cb = on_interest;
            options.sock_state_cb_data = this;
        }
        if (ares_init_options(&channel, &options, mask) != ARES_SUCCESS) {
            channel = nullptr;
            return false;
        }
        if (loop != nullptr) {
            ares_set_socket_callback(channel, on_socket, this);
        }
        if (sockets != nullptr) {
            ares_set_socket_functions(channel, &socket_functions, this);
        }
        return true;
    }

    bool set_servers(std::span<const SocketAddress> addresses) {
        std::vector<ares_addr_port_node> nodes;
        std::transform(addresses.begin(), addresses.end(), std::back_inserter(nodes), node_of);
        for (std::size_t i = 1; i < nodes.size(); ++i) {
            nodes[i - 1].next = &nodes[i];
        }
        return ares_set_servers_ports(channel, nodes.data()) == ARES_SUCCESS;
    }

    void process(int readable, int writable) {
        ares_process_fd(channel, readable, writable);
    }

    // The library's own sockets: on_socket is told of a new one, on_interest what to watch it for.

    static int on_socket(ares_socket_t fd, int, void* data) noexcept try {
        auto* self = static_cast<State*>(data);
        auto watch = self->loop->watch(fd, [self, fd](Readiness what) {
            self->process(what == Readiness::readable ? fd : ARES_SOCKET_BAD,
                          what == Readiness::writable ? fd : ARES_SOCKET_BAD);
        });
        if (watch == nullptr) {
            return -1;
        }
        self->watches[fd] = std::move(watch);
        return 0;
    } catch (...) {
        return -1;
    }

    static void on_interest(void* data, ares_socket_t fd, int readable, int writable) noexcept {
        auto& watches = static_cast<State*>(data)->watches;
        const auto found = watches.find(fd);
        if (found == watches.end()) {
            return;
        }
        if (readable == 0 && writable == 0) {
            watches.erase(found);
            return;
        }
        // A refusal cannot be told to c-ares; whoever waits has a deadline.
        (void)found->second->want(readable != 0, writable != 0);
    }

    // The sockets of a channel that carries its datagrams by itself.

    static ares_socket_t on_open(int family, int, int, void* data) noexcept {
        return static_cast<State*>(data)->sockets->open(family);
    }
    static int on_close(ares_socket_t fd, void* data) noexcept {
        static_cast<State*>(data)->sockets->close(fd);
        return 0;
    }
    static int on_connect(ares_socket_t, const sockaddr*, ares_socklen_t, void*) noexcept {
        return 0;
    }
    static ares_ssize_t on_send(ares_socket_t, const iovec* parts, int, void* data) noexcept {
        // Datagrams are in one part.
        return static_cast<State*>(data)->sockets->send(
            {static_cast<const std::uint8_t*>(parts->iov_base), parts->iov_len});
    }
    static ares_ssize_t on_receive(ares_socket_t, void* buffer, std::size_t size, int,
                                   sockaddr* from, ares_socklen_t* from_size, void* data) noexcept {
        auto& self = *static_cast<State*>(data);
        const auto received = self.sockets->receive({static_cast<std::uint8_t*>(buffer), size});
        if (received >= 0 && from != nullptr) {
            // The sockets are connected: the kernel lets nobody else's datagrams in.
            const auto known = std::min<ares_socklen_t>(*from_size, self.server.size());
            std::memcpy(from, self.server.get(), known);
            *from_size = known;
        }
        return received;
    }

    static constexpr ares_socket_functions socket_functions = {on_open, on_close, on_connect,
                                                               on_receive, on_send};

    static void on_packet_end(void* sender, int status, int, unsigned char* message,
                              int size) noexcept {
        static_cast<Sender*>(sender)->ended(
            ending_of(status), {message, message != nullptr ? static_cast<std::size_t>(size) : 0},
            status == ARES_SUCCESS ? "" : ares_strerror(status));
    }

    static void on_host(void* data, int status, int, ares_addrinfo* result) noexcept {
        auto& seeker = *static_cast<Seeker*>(data);
        const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(result,
                                                                                 ares_freeaddrinfo);
        try {
            std::vector<IpAddress> addresses;
            for (auto* node = result != nullptr ? result->nodes : nullptr; node != nullptr;
                 node = node->ai_next) {
                const auto address = IpAddress::from(*node->ai_addr);
                if (address &&
                    std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
                    addresses.push_back(*address);
                }
            }
            const bool none = status == ARES_SUCCESS && addresses.empty();
            seeker.found(std::move(addresses), ares_strerror(none ? ARES_ENODATA : status));
        } catch (const std::bad_alloc&) {
            seeker.found({}, ares_strerror(ARES_ENOMEM));
        }
    }
};

AresChannel::AresChannel(std::unique_ptr<State> state) : state_(std::move(state)) {}
AresChannel::~AresChannel() = default;

std::unique_ptr<AresChannel> AresChannel::over_datagrams(const SocketAddress& server,
                                                         std::chrono::milliseconds give_up,
                                                         Sockets& sockets) {
    auto state = std::make_unique<State>();
    state->sockets = &sockets;
    return for_packets(std::move(state), server, give_up, ARES_FLAG_STAYOPEN);
}

std::unique_ptr<AresChannel> AresChannel::over_tcp(EventLoop& loop, const SocketAddress& server,
                                                   std::chrono::milliseconds give_up) {
    auto state = std::make_unique<State>();
    state->loop = &loop;
    return for_packets(std::move(state), server, give_up, ARES_FLAG_USEVC);
}

/// One server, one try, and every answer as it is: what follows from it is the resolver's to say.
std::unique_ptr<AresChannel> AresChannel::for_packets(std::unique_ptr<State> state,
                                                      const SocketAddress& server,
                                                      std::chrono::milliseconds give_up,
                                                      int flags) {
    state->server = server;
    char lookups[] = "b";
    ares_options options{};
    options.flags = flags | ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
    options.timeout = static_cast<int>(give_up.count());
    options.tries = 1;
    options.lookups = lookups;
    const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS;
    if (!state->init(options, mask) || !state->set_servers({&server, 1})) {
        return nullptr;
    }
    return std::unique_ptr<AresChannel>(new AresChannel(std::move(state)));
}

std::unique_ptr<AresChannel> AresChannel::for_hosts(EventLoop& loop,
                                                    std::span<const SocketAddress> servers,
                                                    std::chrono::milliseconds timeout, int tries) {
    auto state = std::make_unique<State>();
    state->loop = &loop;

    char lookups[] = "fb";
    ares_options options{};
    options.timeout = static_cast<int>(timeout.count());
    options.tries = tries;
    options.lookups = lookups;
    if (!state->init(options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS) ||
        (!servers.empty() && !state->set_servers(servers))) {
        return nullptr;
    }
    return std::unique_ptr<AresChannel>(new AresChannel(std::move(state)));
}

void AresChannel::send(std::span<const std::uint8_t> packet, Sender& sender) {
    ares_send(state_->channel, packet.data(), static_cast<int>(packet.size()), State::on_packet_end,
              &sender);
}

void AresChannel::find_host(const std::string& host, Seeker& seeker) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(state_->channel, host.c_str(), nullptr, &hints, State::on_host, &seeker);
}

void AresChannel::process_readable(int fd) {
    state_->process(fd, ARES_SOCKET_BAD);
}

void AresChannel::process_timeouts() {
    state_->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

std::string_view AresChannel::library_version() noexcept {
    return ares_version(nullptr);
}

std::vector<SocketAddress> AresChannel::system_servers() {
    std::vector<SocketAddress> addresses;
    State state;
    ares_addr_port_node* nodes = nullptr;
    if (state.init({}, 0) && ares_get_servers_ports(state.channel, &nodes) == ARES_SUCCESS) {
        for (const auto* node = nodes; node != nullptr; node = node->next) {
            addresses.push_back(address_of(*node));
        }
        ares_free_data(nodes);
    }
    return addresses;
}

}  // namespace dns_tools::dns
