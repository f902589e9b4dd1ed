#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "api/reply.hpp"
#include "history/history_query.hpp"

namespace dns_tools::api {

enum class HistoryFormat { json, csv, ndjson };

/// What a request for the history asks for.
struct HistoryRequest {
    history::HistoryQuery query;  ///< without the limit when it is an export
    HistoryFormat format = HistoryFormat::json;
    bool negotiated = false;  ///< the Accept header has decided about the format
    std::uint64_t rows = 0;   ///< an export's: at most so many

    /// Whether it is answered with any number of rows, as they come, and not with one page.
    bool is_export() const noexcept { return format != HistoryFormat::json; }
};

/// Reads the parameters of the query: `limit`, `cursor`, `from`, `until`, `domain`, `client`,
/// `address` and `format`, all of them optional; `accept` is the Accept header. A wrong one is a
/// 400 whose code is `invalid_` and its name.
std::variant<HistoryRequest, Reply> history_request(const Request& request,
                                                    std::string_view accept);

}  // namespace dns_tools::api
