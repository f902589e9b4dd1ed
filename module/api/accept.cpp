#include "api/accept.hpp"

#include <algorithm>

namespace dns_tools::api {

namespace {

constexpr std::string_view blank = " \t";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(blank);
    if (first == text.npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// The text up to a separator, which is taken away with it.
std::string_view next_part(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trimmed(part);
}

/// `lower` is in lower case already.
bool equals_in_any_case(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
    });
}

/// A weight in thousandths (RFC 9110 §12.4.2); 0 for what is none.
int read_weight(std::string_view text) {
    constexpr std::size_t longest = 5;  // "0.125"
    if (text.empty() || text.size() > longest || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.')) {
        return 0;
    }
    int weight = text[0] - '0';
    for (std::size_t i = 2; i < longest; ++i) {
        const char digit = i < text.size() ? text[i] : '0';
        if (digit < '0' || digit > '9') {
            return 0;
        }
        weight = 10 * weight + (digit - '0');
    }
    return weight <= 1000 ? weight : 0;
}

/// How exactly a media range means a type: not at all, `*/*`, `text/*`, the type itself.
int exactness(std::string_view range, std::string_view type) {
    if (range == "*/*") {
        return 1;
    }
    if (range.ends_with("/*")) {
        const auto kind = range.substr(0, range.size() - 1);
        return equals_in_any_case(kind, type.substr(0, type.find('/') + 1)) ? 2 : 0;
    }
    return equals_in_any_case(range, type) ? 3 : 0;
}

/// The weight of the range that means the type most exactly.
int weight_of(std::string_view type, std::string_view accept) {
    int best = 0;
    int weight = 0;
    while (!accept.empty()) {
        auto element = next_part(accept, ',');
        const int exact = exactness(next_part(element, ';'), type);
        if (exact <= best) {
            continue;
        }
        best = exact;
        weight = 1000;
        while (!element.empty()) {
            const auto parameter = next_part(element, ';');
            if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
                weight = read_weight(parameter.substr(2));
            }
        }
    }
    return weight;
}

}  // namespace

std::size_t preferred_type(std::string_view accept,
                           std::span<const std::string_view> types) noexcept {
    std::size_t preferred = 0;
    int highest = weight_of(types[0], accept);
    for (std::size_t i = 1; i < types.size(); ++i) {
        const int weight = weight_of(types[i], accept);
        if (weight > highest) {
            preferred = i;
            highest = weight;
        }
    }
    return preferred;
}

}  // namespace dns_tools::api
