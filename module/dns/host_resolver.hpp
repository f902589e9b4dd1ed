#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.hpp"
#include "base/ip_address.hpp"
#include "base/socket_address.hpp"

namespace dns_tools::dns {

/// Finds the addresses of a host the way its operating system would, without blocking: /etc/hosts,
/// the search list, IPv4 and IPv6. For hosts the module itself connects to; never for lookups.
///
/// A name is asked of `nameservers` first (none given: this step is left out), then of the
/// nameservers of /etc/resolv.conf.
class HostResolver {
public:
    /// `addresses` is empty on failure, and `error` then says why.
    using Callback = std::function<void(std::vector<IpAddress> addresses, std::string error)>;

    HostResolver(EventLoop& loop, std::vector<SocketAddress> nameservers);
    /// Outstanding callbacks are dropped without being called.
    ~HostResolver();

    /// Calls back from the loop, never from inside this call.
    void resolve(std::string_view host, Callback done);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::dns
