#pragma once

#include <span>
#include <string>
#include <variant>

#include "api/reply.hpp"
#include "history/record.hpp"

namespace dns_tools::api {

/// How many lookups a request for the history asks for (`limit`, 1 to 1000, 20 by default), or the
/// 400 `invalid_limit` to answer.
std::variant<unsigned, Reply> history_limit(const Request& request);

/// The JSON array of saved lookups, each with the five members of a lookup's answer.
Reply history(std::span<const history::Record> newest_first);

/// 503 `history_disabled`: no database is configured.
Reply history_disabled();
/// 503 `database_unavailable` with Retry-After.
Reply history_unavailable();

}  // namespace dns_tools::api
