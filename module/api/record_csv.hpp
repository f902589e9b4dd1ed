#pragma once

#include <string>

#include "history/record.hpp"

namespace dns_tools::api {

/// Adds the line of names (RFC 4180 §2.3).
void append_csv_names(std::string& csv);

/// Adds the line of a lookup: `created_at` is RFC 3339 in UTC with microseconds, addresses and TTLs
/// are each one field with spaces between them. Bytes that are not UTF-8 become U+FFFD.
void append_csv_line(const history::Record& record, std::string& csv);

}  // namespace dns_tools::api
