#include "api/history.hpp"

#include "api/next_page.hpp"
#include "api/record_json.hpp"

namespace dns_tools::api {

namespace {

// The longest pause between two attempts to connect, in seconds.
constexpr unsigned retry_seconds = 5;

}  // namespace

Reply history(const history::Page& page, const HistoryRequest& asked, std::string_view target) {
    Reply reply;
    std::string& body = reply.body;
    body = '[';
    for (const auto& record : page.records) {
        body += &record == page.records.data() ? "{" : ",{";
        append_record_members(record, body);
        body += '}';
    }
    body += ']';
    if (page.next) {
        reply.link = next_page(target, *page.next);
    }
    reply.vary = asked.negotiated ? "Accept" : "";
    return reply;
}

Reply history_disabled() {
    return error(503, "history_disabled",
                 "lookups are not saved here: no database is configured (dns_tools_database)");
}

Reply history_failure(const HistoryRequest& asked, history::ReadFailure failure) {
    if (failure == history::ReadFailure::too_slow && asked.query.is_search()) {
        return error(504, "search_timeout",
                     "the search took too long: give it a shorter time with from and until, or the "
                     "database an index for it");
    }
    Reply reply =
        error(503, "database_unavailable", "the database of saved lookups did not answer");
    reply.retry_after = retry_seconds;
    return reply;
}

}  // namespace dns_tools::api
