#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "history/record.hpp"

namespace dns_tools::api {

/// An upper bound for the bytes that write_record_members() writes.
std::size_t record_members_bound(const history::Record& record) noexcept;

/// Writes the five members that an answer and the history share, from `"id":` to the end of
/// `"addresses":[…]`, without braces around them; returns their end. Does not allocate.
char* write_record_members(const history::Record& record, char* out) noexcept;

/// The same at the end of `json`.
void append_record_members(const history::Record& record, std::string& json);

/// A line for the file of rejected records: one JSON object of the five members and `error`.
std::string rejected_line(const history::Record& record, std::string_view why);

}  // namespace dns_tools::api
