#include "api/query_string.hpp"

#include <algorithm>

namespace dns_tools::api {

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && text.size() - at > 2) {
            const int high = hex_value(text[at + 1]);
            const int low = hex_value(text[at + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high << 4 | low);
                at += 2;
                continue;
            }
        }
        out += text[at] == '+' ? ' ' : text[at];
    }
    return out;
}

}  // namespace

std::string_view next_pair(std::string_view& query) noexcept {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    return pair;
}

bool is_named(std::string_view pair, std::string_view name) {
    const auto encoded = pair.substr(0, pair.find('='));
    if (encoded.find_first_of("%+") == encoded.npos) {
        return encoded == name;
    }
    return decode(encoded) == name;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto pair = next_pair(query);
        if (is_named(pair, name)) {
            const auto equals = pair.find('=');
            return equals == pair.npos ? std::string() : decode(pair.substr(equals + 1));
        }
    }
    return std::nullopt;
}

}  // namespace dns_tools::api
