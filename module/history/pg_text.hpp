#pragma once

#include <string>
#include <string_view>

namespace dns_tools::history {

/// The first line of a message, of a bounded length.
std::string_view first_line(std::string_view message) noexcept;

/// What libpq says of a failed connect in verbose mode.
struct ConnectFailure {
    std::string sqlstate;  ///< of the last server's error, empty when there was none
    std::string text;      ///< one line: what was said of each host, without hints
};

ConnectFailure read_connect_failure(std::string_view message);

}  // namespace dns_tools::history
