#include "api/history_export.hpp"

#include "api/record_csv.hpp"
#include "api/record_json.hpp"

namespace dns_tools::api {

namespace {

// Exports take from seconds to minutes.
constexpr unsigned retry_seconds = 10;

}  // namespace

Reply export_head(const HistoryRequest& asked) {
    Reply reply;
    if (asked.format == HistoryFormat::csv) {
        reply.content_type = "text/csv; charset=utf-8; header=present";
        reply.content_disposition = R"(attachment; filename="dns-lookups.csv")";
    } else {
        reply.content_type = "application/x-ndjson";
    }
    reply.vary = asked.negotiated ? "Accept" : "";
    return reply;
}

void append_export_begin(HistoryFormat format, std::string& body) {
    if (format == HistoryFormat::csv) {
        append_csv_names(body);
    }
}

void append_export(HistoryFormat format, std::span<const history::Record> records,
                   std::string& body) {
    for (const auto& record : records) {
        if (format == HistoryFormat::csv) {
            append_csv_line(record, body);
        } else {
            body += '{';
            append_record_members(record, body);
            body += "}\n";
        }
    }
}

Reply too_many_exports() {
    Reply reply = error(503, "overloaded", "too many exports of the history are under way");
    reply.retry_after = retry_seconds;
    return reply;
}

}  // namespace dns_tools::api
