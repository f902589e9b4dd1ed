#pragma once

#include <functional>

#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// Tells a worker that it is to finish and exit.
///
/// nginx has no hook for that moment, but it closes idle connections then: this is an idle
/// connection over a descriptor that never has an event.
class StopSignal {
public:
    enum class Kind {
        quit,     ///< finish what was accepted, then leave
        timeout,  ///< worker_shutdown_timeout has passed: leave now
    };

    /// Throws when the descriptor or its place among nginx's connections is not to be had.
    StopSignal(ngx_log_t* log, std::function<void(Kind)> stop);
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

private:
    ngx_connection_t* connection_;
    std::function<void(Kind)> stop_;
};

}  // namespace dns_tools::nginx
