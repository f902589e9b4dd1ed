#include "api/record_json.hpp"

#include <chrono>
#include <string_view>

#include "api/json_writer.hpp"

namespace dns_tools::api {

namespace {

constexpr std::string_view id_key = R"("id":")";
constexpr std::string_view domain_key = R"(","domain":)";
constexpr std::string_view client_key = R"(,"client_ip":)";
constexpr std::string_view created_key = R"(,"created_at":)";
constexpr std::string_view addresses_key = R"(,"addresses":[)";
constexpr std::string_view ip_key = R"({"ip":")";
constexpr std::string_view ttl_key = R"(","ttl":)";

// The client's quotes and the closing bracket are the three bytes.
constexpr std::size_t fixed_bound = id_key.size() + Uuid::text_size + domain_key.size() +
                                    client_key.size() + IpAddress::max_text + created_key.size() +
                                    json::integer_bound + addresses_key.size() + 3;
// A brace and a comma are the two bytes.
constexpr std::size_t address_bound =
    ip_key.size() + Ipv4Address::max_text + ttl_key.size() + json::integer_bound + 2;

char* write_address(const AddressRecord& address, char* out) noexcept {
    out = json::put(ip_key, out);
    out = address.address.write(out);
    out = json::put(ttl_key, out);
    out = json::put_integer(address.ttl, out);
    *out++ = '}';
    return out;
}

char* write_client(const std::optional<IpAddress>& client, char* out) noexcept {
    if (!client) {
        return json::put("null", out);
    }
    *out++ = '"';
    out = client->write(out);
    *out++ = '"';
    return out;
}

}  // namespace

std::size_t record_members_bound(const history::Record& record) noexcept {
    return fixed_bound + json::string_bound(record.domain.size()) +
           address_bound * record.addresses.size();
}

char* write_record_members(const history::Record& record, char* out) noexcept {
    out = json::put(id_key, out);
    out = record.id.write(out);
    out = json::put(domain_key, out);
    out = json::put_string(record.domain, out);
    out = json::put(client_key, out);
    out = write_client(record.client, out);
    out = json::put(created_key, out);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(record.created_at);
    out = json::put_integer(seconds.time_since_epoch().count(), out);
    out = json::put(addresses_key, out);
    for (const auto& address : record.addresses) {
        if (&address != record.addresses.data()) {
            *out++ = ',';
        }
        out = write_address(address, out);
    }
    *out++ = ']';
    return out;
}

void append_record_members(const history::Record& record, std::string& json) {
    const auto before = json.size();
    json.resize(before + record_members_bound(record));
    const char* const end = write_record_members(record, json.data() + before);
    json.resize(static_cast<std::size_t>(end - json.data()));
}

std::string rejected_line(const history::Record& record, std::string_view why) {
    std::string line(1, '{');
    append_record_members(record, line);
    line += R"(,"error":)";
    json::append_string(line, why);
    line += '}';
    return line;
}

}  // namespace dns_tools::api
