#include "api/next_page.hpp"

#include <algorithm>
#include <cctype>

#include "api/query_string.hpp"

namespace dns_tools::api {

namespace {

bool is_hex(char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

/// Whether the byte may stand in a path or, but for the slash and the question mark, a query
/// without being encoded: unreserved, sub-delims, ":" and "@".
bool is_plain(char c) {
    constexpr std::string_view marks = "-._~!$&'()*+,;=:@/";
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           marks.find(c) != marks.npos;
}

void append_encoded(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool escape =
            text[at] == '%' && text.size() - at > 2 && is_hex(text[at + 1]) && is_hex(text[at + 2]);
        if (escape || is_plain(text[at])) {
            out += text[at];
            continue;
        }
        const auto byte = static_cast<unsigned char>(text[at]);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
}

}  // namespace

std::string next_page(std::string_view target, const Uuid& cursor) {
    target = target.substr(0, target.find('#'));
    const auto path_end = std::min(target.find('?'), target.size());
    auto path = target.substr(0, path_end);
    auto query = target.substr(std::min(path_end + 1, target.size()));

    // Two slashes would begin the name of another host (RFC 3986 §4.2).
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    std::string link = "</";
    append_encoded(link, path);
    char separator = '?';
    while (!query.empty()) {
        const auto pair = next_pair(query);
        if (!pair.empty() && !is_named(pair, "cursor")) {
            link += separator;
            append_encoded(link, pair);
            separator = '&';
        }
    }
    return link + separator + "cursor=" + cursor.text() + R"(>; rel="next")";
}

}  // namespace dns_tools::api
