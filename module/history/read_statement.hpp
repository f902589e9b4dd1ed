#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "history/history_query.hpp"
#include "history/pg_connection.hpp"

namespace dns_tools::history {

/// The SQL of a HistoryQuery. What the query holds is bound as parameters, never a part of the
/// text. Reads one row more than the query's limit, which tells whether there is another page.
class ReadStatement {
public:
    explicit ReadStatement(const HistoryQuery& query);
    ReadStatement(const ReadStatement&) = delete;
    ReadStatement& operator=(const ReadStatement&) = delete;

    /// Good as long as this.
    PgStatement statement() const noexcept { return {sql_.c_str(), {parameters_.data(), count_}}; }

private:
    void restrict_ids(const HistoryQuery& query);
    void restrict_domain(const DomainFilter& domain);
    /// Binds a value; its placeholder is `$n::type`.
    void add(std::string_view condition, unsigned oid, std::string_view type, std::string value);

    std::string sql_;
    std::array<std::string, PgConnection::max_parameters> values_;
    std::array<PgParameter, PgConnection::max_parameters> parameters_{};
    std::size_t count_ = 0;
};

}  // namespace dns_tools::history
