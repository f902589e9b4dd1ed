#include "dns/udp_pool.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dns_tools::dns {

namespace {

// As many sockets may wait for late answers as take queries. Beyond that a used one stays in use:
// under a flood its port is one of many anyway.
constexpr std::size_t max_retired = UdpPool::slots;

// A burst of answers must not overflow the socket; the kernel cuts this to net.core.rmem_max.
constexpr int receive_buffer = 1024 * 1024;

}  // namespace

UdpPool::Socket::~Socket() {
    watch_.reset();
    close(fd_);
}

UdpPool::UdpPool(EventLoop& loop, Random& random, const SocketAddress& server,
                 std::function<void(Socket&)> readable)
    : loop_(loop), random_(random), server_(server), readable_(std::move(readable)) {}

UdpPool::Socket* UdpPool::pick() {
    auto& slot = sockets_[random_.below(slots)];
    if (slot == nullptr || (slot->picked_ >= queries_a_socket && may_retire(*slot))) {
        if (auto fresh = open(); fresh != nullptr) {
            std::swap(slot, fresh);
            if (fresh != nullptr && fresh->expected > 0) {
                retired_.push_back(std::move(fresh));
            }
        }
    }
    if (slot != nullptr) {
        ++slot->picked_;
        return slot.get();
    }
    // Without a new socket an old one serves: a worker short of descriptors still resolves.
    const auto other = std::find_if(sockets_.begin(), sockets_.end(),
                                    [](const auto& socket) { return socket != nullptr; });
    return other != sockets_.end() ? other->get() : nullptr;
}

UdpPool::Socket* UdpPool::replace(Socket& broken) {
    auto& slot = *std::find_if(sockets_.begin(), sockets_.end(),
                               [&](const auto& socket) { return socket.get() == &broken; });
    slot.reset();
    slot = open();
    if (slot != nullptr) {
        ++slot->picked_;
    }
    return slot.get();
}

void UdpPool::use_up_all() noexcept {
    for (const auto& socket : sockets_) {
        if (socket != nullptr) {
            use_up(*socket);
        }
    }
}

bool UdpPool::may_retire(const Socket& socket) {
    std::erase_if(retired_, [](const auto& old) { return old->expected == 0; });
    return socket.expected == 0 || retired_.size() < max_retired;
}

std::unique_ptr<UdpPool::Socket> UdpPool::open() {
    const int fd = socket(server_.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fail(errno);
        return nullptr;
    }
    auto opened = std::make_unique<Socket>(fd);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(fd, server_.get(), server_.size()) != 0) {
        fail(errno);
        return nullptr;
    }
    opened->watch_ =
        loop_.watch(fd, [this, socket = opened.get()](Readiness) { readable_(*socket); });
    if (opened->watch_ == nullptr || !opened->watch_->want(true, false)) {
        error_ = "the event loop has no room for another socket";
        unreachable_ = false;
        return nullptr;
    }
    return opened;
}

void UdpPool::fail(int code) {
    error_ = std::generic_category().message(code);
    unreachable_ = code == ENETUNREACH || code == EHOSTUNREACH || code == EADDRNOTAVAIL ||
                   code == EACCES || code == EPERM || code == EINVAL;
}

}  // namespace dns_tools::dns
