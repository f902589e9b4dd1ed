#include "api/history.hpp"

#include <charconv>

#include "api/query_string.hpp"
#include "api/quote.hpp"
#include "api/record_json.hpp"

namespace dns_tools::api {

namespace {

constexpr unsigned default_limit = 20;
constexpr unsigned max_limit = 1000;

// The longest pause between two attempts to connect, in seconds.
constexpr unsigned retry_seconds = 5;

}  // namespace

std::variant<unsigned, Reply> history_limit(const Request& request) {
    const auto text = query_parameter(request.query, "limit");
    if (!text) {
        return default_limit;
    }
    unsigned limit = 0;
    const char* end = text->data() + text->size();
    const auto [stop, failure] = std::from_chars(text->data(), end, limit);
    if (failure != std::errc() || stop != end || limit < 1 || limit > max_limit) {
        return error(400, "invalid_limit",
                     "limit " + quote(*text) + " is not a whole number from 1 to " +
                         std::to_string(max_limit));
    }
    return limit;
}

Reply history(std::span<const history::Record> newest_first) {
    Reply reply;
    std::string& body = reply.body;
    body = '[';
    for (const auto& record : newest_first) {
        body += &record == newest_first.data() ? "{" : ",{";
        const auto before = body.size();
        body.resize(before + record_members_bound(record));
        const char* end = write_record_members(record, body.data() + before);
        body.resize(static_cast<std::size_t>(end - body.data()));
        body += '}';
    }
    body += ']';
    return reply;
}

Reply history_disabled() {
    return error(503, "history_disabled",
                 "lookups are not saved here: no database is configured (dns_tools_database)");
}

Reply history_unavailable() {
    Reply reply =
        error(503, "database_unavailable", "the database of saved lookups did not answer");
    reply.retry_after = retry_seconds;
    return reply;
}

}  // namespace dns_tools::api
