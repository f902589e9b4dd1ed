#include "api/history_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>

#include "api/accept.hpp"
#include "api/instant.hpp"
#include "api/query_string.hpp"
#include "api/quote.hpp"
#include "dns/name.hpp"

namespace dns_tools::api {

namespace {

constexpr std::uint64_t default_limit = 20;
constexpr std::uint64_t max_limit = 1000;

struct Format {
    HistoryFormat format;
    std::string_view name;
};
constexpr std::array formats{Format{HistoryFormat::json, "json"}, Format{HistoryFormat::csv, "csv"},
                             Format{HistoryFormat::ndjson, "ndjson"}};

/// The media types, in the order of `formats`.
constexpr std::array<std::string_view, formats.size()> media_types{"application/json", "text/csv",
                                                                   "application/x-ndjson"};

using Refusal = std::optional<Reply>;

Reply refuse(std::string_view code, std::string_view name, std::string_view value,
             std::string_view what_is_wrong) {
    std::string message(name);
    message.append(" ").append(quote(value)).append(" ").append(what_is_wrong);
    return error(400, code, message);
}

Refusal read_format(std::string_view query, std::string_view accept, HistoryRequest& out) {
    const auto text = query_parameter(query, "format");
    if (!text) {
        out.format = formats[preferred_type(accept, media_types)].format;
        out.negotiated = true;
        return std::nullopt;
    }
    const auto* const found = std::find_if(
        formats.begin(), formats.end(), [&](const auto& format) { return format.name == *text; });
    if (found == formats.end()) {
        return refuse("invalid_format", "format", *text, "is not one of json, csv and ndjson");
    }
    out.format = found->format;
    return std::nullopt;
}

/// All that a page may hold, or any number of rows of an export.
Refusal read_limit(std::string_view query, HistoryRequest& out) {
    constexpr auto endless = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t most = out.is_export() ? endless : max_limit;
    std::uint64_t limit = out.is_export() ? endless : default_limit;
    if (const auto text = query_parameter(query, "limit")) {
        const char* const end = text->data() + text->size();
        const auto [stop, failure] = std::from_chars(text->data(), end, limit);
        if (failure == std::errc::result_out_of_range) {
            limit = endless;
        }
        if (failure == std::errc::invalid_argument || stop != end || limit < 1 || limit > most) {
            return refuse("invalid_limit", "limit", *text,
                          out.is_export() ? "is not a whole number of 1 or more"
                                          : "is not a whole number from 1 to 1000");
        }
    }
    if (out.is_export()) {
        out.rows = limit;
    } else {
        out.query.limit = static_cast<unsigned>(limit);
    }
    return std::nullopt;
}

Refusal read_cursor(std::string_view query, HistoryRequest& out) {
    if (const auto text = query_parameter(query, "cursor")) {
        out.query.before = Uuid::parse(*text);
        if (!out.query.before) {
            return refuse("invalid_cursor", "cursor", *text,
                          "is not one that the Link header of a page has given");
        }
    }
    return std::nullopt;
}

constexpr std::string_view no_instant =
    "is neither a UNIX time in seconds nor a date and time of RFC 3339, such as "
    "2024-05-01T12:00:00Z";

Refusal read_time(std::string_view query, HistoryRequest& out) {
    if (const auto text = query_parameter(query, "from")) {
        out.query.from = parse_instant(*text);
        if (!out.query.from) {
            return refuse("invalid_from", "from", *text, no_instant);
        }
    }
    if (const auto text = query_parameter(query, "until")) {
        out.query.until = parse_instant(*text);
        if (!out.query.until) {
            return refuse("invalid_until", "until", *text, no_instant);
        }
        if (out.query.from && *out.query.until < *out.query.from) {
            return refuse("invalid_until", "until", *text, "is before from");
        }
    }
    return std::nullopt;
}

Refusal read_domain(std::string_view query, HistoryRequest& out) {
    constexpr std::string_view everything_below = "*.";
    if (const auto text = query_parameter(query, "domain")) {
        const bool below = text->starts_with(everything_below);
        const auto name = std::string_view(*text).substr(below ? everything_below.size() : 0);
        const auto parsed = dns::Name::parse(name);
        if (const auto* why = std::get_if<dns::NameError>(&parsed)) {
            return refuse("invalid_domain", "domain", *text, describe(*why));
        }
        out.query.domain = {std::string(std::get<dns::Name>(parsed).text()), below};
    }
    return std::nullopt;
}

Refusal read_client(std::string_view query, HistoryRequest& out) {
    if (const auto text = query_parameter(query, "client")) {
        out.query.client = IpNetwork::parse(*text);
        if (!out.query.client) {
            return refuse("invalid_client", "client", *text,
                          "is neither an IP address nor a network such as 192.0.2.0/24");
        }
    }
    return std::nullopt;
}

Refusal read_address(std::string_view query, HistoryRequest& out) {
    if (const auto text = query_parameter(query, "address")) {
        out.query.address = IpAddress::parse(*text);
        if (!out.query.address) {
            return refuse("invalid_address", "address", *text, "is not an IP address");
        }
    }
    return std::nullopt;
}

}  // namespace

std::variant<HistoryRequest, Reply> history_request(const Request& request,
                                                    std::string_view accept) {
    HistoryRequest asked;
    if (auto refusal = read_format(request.query, accept, asked)) {
        return std::move(*refusal);
    }
    // What a limit may be depends on the format.
    for (const auto read :
         {read_limit, read_cursor, read_time, read_domain, read_client, read_address}) {
        if (auto refusal = read(request.query, asked)) {
            return std::move(*refusal);
        }
    }
    return asked;
}

}  // namespace dns_tools::api
