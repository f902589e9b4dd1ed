#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "history/conninfo.hpp"
#include "history/database.hpp"

namespace dns_tools::history {

/// Turns the hosts of a conninfo into addresses, all at the same time.
class HostFinder {
public:
    /// The hosts with an address each, in their order; those without one are left out. `error` says
    /// why none is left.
    using Callback = std::function<void(std::vector<HostEntry> found, std::string error)>;

    HostFinder(EventLoop& loop, HostLookup& lookup);

    /// Calls back once: at once if no host needs a lookup, else from the loop, when all lookups
    /// have ended or `at_most` has passed. Once half of it has, one host that is found is enough:
    /// nobody may ever answer for another. A search that is under way is given up.
    void find(std::vector<HostEntry> hosts, std::chrono::milliseconds at_most, Callback done);
    /// Gives up: nobody is called back any more.
    void cancel() noexcept;

private:
    struct Search;

    void late();
    void finish();

    HostLookup& lookup_;
    std::unique_ptr<Timer> timer_;
    std::shared_ptr<Search> search_;  // a lookup cannot be withdrawn, so it holds this weakly
};

}  // namespace dns_tools::history
