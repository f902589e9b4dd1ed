#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/reply.hpp"

namespace dns_tools::api {

/// `{"version":…,"date":…,"kubernetes":…}`; `now` in whole seconds of UNIX time.
Reply info(std::chrono::sys_seconds now, bool kubernetes);

/// `{"status":"up"}`
Reply health();

/// What readiness looked at.
struct Readiness {
    struct Check {
        enum class Status { up, down, off };
        Status status = Status::up;
        std::string reason;  ///< empty: left out of the answer
        /// When the status became what it is; none: left out of the answer.
        std::optional<std::chrono::sys_seconds> since{};
    };
    Check resolver;
    Check database;         ///< off: none is configured
    Check journal;          ///< off: the queue is in memory
    bool stopping = false;  ///< the worker is shutting down
};

/// 200 `up` or `degraded` (the database or the journal is down), 503 `down` (no upstream answers,
/// or the worker is shutting down).
Reply ready(const Readiness& readiness);

/// The module's version: "0.1.0".
std::string_view version() noexcept;

}  // namespace dns_tools::api
