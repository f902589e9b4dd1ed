#include "api/query_string.hpp"

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

bool names(std::string_view encoded, std::string_view name) {
    if (encoded.find_first_of("%+") == encoded.npos) {
        return encoded == name;
    }
    return decode(encoded) == name;
}

}  // namespace

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto ampersand = query.find('&');
        const auto pair = query.substr(0, ampersand);
        const auto equals = pair.find('=');
        if (names(pair.substr(0, equals), name)) {
            return equals == pair.npos ? std::string() : decode(pair.substr(equals + 1));
        }
        if (ampersand == query.npos) {
            break;
        }
        query.remove_prefix(ampersand + 1);
    }
    return std::nullopt;
}

}  // namespace dns_tools::api
