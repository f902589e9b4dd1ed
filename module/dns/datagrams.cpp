#include "dns/datagrams.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dns_tools::dns {

namespace {

// The flights have deadlines of their own; c-ares must not be faster.
constexpr std::chrono::seconds library_patience{10};

// One turn of the loop takes no more datagrams from a socket: a flood must not stall the others.
constexpr unsigned reads_a_turn = 512;

constexpr std::uint8_t flag_truncated = 0x02;  // of the third byte of a message

constexpr bool would_block(int code) {
    return code == EAGAIN || code == EWOULDBLOCK;
}

constexpr bool is_shortage(int code) {
    return would_block(code) || code == ENOBUFS || code == ENOMEM;
}

/// As when the address is gone that the socket is bound to, or its way to the server.
constexpr bool stays_with_socket(int code) {
    return code == EINVAL || code == EADDRNOTAVAIL || code == ENETUNREACH || code == EHOSTUNREACH ||
           code == EDESTADDRREQ;
}

}  // namespace

Datagrams::Datagrams(EventLoop& loop, Random& random, const SocketAddress& upstream,
                     std::chrono::milliseconds timeout)
    : random_(random),
      upstream_(upstream),
      timeout_(timeout),
      pool_(loop, random, upstream, [this](UdpPool::Socket& socket) { readable(socket); }) {}

Datagrams::~Datagrams() {
    channel_.reset();
}

void Datagrams::send(Flight& flight) {
    if (channel_ == nullptr || gave_up_) {
        // After giving up, c-ares 1.32 and later open a socket for every further query.
        gave_up_ = false;
        channel_.reset();
        channel_ = AresChannel::over_datagrams(upstream_, timeout_ + library_patience, *this);
    }
    trouble_ = Trouble::unsent;
    why_ = "c-ares cannot send it";
    if (channel_ != nullptr) {
        std::uint16_t id = random_.next16();
        while (find(id) != nullptr) {
            id = random_.next16();
        }
        flight.message.set_id(id);
        sending_ = &flight;
        channel_->send(flight.message.bytes(), *this);
        sending_ = nullptr;
    }
    if (flight.socket_ == nullptr) {
        end_in_library(flight);
        flight.broke(trouble_, why_);
    }
    tell_refused();
}

void Datagrams::give_up(Flight& flight) {
    if (flight.socket_ != nullptr) {
        UdpPool::use_up(*flight.socket_);
        forget(flight);
        end_in_library(flight);
    }
}

void Datagrams::ended(AresChannel::Ending ending, std::span<const std::uint8_t>,
                      std::string_view) noexcept {
    gave_up_ = gave_up_ || ending == AresChannel::Ending::timed_out;
}

int Datagrams::open(int family) noexcept {
    // Only a name for the pool: c-ares 1.33 asks the kernel for its address, so it must be real.
    const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        handles_.push_back(fd);
    } else {
        why_ = std::generic_category().message(errno);
    }
    return fd;
}

void Datagrams::close(int fd) noexcept {
    std::erase(handles_, fd);
    ::close(fd);
}

/// Of what c-ares made of the packet only the id counts, from 1.28 on one of its own. The cookie
/// that 1.33 adds would lead to answers that only c-ares could deal with. Trouble is told to the
/// flight and not to c-ares, which would fail every query of the socket with it.
ssize_t Datagrams::send(std::span<const std::uint8_t> packet) noexcept {
    if (Flight* flight = std::exchange(sending_, nullptr); flight != nullptr) {
        flight->id_ = static_cast<std::uint16_t>(packet[0] << 8 | packet[1]);
        flight->message.set_id(flight->id_);
        try {
            transmit(*flight);
        } catch (const std::exception& error) {
            why_ = error.what();
        }
    }
    return static_cast<ssize_t>(packet.size());
}

void Datagrams::transmit(Flight& flight) {
    const auto packet = flight.message.bytes();
    UdpPool::Socket* broken = nullptr;
    for (int tries = 2; tries > 0; --tries) {
        auto* socket = broken != nullptr ? pool_.replace(*broken) : pool_.pick();
        if (socket == nullptr) {
            trouble_ = pool_.unreachable() ? Trouble::refused : Trouble::unsent;
            why_ = pool_.error();
            return;
        }
        if (::send(socket->fd(), packet.data(), packet.size(), MSG_NOSIGNAL) >= 0) {
            forbidden_ = 0;
            expect(flight, *socket);
            return;
        }
        const int code = errno;
        why_ = std::generic_category().message(code);
        if (code == EPERM) {
            // A firewall: it may let those flows pass that it knows, as while it has no room to
            // remember more.
            trouble_ = ++forbidden_ < UdpPool::slots ? Trouble::unsent : Trouble::refused;
            continue;
        }
        if (is_shortage(code)) {
            trouble_ = Trouble::unsent;
            continue;
        }
        // It may be the news of an earlier query on this socket; then a second send tells.
        trouble_ = Trouble::refused;
        refuse_all(*socket, code);
        broken = stays_with_socket(code) ? socket : nullptr;
    }
}

