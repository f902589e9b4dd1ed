#include "history/host_finder.hpp"

#include <algorithm>
#include <utility>

namespace dns_tools::history {

struct HostFinder::Search {
    std::vector<HostEntry> hosts;
    std::vector<std::vector<IpAddress>> addresses;
    std::size_t outstanding;
    std::string error;
    Callback done;
};

void HostFinder::find(std::vector<HostEntry> hosts, Callback done) {
    const auto search = std::make_shared<Search>();
    search->addresses.resize(hosts.size());
    search->outstanding =
        static_cast<std::size_t>(std::count_if(hosts.begin(), hosts.end(), needs_lookup));
    search->hosts = std::move(hosts);
    search->done = std::move(done);
    search_ = search;
    if (search->outstanding == 0) {
        return finish(search);
    }

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
                current->error = "host \"" + current->hosts[i].host + "\": " + why;
            }
            current->addresses[i] = std::move(found);
            if (--current->outstanding == 0) {
                finish(current);
            }
        });
    }
}

void HostFinder::finish(const std::shared_ptr<Search>& search) {
    search_.reset();
    search->done(with_addresses(search->hosts, search->addresses), std::move(search->error));
}

}  // namespace dns_tools::history
