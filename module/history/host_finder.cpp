#include "history/host_finder.hpp"

#include <algorithm>
#include <utility>

namespace dns_tools::history {

using std::chrono::milliseconds;

struct HostFinder::Search {
    std::vector<HostEntry> hosts;
    std::vector<std::vector<IpAddress>> addresses;
    std::size_t outstanding;
    milliseconds time_left;
    bool one_is_enough = false;
    std::string error;
    Callback done;

    std::vector<HostEntry> found() const { return with_addresses(hosts, addresses); }
};

HostFinder::HostFinder(EventLoop& loop, HostLookup& lookup)
    : lookup_(lookup), timer_(loop.make_timer([this] { late(); })) {}

void HostFinder::cancel() noexcept {
    timer_->disarm();
    search_.reset();
}

void HostFinder::find(std::vector<HostEntry> hosts, milliseconds at_most, Callback done) {
    const auto search = std::make_shared<Search>();
    search->addresses.resize(hosts.size());
    search->outstanding =
        static_cast<std::size_t>(std::count_if(hosts.begin(), hosts.end(), needs_lookup));
    search->time_left = at_most - at_most / 2;
    search->hosts = std::move(hosts);
    search->done = std::move(done);
    search_ = search;
    if (search->outstanding == 0) {
        return finish();
    }

    timer_->arm(at_most / 2, OnExit::abandon);
    for (std::size_t i = 0; i < search->hosts.size(); ++i) {
        if (!needs_lookup(search->hosts[i])) {
            continue;
        }
        lookup_.resolve(search->hosts[i].host, [this, i, held = std::weak_ptr(search)](
                                                   std::vector<IpAddress> found, std::string why) {
            const auto current = held.lock();
            if (current == nullptr) {
                return;
            }
            if (found.empty()) {
                current->error = std::move(why);
            }
            current->addresses[i] = std::move(found);
            if (--current->outstanding == 0 ||
                (current->one_is_enough && !current->addresses[i].empty())) {
                finish();
            }
        });
    }
}

void HostFinder::late() {
    if (search_->one_is_enough) {
        search_->error = "the addresses of the database's hosts were not found in time";
        return finish();
    }
    if (!search_->found().empty()) {
        return finish();
    }
    search_->one_is_enough = true;
    timer_->arm(search_->time_left, OnExit::abandon);
}

void HostFinder::finish() {
    const auto search = std::move(search_);
    cancel();
    search->done(search->found(), std::move(search->error));
}

}  // namespace dns_tools::history
