#include "history/sqlstate.hpp"

#include <algorithm>
#include <iterator>

namespace dns_tools::history {

namespace {

struct Rule {
    std::string_view prefix;
    ErrorKind kind;
};

// What is not listed is transient: class 53 (insufficient resources), class 58 (system error),
// 40001 (serialization failure), 40P01 (deadlock), 55P03 (lock not available), and every class
// that a later server may invent.
constexpr Rule rules[] = {
    {"08", ErrorKind::connection},
    {"57014", ErrorKind::transient},   // cancelled, by a time limit above all; the session lives on
    {"57", ErrorKind::connection},     // operator intervention: shutdown, starting up
    {"25006", ErrorKind::connection},  // read-only: this server is no longer the primary
    {"28", ErrorKind::configuration},  // authorization
    {"3D", ErrorKind::configuration},  // no such database
    {"3F", ErrorKind::configuration},  // no such schema, as with a search_path that names none
    {"42", ErrorKind::configuration},  // missing table or column, missing privilege
    {"22", ErrorKind::data},           // data exception
    {"23", ErrorKind::data},           // integrity constraint violation
    {"54", ErrorKind::data},           // program limit exceeded: too large a value
};

}  // namespace

ErrorKind classify(std::string_view sqlstate) noexcept {
    if (sqlstate.empty()) {
        return ErrorKind::connection;
    }
    const auto rule = std::find_if(std::begin(rules), std::end(rules), [&](const Rule& candidate) {
        return sqlstate.starts_with(candidate.prefix);
    });
    return rule == std::end(rules) ? ErrorKind::transient : rule->kind;
}

bool says_missing_schema(std::string_view sqlstate) noexcept {
    return sqlstate == "42P01" || sqlstate == "42703";
}

}  // namespace dns_tools::history
