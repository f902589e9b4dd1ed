#include "api/json_writer.hpp"

#include <array>
#include <charconv>

#include "base/utf8.hpp"

namespace dns_tools::api::json {

namespace {

// Bytes that stand for themselves in a JSON string (RFC 8259 §7).
constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (unsigned byte = 0x20; byte < 0x80; ++byte) {
        table[byte] = byte != '"' && byte != '\\';
    }
    return table;
}();

char* put_escape(unsigned char byte, char* out) noexcept {
    static constexpr char digits[] = "0123456789abcdef";
    *out++ = '\\';
    switch (byte) {
        case '"':
        case '\\':
            *out++ = static_cast<char>(byte);
            return out;
        case '\b':
            *out++ = 'b';
            return out;
        case '\f':
            *out++ = 'f';
            return out;
        case '\n':
            *out++ = 'n';
            return out;
        case '\r':
            *out++ = 'r';
            return out;
        case '\t':
            *out++ = 't';
            return out;
        default:
            out = put("u00", out);
            *out++ = digits[byte >> 4];
            *out++ = digits[byte & 15];
            return out;
    }
}

}  // namespace

char* put_string(std::string_view text, char* out) noexcept {
    *out++ = '"';
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (plain[byte]) {
            *out++ = text[at++];
        } else if (byte < 0x80) {
            out = put_escape(byte, out);
            ++at;
        } else if (const auto size = utf8_sequence(text.substr(at)); size != 0) {
            out = put(text.substr(at, size), out);
            at += size;
        } else {
            out = put("\xef\xbf\xbd", out);
            ++at;
        }
    }
    *out++ = '"';
    return out;
}

char* put_integer(std::int64_t value, char* out) noexcept {
    return std::to_chars(out, out + integer_bound, value).ptr;
}

void append_string(std::string& json, std::string_view text) {
    const auto before = json.size();
    json.resize(before + string_bound(text.size()));
    const char* end = put_string(text, json.data() + before);
    json.resize(static_cast<std::size_t>(end - json.data()));
}

}  // namespace dns_tools::api::json
