#pragma once

#include <string_view>

#include "api/history_request.hpp"
#include "api/reply.hpp"
#include "history/reader.hpp"

namespace dns_tools::api {

/// The JSON array of saved lookups, each with the five members of a lookup's answer. When there are
/// more, Link tells where; `target` is the request's own path and query as they were sent.
Reply history(const history::Page& page, const HistoryRequest& asked, std::string_view target);

/// 503 `history_disabled`: no database is configured.
Reply history_disabled();
/// 503 `database_unavailable` with Retry-After, or 504 `search_timeout` when it is what was asked
/// for that takes too long.
Reply history_failure(const HistoryRequest& asked, history::ReadFailure failure);

}  // namespace dns_tools::api
