#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "history/conninfo.hpp"
#include "history/database.hpp"

namespace dns_tools::history {

/// Turns the hosts of a conninfo into addresses, all at the same time.
class HostFinder {
public:
    /// The hosts with an address each, in their order; those without one are left out. `error` says
    /// why none is left.
    using Callback = std::function<void(std::vector<HostEntry> found, std::string error)>;

    explicit HostFinder(HostLookup& lookup) noexcept : lookup_(lookup) {}

    /// Calls back once: at once if no host needs a lookup, else from the loop. A search that is
    /// under way is given up.
    void find(std::vector<HostEntry> hosts, Callback done);
    /// Gives up: nobody is called back any more.
    void cancel() noexcept { search_.reset(); }

private:
    struct Search;

    void finish(const std::shared_ptr<Search>& search);

    HostLookup& lookup_;
    std::shared_ptr<Search> search_;  // a lookup cannot be withdrawn, so it holds this weakly
};

}  // namespace dns_tools::history
