#include "api/quote.hpp"

#include "base/utf8.hpp"

namespace dns_tools::api {

namespace {

constexpr std::size_t max_quoted = 80;

void append_hex(std::string& out, unsigned char byte) {
    static constexpr char digits[] = "0123456789abcdef";
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

}  // namespace

std::string quote(std::string_view input) {
    std::string out = "\"";
    for (std::size_t at = 0; at < input.size();) {
        const auto size = utf8_sequence(input.substr(at));
        if (at + (size == 0 ? 1 : size) > max_quoted) {
            out += "...";
            break;
        }
        const auto byte = static_cast<unsigned char>(input[at]);
        if (size == 0 || byte < 0x20 || byte == 0x7f) {
            append_hex(out, byte);
            ++at;
            continue;
        }
        if (byte == '"' || byte == '\\') {
            out += '\\';
        }
        out += input.substr(at, size);
        at += size;
    }
    out += '"';
    return out;
}

}  // namespace dns_tools::api
