#include "api/lookup.hpp"

#include <string>

#include "api/json_writer.hpp"
#include "api/parameter.hpp"
#include "api/quote.hpp"
#include "api/record_json.hpp"

namespace dns_tools::api {

namespace {

constexpr unsigned retry_seconds = 1;

constexpr std::string_view cnames_key = R"(,"cnames":[)";
constexpr std::string_view source_key = R"(,"source":")";

int status_of(dns::Result result) {
    switch (result) {
        case dns::Result::ok:
            return 200;
        case dns::Result::nxdomain:
        case dns::Result::no_addresses:
            return 404;
        case dns::Result::upstream_failure:
            return 502;
        case dns::Result::upstream_timeout:
            return 504;
        case dns::Result::overloaded:
            return 503;
    }
    return 500;
}

std::string explain(const dns::Name& name, dns::Result result) {
    const std::string domain = "domain \"" + std::string(name.text()) + '"';
    switch (result) {
        case dns::Result::ok:
            break;
        case dns::Result::nxdomain:
            return domain + " does not exist";
        case dns::Result::no_addresses:
            return domain + " exists, but has no IPv4 address";
        case dns::Result::upstream_failure:
            return domain + " could not be resolved: no upstream DNS server gave a usable answer";
        case dns::Result::upstream_timeout:
            return domain + " could not be resolved: no upstream DNS server answered in time";
        case dns::Result::overloaded:
            return domain + " was not looked up: too many lookups are in flight";
    }
    return {};
}

Reply invalid_name(std::string_view text, dns::NameError why) {
    std::string message = "domain ";
    if (!text.empty()) {
        message += quote(text) + ' ';
    }
    message += describe(why);
    return error(400, why == dns::NameError::ip_literal ? "ip_literal" : "invalid_domain", message);
}

}  // namespace

std::variant<dns::Name, Reply> lookup_name(const Request& request) {
    auto input = parameter(request, "domain", "invalid_domain");
    if (auto* reply = std::get_if<Reply>(&input)) {
        return std::move(*reply);
    }
    const auto& text = std::get<std::string>(input);
    const auto parsed = dns::Name::parse(text);
    if (const auto* why = std::get_if<dns::NameError>(&parsed)) {
        return invalid_name(text, *why);
    }
    return std::get<dns::Name>(parsed);
}

Reply lookup_failure(const dns::Name& name, const dns::Answer& answer) {
    if (answer.result == dns::Result::ok) {
        return internal_error();
    }
    std::string message = explain(name, answer.result);
    if (!answer.detail.empty()) {
        message += " (" + answer.detail + ')';
    }
    Reply reply = error(status_of(answer.result), word(answer.result), message);
    if (answer.result == dns::Result::overloaded) {
        reply.retry_after = retry_seconds;
    }
    return reply;
}

Reply queue_full() {
    Reply reply = error(503, word(dns::Result::overloaded),
                        "too many lookups wait to be saved in the history");
    reply.retry_after = retry_seconds;
    return reply;
}

Reply not_kept(history::KeepFailure why) {
    using Why = history::KeepFailure;
    if (why == Why::refused) {
        return error(500, "lookup_refused", "the database refuses to save this lookup");
    }
    Reply reply =
        why == Why::late
            ? error(503, "database_unavailable", "the database has not saved this lookup in time")
            : error(503, "journal_unavailable",
                    "the journal could not be written to the disk with this lookup");
    reply.retry_after = retry_seconds;
    return reply;
}

std::size_t lookup_body_bound(const Lookup& lookup) noexcept {
    // Around all: two braces, and the quote behind the source.
    std::size_t bound =
        record_members_bound(lookup.record) + source_key.size() + word(lookup.source).size() + 3;
    if (!lookup.answer.cnames.empty()) {
        bound += cnames_key.size() + 1;
        for (const auto& cname : lookup.answer.cnames) {
            bound += json::string_bound(cname.size()) + 1;
        }
    }
    return bound;
}

char* write_lookup(const Lookup& lookup, char* out) noexcept {
    *out++ = '{';
    out = write_record_members(lookup.record, out);
    const auto& cnames = lookup.answer.cnames;
    if (!cnames.empty()) {
        out = json::put(cnames_key, out);
        for (const auto& cname : cnames) {
            if (&cname != cnames.data()) {
                *out++ = ',';
            }
            out = json::put_string(cname, out);
        }
        *out++ = ']';
    }
    out = json::put(source_key, out);
    out = json::put(word(lookup.source), out);
    return json::put("\"}", out);
}

}  // namespace dns_tools::api
