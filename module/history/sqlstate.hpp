#pragma once

#include <string_view>

namespace dns_tools::history {

/// What an error of the database asks of who sent the statement.
enum class ErrorKind {
    transient,      ///< the same again later, on the same connection
    connection,     ///< the same again later, on a new connection
    configuration,  ///< a person has to change something; ask again now and then
    data,           ///< the values themselves are refused; sending them again is no use
};

/// Sorts a five-character SQLSTATE (PostgreSQL's documentation, appendix A). An empty one stands
/// for an error without a server's word: the connection broke or was never made.
ErrorKind classify(std::string_view sqlstate) noexcept;

/// Whether the state says that a table or a column is not there.
bool says_missing_schema(std::string_view sqlstate) noexcept;

}  // namespace dns_tools::history