void Datagrams::readable(UdpPool::Socket& socket) {
    reading_ = &socket;
    reads_left_ = reads_a_turn;
    for (drained_ = false; !drained_;) {
        const auto before = reads_left_;
        // c-ares 1.34 reads one datagram a call, earlier ones all there are.
        if (!handles_.empty()) {
            channel_->process_readable(handles_.back());
        }
        if (reads_left_ == before && !drained_) {
            // It did not ask, having closed its sockets; flights may land all the same.
            std::array<std::uint8_t, 4096> buffer;
            receive_answer(buffer);
        }
    }
    reading_ = nullptr;
    tell_refused();
}

ssize_t Datagrams::receive(std::span<std::uint8_t> buffer) noexcept {
    if (const Flight* flight = std::exchange(ending_, nullptr); flight != nullptr) {
        return stand_in(*flight, buffer);
    }
    if (reading_ != nullptr) {
        return receive_answer(buffer);
    }
    errno = EAGAIN;
    return -1;
}

/// Reads on until a flight has landed. When no other is expected on the socket, the call that
/// would only learn that there is nothing more is saved: the loop is level-triggered.
ssize_t Datagrams::receive_answer(std::span<std::uint8_t> buffer) {
    for (bool first = reads_left_ == reads_a_turn;
         reads_left_ > 0 && (first || reading_->expected > 0); first = false) {
        --reads_left_;
        const auto received = recv(reading_->fd(), buffer.data(), buffer.size(), MSG_TRUNC);
        if (received < 0) {
            if (would_block(errno)) {
                break;
            }
            if (errno != EINTR) {
                refuse_all(*reading_, errno);
            }
            continue;
        }
        auto message = buffer.first(std::min(static_cast<std::size_t>(received), buffer.size()));
        if (message.size() < header_size) {
            continue;
        }
        if (static_cast<std::size_t>(received) > buffer.size()) {
            message[2] |= flag_truncated;  // more than was asked for: TCP brings it whole
        }
        const auto id = static_cast<std::uint16_t>(message[0] << 8 | message[1]);
        Flight* flight = find(id);
        if (flight == nullptr || flight->socket_ != reading_ || !flight->arrived(message)) {
            continue;
        }
        forget(*flight);
        return stand_in(*flight, buffer);
    }
    drained_ = true;
    errno = EAGAIN;
    return -1;
}

/// What c-ares is shown of an answer: the query's question in a response without records. SERVFAIL
/// is neither cached (as 1.31 and later would behind older headers, which do not know the option
/// against it) nor counted among the latencies that 1.32 and later make their timeouts of.
ssize_t Datagrams::stand_in(const Flight& flight, std::span<std::uint8_t> buffer) {
    constexpr std::uint8_t response = 0x80;
    constexpr std::uint8_t servfail = 2;
    const std::array<std::uint8_t, header_size> header = {
        static_cast<std::uint8_t>(flight.id_ >> 8),
        static_cast<std::uint8_t>(flight.id_),
        response,
        servfail,
        0,
        1};
    const auto question = flight.message.question();
    std::copy(header.begin(), header.end(), buffer.begin());
    std::copy(question.begin(), question.end(), buffer.begin() + header_size);
    return static_cast<ssize_t>(header_size + question.size());
}

void Datagrams::end_in_library(const Flight& flight) {
    if (!handles_.empty()) {
        ending_ = &flight;
        channel_->process_readable(handles_.back());
        ending_ = nullptr;
    }
}

/// An ICMP error says that nobody listens: it is about every query of the socket.
void Datagrams::refuse_all(const UdpPool::Socket& socket, int code) {
    const auto first = refused_.size();
    for (Flight* flight : by_id_) {
        for (; flight != nullptr; flight = flight->next_) {
            if (flight->socket_ == &socket) {
                refused_.push_back(flight);
            }
        }
    }
    for (std::size_t i = first; i < refused_.size(); ++i) {
        forget(*refused_[i]);
    }
    refused_why_ = std::generic_category().message(code);
}

void Datagrams::tell_refused() {
    while (!refused_.empty()) {
        Flight* flight = refused_.back();
        refused_.pop_back();
        end_in_library(*flight);
        flight->broke(Trouble::refused, refused_why_);
    }
}

Flight* Datagrams::find(std::uint16_t id) {
    Flight* flight = bucket(id);
    while (flight != nullptr && flight->id_ != id) {
        flight = flight->next_;
    }
    return flight;
}

void Datagrams::expect(Flight& flight, UdpPool::Socket& socket) {
    flight.socket_ = &socket;
    flight.next_ = std::exchange(bucket(flight.id_), &flight);
    ++socket.expected;
}

void Datagrams::forget(Flight& flight) {
    Flight** place = &bucket(flight.id_);
    while (*place != &flight) {
        place = &(*place)->next_;
    }
    *place = std::exchange(flight.next_, nullptr);
    --flight.socket_->expected;
    flight.socket_ = nullptr;
}

}  // namespace dns_tools::dns
