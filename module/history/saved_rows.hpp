#pragma once

#include <span>
#include <vector>

#include "history/pg_connection.hpp"
#include "history/record.hpp"

namespace dns_tools::history {

/// Reads the rows of `schema::latest`. Anybody may have written them: a row without an id, a
/// time or a domain is left out, and so is of a row what no record holds (an IPv6 address, a
/// network, NULL).
class SavedRows {
public:
    explicit SavedRows(const PgRows& rows);

    /// Views into the rows and into this.
    std::span<const Record> records() const noexcept { return records_; }

private:
    void add(const PgRows& rows, int row);

    std::vector<Record> records_;
    std::vector<AddressRecord> addresses_;  // of all records
};

}  // namespace dns_tools::history
