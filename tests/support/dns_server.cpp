#include "support/dns_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace dns_tools::test {

namespace {

sockaddr_in loopback_in(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

std::uint16_t bound_port(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

struct Ports {
    int udp;
    int tcp;
    std::uint16_t port;
};

/// A UDP and a TCP socket bound to the same port.
Ports bind_pair() {
    for (int tries = 0; tries < 100; ++tries) {
        const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const auto any = loopback_in(0);
        if (bind(udp, generic(any), sizeof any) == 0) {
            const auto port = bound_port(udp);
            const auto same = loopback_in(port);
            if (bind(tcp, generic(same), sizeof same) == 0) {
                return {udp, tcp, port};
            }
        }
        close(udp);
        close(tcp);
    }
    throw std::runtime_error("no free port");
}

}  // namespace

std::uint16_t free_port() {
    const auto ports = bind_pair();
    close(ports.udp);
    close(ports.tcp);
    return ports.port;
}

SocketAddress loopback(std::uint16_t port) {
    return {IpAddress(Ipv4Address{{127, 0, 0, 1}}), port};
}

KnotServer::KnotServer(std::string_view origin, std::string_view zone) : port_(free_port()) {
    std::string folder = std::filesystem::temp_directory_path() / "dns-tools-knot-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) {
        throw std::runtime_error("mkdtemp() failed");
    }
    folder_ = folder;
    std::ofstream(folder_ / "zone") << "$ORIGIN " << origin << ".\n$TTL 300\n"
                                    << "@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\n"
                                    << "ns A 192.0.2.53\n"
                                    << zone;
    std::ofstream(folder_ / "knot.conf")
        << "server:\n    rundir: \"" << folder << "\"\n    listen: 127.0.0.1@" << port_
        << "\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"
        << "database:\n    storage: \"" << folder << "\"\n"
        << "log:\n  - target: \"" << folder << "/log\"\n    any: info\n"
        << "zone:\n  - domain: " << origin << "\n    file: \"" << folder << "/zone\"\n"
        << "    zonefile-sync: -1\n    journal-content: none\n";

    const auto config = (folder_ / "knot.conf").string();
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execlp("knotd", "knotd", "-c", config.c_str(), nullptr);
        execl("/usr/sbin/knotd", "knotd", "-c", config.c_str(), nullptr);
        _exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!answers()) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("knotd does not answer");
        }
    }
}

KnotServer::~KnotServer() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

/// Whether a query for the root gets any response within a moment.
bool KnotServer::answers() const {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto server = loopback_in(port_);
    const std::array<std::uint8_t, 17> query = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1};
    bool answered = false;
    if (connect(fd, generic(server), sizeof server) == 0 &&
        send(fd, query.data(), query.size(), 0) > 0) {
        pollfd entry{fd, POLLIN, 0};
        std::array<std::uint8_t, 512> buffer;
        answered = poll(&entry, 1, 50) == 1 && recv(fd, buffer.data(), buffer.size(), 0) > 0;
        if (!answered) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    close(fd);
    return answered;
}

FakeUpstream::FakeUpstream(PollLoop& loop, Handler handler)
    : loop_(loop), handler_(std::move(handler)) {
    const auto ports = bind_pair();
    udp_ = ports.udp;
    tcp_ = ports.tcp;
    port_ = ports.port;
    const int buffer = 8 * 1024 * 1024;
    setsockopt(udp_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    listen(tcp_, 64);
    udp_watch_ = loop.watch(udp_, [this](Readiness) { read_datagrams(); });
    tcp_watch_ = loop.watch(tcp_, [this](Readiness) { accept(); });
    if (!udp_watch_->want(true, false) || !tcp_watch_->want(true, false)) {
        throw std::runtime_error("the loop refuses the server's sockets");
    }
}

FakeUpstream::~FakeUpstream() {
    udp_watch_.reset();
    tcp_watch_.reset();
    while (!connections_.empty()) {
        close_connection(connections_.begin()->first);
    }
    close(udp_);
    close(tcp_);
}

void FakeUpstream::read_datagrams() {
    for (;;) {
        Query query;
        query.bytes.resize(4096);
        socklen_t size = sizeof query.from;
        const auto received = recvfrom(udp_, query.bytes.data(), query.bytes.size(), 0,
                                       reinterpret_cast<sockaddr*>(&query.from), &size);
        if (received < 0) {
            return;
        }
        query.bytes.resize(static_cast<std::size_t>(received));
        take(std::move(query));
    }
}

void FakeUpstream::accept() {
    const int fd = accept4(tcp_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    ++connections_made_;
    auto& connection = connections_[fd];
    connection.watch = loop_.watch(fd, [this, fd](Readiness) { read_stream(fd); });
    if (!connection.watch->want(true, false)) {
        close_connection(fd);
    }
}

void FakeUpstream::read_stream(int fd) {
    std::array<std::uint8_t, 4096> buffer;
    const auto received = recv(fd, buffer.data(), buffer.size(), 0);
    if (received <= 0) {
        close_connection(fd);
        return;
    }
    auto& unread = connections_[fd].unread;
    unread.insert(unread.end(), buffer.begin(), buffer.begin() + received);
    std::vector<Query> whole;
    while (unread.size() >= 2) {
        const std::size_t size = unread[0] << 8 | unread[1];
        if (unread.size() < 2 + size) {
            break;
        }
        Query query;
        query.connection = fd;
        query.bytes.assign(unread.begin() + 2, unread.begin() + 2 + static_cast<long>(size));
        unread.erase(unread.begin(), unread.begin() + 2 + static_cast<long>(size));
        whole.push_back(std::move(query));
    }
    for (auto& query : whole) {
        take(std::move(query));
    }
}

void FakeUpstream::take(Query query) {
    received_.push_back(query);
    if (handler_) {
        handler_(*this, query);
    }
}

void FakeUpstream::reply(const Query& query, Bytes message) {
    if (message.size() >= 2) {
        message[0] = query.bytes[0];
        message[1] = query.bytes[1];
    }
    if (!query.over_tcp()) {
        sendto(udp_, message.data(), message.size(), 0, generic(query.from), sizeof query.from);
        return;
    }
    message.insert(message.begin(), {static_cast<std::uint8_t>(message.size() >> 8),
                                     static_cast<std::uint8_t>(message.size())});
    send(query.connection, message.data(), message.size(), MSG_NOSIGNAL);
}

void FakeUpstream::send_to(std::uint16_t port, std::span<const std::uint8_t> message) {
    const auto to = loopback_in(port);
    sendto(udp_, message.data(), message.size(), 0, generic(to), sizeof to);
}

void FakeUpstream::close_connection(int fd) {
    connections_.erase(fd);
    close(fd);
}

void send_as_stranger(std::uint16_t port, std::span<const std::uint8_t> message) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto to = loopback_in(port);
    sendto(fd, message.data(), message.size(), 0, generic(to), sizeof to);
    close(fd);
}

}  // namespace dns_tools::test
