#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.hpp"

namespace dns_tools::history {

/// Says what is wrong with a libpq connection string, or nothing. Never repeats a part of it: it
/// may hold a password.
std::optional<std::string> check_conninfo(std::string_view conninfo);

/// The version of libpq that is loaded: "15.3".
std::string client_library_version();

/// Finds the addresses of the database's hosts. The worker lends its resolver.
class HostLookup {
public:
    /// `addresses` is empty on failure, and `error` then names the host and says why.
    using Callback = std::function<void(std::vector<IpAddress> addresses, std::string error)>;

    virtual ~HostLookup() = default;
    /// Calls back from the loop, never from inside this call.
    virtual void resolve(std::string_view host, Callback done) = 0;
};

enum class SchemaMode {
    create,  ///< create or upgrade the schema when it is missing or old
    verify,  ///< only look whether it is there
};

/// What the writer and the reader know of their database.
struct DatabaseState {
    enum class Status {
        connecting,  ///< not known yet
        up,
        down,
    };
    Status status = Status::connecting;
    /// Why it is down, for a person; never holds a password.
    std::string reason;
    /// Since when it is up, or is not.
    std::chrono::system_clock::time_point since = std::chrono::system_clock::now();

    void turn(Status to, std::string why) {
        if ((status == Status::up) != (to == Status::up)) {
            since = std::chrono::system_clock::now();
        }
        status = to;
        reason = std::move(why);
    }
};

}  // namespace dns_tools::history
