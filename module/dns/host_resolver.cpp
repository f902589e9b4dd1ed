#include "dns/host_resolver.hpp"

#include <algorithm>
#include <list>
#include <utility>

#include "dns/ares_channel.hpp"

namespace dns_tools::dns {

namespace {

constexpr std::chrono::milliseconds attempt_timeout{1000};
constexpr int tries = 2;
constexpr std::chrono::milliseconds tick_length{100};

// Several nameservers, the search list and doubled timeouts could add up to minutes. Who asks waits
// for 5 seconds at least, which are enough for both steps.
constexpr std::chrono::milliseconds step_limit{2400};

}  // namespace

class HostResolver::Impl {
public:
    Impl(EventLoop& event_loop, std::vector<SocketAddress> servers)
        : loop(event_loop), nameservers(std::move(servers)) {}

    class Lookup;

    EventLoop& loop;
    std::vector<SocketAddress> nameservers;
    std::list<Lookup> lookups;
};

/// One host on its way through the steps: a literal address, the given nameservers, the system's.
class HostResolver::Impl::Lookup final : private AresChannel::Seeker {
public:
    Lookup(Impl& owner, std::string_view host, Callback done)
        : owner_(owner),
          host_(host),
          done_(std::move(done)),
          next_(owner.loop.make_task([this] { step(); })),
          tick_(owner.loop.make_timer([this] { tick(); })) {
        if (host_.empty() || host_.find('\0') != host_.npos) {
            why_ = "no host name";
            asked_system_ = true;
        } else if (const auto address = IpAddress::parse(host_)) {
            addresses_.push_back(*address);
        }
        next_->post();
    }

private:
    void step() {
        tick_->disarm();
        closing_ = true;
        channel_.reset();
        closing_ = false;
        if (!addresses_.empty() || asked_system_) {
            return finish();
        }
        asked_system_ = asked_given_ || owner_.nameservers.empty();
        asked_given_ = true;
        channel_ = AresChannel::for_hosts(
            owner_.loop, asked_system_ ? std::span<const SocketAddress>() : owner_.nameservers,
            attempt_timeout, tries);
        if (channel_ == nullptr) {
            why_ = "c-ares cannot open a channel";
            return next_->post();
        }
        deadline_ = owner_.loop.now() + step_limit;
        tick_->arm(tick_length, OnExit::abandon);
        channel_->find_host(host_, *this);
    }

    void found(std::vector<IpAddress> addresses, std::string_view why) noexcept override {
        if (!closing_) {
            addresses_ = std::move(addresses);
            why_ = why;
            next_->post();
        }
    }

    void tick() {
        if (owner_.loop.now() >= deadline_) {
            why_ = "no answer in time";
            return next_->post();
        }
        tick_->arm(tick_length, OnExit::abandon);
        channel_->process_timeouts();
    }

    void finish() {
        auto done = std::move(done_);
        auto addresses = std::move(addresses_);
        auto error = addresses.empty() ? "cannot resolve \"" + host_ + "\": " + why_ : "";
        // The callback may destroy the resolver, so that this lookup goes first.
        owner_.lookups.remove_if([this](const Lookup& other) { return &other == this; });
        done(std::move(addresses), std::move(error));
    }

    Impl& owner_;
    std::string host_;
    Callback done_;
    std::vector<IpAddress> addresses_;
    std::string why_;
    bool asked_given_ = false;
    bool asked_system_ = false;
    bool closing_ = false;
    std::chrono::steady_clock::time_point deadline_;
    std::unique_ptr<Task> next_;
    std::unique_ptr<Timer> tick_;
    std::unique_ptr<AresChannel> channel_;  // goes first, while found() may still be called
};

HostResolver::HostResolver(EventLoop& loop, std::vector<SocketAddress> nameservers)
    : impl_(std::make_unique<Impl>(loop, std::move(nameservers))) {}

HostResolver::~HostResolver() = default;

void HostResolver::resolve(std::string_view host, Callback done) {
    impl_->lookups.emplace_back(*impl_, host, std::move(done));
}

}  // namespace dns_tools::dns
