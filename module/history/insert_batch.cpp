#include "history/insert_batch.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "history/pg_binary.hpp"
#include "history/schema.hpp"

namespace dns_tools::history {

namespace {

constexpr std::size_t size_field = 4;
constexpr std::size_t header_size = pg::array_header + pg::array_dimension;

char* put_instant(char* out, UnixMicros instant) {
    return pg::put(out, std::int64_t{instant.time_since_epoch().count() - pg::epoch});
}

char* put_client(char* out, const IpAddress& client) {
    return pg::put_inet(out, client, static_cast<unsigned>(8 * client.size()));
}

/// The literal of an array: the elements' own text, between braces and commas.
template <typename Put>
char* put_literal(char* out, std::span<const AddressRecord> records, Put put) {
    *out++ = '{';
    for (const AddressRecord& record : records) {
        out = put(out, record);
        *out++ = ',';
    }
    out -= records.empty() ? 0 : 1;
    *out++ = '}';
    return out;
}

constexpr std::size_t literal_bound(std::size_t elements, std::size_t longest) {
    return 2 + elements * (longest + 1);
}

char* put_ttl(char* out, const AddressRecord& record) {
    constexpr std::uint32_t largest = std::numeric_limits<std::int32_t>::max();  // RFC 2181 §8
    return std::to_chars(out, out + 10, std::min(record.ttl, largest)).ptr;
}

}  // namespace

void ArrayParameter::clear() {
    used_ = header_size;
    count_ = 0;
}

char* ArrayParameter::begin_element(std::size_t size) {
    element_ = used_ + size_field;
    if (bytes_.size() < element_ + size) {
        bytes_.resize(std::max(element_ + size, 2 * bytes_.size()));
    }
    return bytes_.data() + element_;
}

void ArrayParameter::end_element(const char* end) {
    used_ = static_cast<std::size_t>(end - bytes_.data());
    pg::put(bytes_.data() + element_ - size_field, static_cast<std::int32_t>(used_ - element_));
    ++count_;
}

void ArrayParameter::add_null() {
    end_element(begin_element(0));
    pg::put(bytes_.data() + element_ - size_field, pg::null_size);
}

void ArrayParameter::add(std::string_view value) {
    end_element(std::copy(value.begin(), value.end(), begin_element(value.size())));
}

PgParameter ArrayParameter::finish() {
    bytes_.resize(std::max(bytes_.size(), header_size));
    char* out = bytes_.data();
    const std::int32_t dimensions = count_ == 0 ? 0 : 1;
    constexpr std::int32_t may_have_nulls = 1;
    constexpr std::int32_t first_index = 1;
    out = pg::put(out, dimensions);
    out = pg::put(out, may_have_nulls);
    out = pg::put(out, element_type_);
    out = pg::put(out, count_);
    pg::put(out, first_index);
    return {array_type_, {bytes_.data(), count_ == 0 ? pg::array_header : used_}};
}

InsertBatch::InsertBatch()
    : ids_(pg::uuid_array_oid, pg::uuid_oid),
      instants_(pg::timestamptz_array_oid, pg::timestamptz_oid),
      clients_(pg::inet_array_oid, pg::inet_oid),
      domains_(pg::text_array_oid, pg::text_oid),
      addresses_(pg::text_array_oid, pg::text_oid),
      ttls_(pg::text_array_oid, pg::text_oid) {}

void InsertBatch::assign(std::span<const Record> records) {
    for (ArrayParameter* array : {&ids_, &instants_, &clients_, &domains_, &addresses_, &ttls_}) {
        array->clear();
    }
    for (const Record& record : records) {
        add(record);
    }
    parameters_ = {ids_.finish(),     instants_.finish(),  clients_.finish(),
                   domains_.finish(), addresses_.finish(), ttls_.finish()};
    first_ = records.empty() ? Uuid() : records.front().id;
}

std::span<const PgStatement> InsertBatch::statements(bool confirm,
                                                     std::chrono::milliseconds deadline) {
    // The limit is that of each statement.
    limit_ = schema::time_limit(confirm ? deadline / 2 : deadline);
    limit_parameter_ = {{{pg::text_oid, limit_}}};
    // The random end of an id tells batches apart.
    const std::span id(reinterpret_cast<const char*>(first_.bytes.data()), first_.bytes.size());
    confirm_parameter_ = {{{pg::int8_oid, id.last<sizeof(std::int64_t)>()}}};
    statements_ = {{{schema::limit_time, limit_parameter_},
                    {schema::insert, parameters_},
                    {schema::confirm, confirm_parameter_}}};
    return std::span<const PgStatement>(statements_).first(confirm ? 3 : 2);
}

void InsertBatch::add(const Record& record) {
    const auto& id = record.id.bytes;
    ids_.add({reinterpret_cast<const char*>(id.data()), id.size()});
    instants_.end_element(put_instant(instants_.begin_element(8), record.created_at));
    if (record.client) {
        const auto room = pg::inet_header + record.client->size();
        clients_.end_element(put_client(clients_.begin_element(room), *record.client));
    } else {
        clients_.add_null();
    }
    domains_.add(record.domain);

    const auto count = record.addresses.size();
    addresses_.end_element(put_literal(
        addresses_.begin_element(literal_bound(count, Ipv4Address::max_text)), record.addresses,
        [](char* out, const AddressRecord& address) { return address.address.write(out); }));
    constexpr std::size_t longest_ttl = 10;
    ttls_.end_element(put_literal(ttls_.begin_element(literal_bound(count, longest_ttl)),
                                  record.addresses, put_ttl));
}

}  // namespace dns_tools::history
