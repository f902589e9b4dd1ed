#include "api/json_syntax.hpp"

#include <nlohmann/json.hpp>

#include "api/quote.hpp"
#include "base/utf8.hpp"

namespace dns_tools::api {

namespace {

constexpr std::string_view whitespace = " \t\r\n";
constexpr std::string_view structural = "{}[]:,";

bool is_in(std::string_view set, char c) {
    return set.find(c) != set.npos;
}

/// Where the last token of `text` begins, a token that is not complete or not valid included.
std::size_t last_token(std::string_view text) {
    std::size_t start = 0;
    bool in_string = false;
    bool in_word = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string) {
            if (c == '\\') {
                ++at;
            }
            in_string = c != '"';
            continue;
        }
        const bool word = c != '"' && !is_in(structural, c) && !is_in(whitespace, c);
        if (!is_in(whitespace, c) && !(word && in_word)) {
            start = at;
        }
        in_word = word;
        in_string = c == '"';
    }
    return start;
}

std::string at_byte(std::size_t offset) {
    return " at byte " + std::to_string(offset);
}

}  // namespace

std::string describe(std::string_view body, const SyntaxError& error) {
    const auto offset = error.offset;
    if (const auto bad = find_bad_utf8(body); bad <= offset) {
        return "is not UTF-8" + at_byte(bad);
    }
    if (offset >= body.size()) {
        return "ends" + at_byte(body.size()) + ", before its JSON object is complete";
    }
    const auto read = body.substr(0, offset + 1);
    const auto start = last_token(read);
    auto token = read.substr(start);
    token = token.substr(0, token.find_last_not_of(whitespace) + 1);
    if (error.number_too_large) {
        return "has a number that is too large" + at_byte(start);
    }
    const bool in_string = token.starts_with('"') && !nlohmann::json::accept(read.substr(start));
    const char last = body[offset];
    if (static_cast<unsigned char>(last) < 0x20 && (in_string || !is_in(whitespace, last))) {
        return "has a control character" + at_byte(offset);
    }
    if (in_string) {
        return "has a string with a wrong escape" + at_byte(offset);
    }
    return (error.document_ended ? "has something behind its JSON object, "
                                 : "is not valid JSON: unexpected ") +
           quote(token) + at_byte(start);
}

}  // namespace dns_tools::api
