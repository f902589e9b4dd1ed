#include "api/record_csv.hpp"

#include <string_view>

#include "api/instant.hpp"
#include "api/json_writer.hpp"
#include "base/utf8.hpp"

namespace dns_tools::api {

namespace {

// The four fields of fixed size with their commas, the two commas and the line's end behind the
// others.
constexpr std::size_t fixed_bound = Uuid::text_size + instant_bound + IpAddress::max_text + 8;
// An address and its TTL, each with a space.
constexpr std::size_t address_bound = Ipv4Address::max_text + json::integer_bound + 2;

/// A byte may become a quote twice, or U+FFFD; there are two quotes around all.
constexpr std::size_t text_bound(std::size_t size) {
    return 3 * size + 2;
}

char* put_text(std::string_view text, char* out) {
    const bool quoted = text.find_first_of(",\"\r\n") != text.npos;
    if (quoted) {
        *out++ = '"';
    }
    for (std::size_t at = 0; at < text.size();) {
        const auto size = utf8_sequence(text.substr(at));
        if (text[at] == '"') {
            *out++ = '"';
        }
        out = json::put(size != 0 ? text.substr(at, size) : "\xef\xbf\xbd", out);
        at += size != 0 ? size : 1;
    }
    if (quoted) {
        *out++ = '"';
    }
    return out;
}

/// One field for all of the addresses.
template <typename Put>
char* put_list(std::span<const AddressRecord> addresses, char* out, Put put) {
    for (const auto& address : addresses) {
        if (&address != addresses.data()) {
            *out++ = ' ';
        }
        out = put(address, out);
    }
    return out;
}

char* put_line(const history::Record& record, char* out) {
    out = record.id.write(out);
    *out++ = ',';
    out = write_instant(record.created_at, out);
    *out++ = ',';
    out = record.client ? record.client->write(out) : out;
    *out++ = ',';
    out = put_text(record.domain, out);
    *out++ = ',';
    out = put_list(record.addresses, out, [](const AddressRecord& address, char* to) {
        return address.address.write(to);
    });
    *out++ = ',';
    out = put_list(record.addresses, out, [](const AddressRecord& address, char* to) {
        return json::put_integer(address.ttl, to);
    });
    return json::put("\r\n", out);
}

}  // namespace

void append_csv_names(std::string& csv) {
    csv += "id,created_at,client_ip,domain,addresses,ttls\r\n";
}

void append_csv_line(const history::Record& record, std::string& csv) {
    const auto before = csv.size();
    csv.resize(before + fixed_bound + text_bound(record.domain.size()) +
               address_bound * record.addresses.size());
    const char* const end = put_line(record, csv.data() + before);
    csv.resize(static_cast<std::size_t>(end - csv.data()));
}

}  // namespace dns_tools::api
