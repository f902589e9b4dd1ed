#include "dns/resolver.hpp"

#include <utility>

#include "dns/ares_channel.hpp"
#include "dns/resolver_impl.hpp"

namespace dns_tools::dns {

Waiter::~Waiter() = default;

std::string_view resolver_library_version() noexcept {
    return AresChannel::library_version();
}

std::vector<SocketAddress> system_nameservers() {
    auto servers = AresChannel::system_servers();
    if (servers.size() > max_upstreams) {
        servers.erase(servers.begin() + max_upstreams, servers.end());
    }
    return servers;
}

Resolver::Resolver(EventLoop& loop, Random& random, ResolverObserver& observer,
                   ResolverOptions options)
    : impl_(std::make_unique<Impl>(loop, random, observer, std::move(options))) {}

Resolver::~Resolver() = default;

const Answer* Resolver::resolve(const Name& name, Waiter& waiter) {
    return impl_->resolve(name, waiter);
}

void Resolver::probe(Waiter& waiter) {
    impl_->probe(waiter);
}

std::optional<std::chrono::steady_clock::time_point> Resolver::last_answer() const noexcept {
    return impl_->last_answer();
}

std::size_t Resolver::outstanding() const noexcept {
    return impl_->outstanding();
}

std::vector<Resolver::UpstreamState> Resolver::upstreams() const {
    return impl_->upstream_states();
}

}  // namespace dns_tools::dns
