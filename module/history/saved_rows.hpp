#pragma once

#include <optional>
#include <span>
#include <vector>

#include "history/pg_connection.hpp"
#include "history/record.hpp"

namespace dns_tools::history {

/// A part of the saved lookups.
struct Page {
    std::span<const Record> records;  ///< newest first
    /// There are more rows, and they come after this one; none: these were the last.
    std::optional<Uuid> next;
};

/// Reads the rows of `schema::select`. Anybody may have written them: a row without an id, a
/// time or a domain is left out, and so is of a row what no record holds (an IPv6 address, a
/// network, NULL).
class SavedRows {
public:
    explicit SavedRows(const PgRows& rows);

    /// The first `limit` rows, without those left out. Views into the rows and into this.
    Page first(unsigned limit) const noexcept;

private:
    void add(int row);

    const PgRows& rows_;
    std::vector<Record> records_;
    std::vector<int> row_of_;               // of each record
    std::vector<AddressRecord> addresses_;  // of all records
};

}  // namespace dns_tools::history
