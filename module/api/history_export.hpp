#pragma once

#include <span>
#include <string>

#include "api/history_request.hpp"
#include "api/reply.hpp"
#include "history/record.hpp"

/// The history in CSV (RFC 4180) or newline-delimited JSON, piece by piece.
namespace dns_tools::api {

/// Status and headers; the body is of any length and follows in pieces.
Reply export_head(const HistoryRequest& asked);

/// Adds what stands before the rows: CSV's line of names.
void append_export_begin(HistoryFormat format, std::string& body);
/// Adds a line for each record: the five members of an answer.
void append_export(HistoryFormat format, std::span<const history::Record> records,
                   std::string& body);

/// 503 `overloaded` with Retry-After: as many exports as may be are under way.
Reply too_many_exports();

}  // namespace dns_tools::api
