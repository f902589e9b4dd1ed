#include "history/read_statement.hpp"

#include <algorithm>
#include <utility>

#include "history/pg_binary.hpp"
#include "history/schema.hpp"

namespace dns_tools::history {

namespace {

std::string binary(const Uuid& id) {
    return {id.bytes.begin(), id.bytes.end()};
}

std::string binary(std::int64_t number) {
    std::string bytes(sizeof number, '\0');
    pg::put(bytes.data(), number);
    return bytes;
}

std::string binary(const IpNetwork& network) {
    std::string bytes(pg::inet_bound, '\0');
    const char* const end = pg::put_inet(bytes.data(), network.address(), network.prefix());
    bytes.resize(static_cast<std::size_t>(end - bytes.data()));
    return bytes;
}

}  // namespace

ReadStatement::ReadStatement(const HistoryQuery& query) : sql_(schema::select) {
    restrict_ids(query);
    if (query.domain) {
        restrict_domain(*query.domain);
    }
    if (query.client) {
        add(query.client->is_one_address() ? " AND client_ip = " : " AND client_ip <<= ",
            pg::inet_oid, "inet", binary(*query.client));
    }
    if (query.address) {
        const auto bits = static_cast<unsigned>(8 * query.address->size());
        add(" AND addresses @> ARRAY[", pg::inet_oid, "inet",
            binary(IpNetwork(*query.address, bits)));
        sql_ += ']';
    }
    add(" ORDER BY dns_lookups.id DESC LIMIT ", pg::int8_oid, "bigint",
        binary(std::int64_t{query.limit} + 1));
}

/// Time is a range of identifiers, so that the primary key finds it.
void ReadStatement::restrict_ids(const HistoryQuery& query) {
    // A row that somebody wrote without an identifier has no place among the others.
    sql_ += " WHERE id IS NOT NULL";
    if (query.from) {
        add(" AND id >= ", pg::uuid_oid, "uuid", binary(first_uuid_at(*query.from)));
    }
    std::optional<Uuid> end = query.before;
    if (query.until) {
        const Uuid until = first_uuid_at(*query.until);
        end = end ? std::min(*end, until) : until;
    }
    if (end) {
        add(" AND id < ", pg::uuid_oid, "uuid", binary(*end));
    }
}

/// All names below another begin alike when they are written backwards. The operators compare byte
/// by byte whatever the collation is: those of an index with text_pattern_ops.
void ReadStatement::restrict_domain(const DomainFilter& domain) {
    if (!domain.below) {
        return add(" AND domain = ", pg::text_oid, "text", domain.name);
    }
    std::string first(domain.name.rbegin(), domain.name.rend());
    first += '.';
    std::string behind_last = first;
    behind_last.back() = '.' + 1;
    add(" AND reverse(domain) ~>=~ ", pg::text_oid, "text", std::move(first));
    add(" AND reverse(domain) ~<~ ", pg::text_oid, "text", std::move(behind_last));
}

void ReadStatement::add(std::string_view condition, unsigned oid, std::string_view type,
                        std::string value) {
    sql_ += condition;
    values_[count_] = std::move(value);
    parameters_[count_] = {oid, values_[count_]};
    ++count_;
    sql_ += '$' + std::to_string(count_) + "::";
    sql_ += type;
}

}  // namespace dns_tools::history
