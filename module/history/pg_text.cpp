#include "history/pg_text.hpp"

#include <algorithm>

namespace dns_tools::history {

namespace {

constexpr std::size_t longest_line = 300;
constexpr std::size_t longest_text = 1'000;

bool is_state(std::string_view text) {
    return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
           });
}

/// The SQLSTATE of a line such as `… failed: FATAL:  28P01: password authentication failed`. The
/// word before it is in the server's language.
std::string_view state_in(std::string_view line) {
    constexpr std::string_view before = ":  ";
    constexpr std::size_t size = 5;
    for (auto at = line.find(before); at != line.npos; at = line.find(before, at + 1)) {
        const auto state = line.substr(at + before.size(), size);
        if (is_state(state) && line.substr(at + before.size() + size).starts_with(": ")) {
            return state;
        }
    }
    return {};
}

/// Hints of libpq's begin with a tab; what a server adds to its message begins with a word in
/// capital letters (LOCATION, DETAIL, HINT) and two spaces.
bool is_addition(std::string_view line) {
    const auto colon = line.find(":  ");
    return line.empty() || line.front() == '\t' ||
           (colon != line.npos && line.substr(0, colon).find(' ') == line.npos &&
            state_in(line).empty());
}

}  // namespace

std::string_view first_line(std::string_view message) noexcept {
    return message.substr(0, std::min(message.find('\n'), longest_line));
}

ConnectFailure read_connect_failure(std::string_view message) {
    ConnectFailure failure;
    while (!message.empty()) {
        const auto end = std::min(message.find('\n'), message.size());
        const auto line = first_line(message.substr(0, end));
        message.remove_prefix(std::min(end + 1, message.size()));
        if (is_addition(line)) {
            continue;
        }
        if (const auto state = state_in(line); !state.empty()) {
            failure.sqlstate = state;
        }
        if (failure.text.size() + line.size() <= longest_text) {
            failure.text += failure.text.empty() ? "" : "; ";
            failure.text += line;
        }
    }
    return failure;
}

}  // namespace dns_tools::history
