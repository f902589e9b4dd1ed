#include "history/saved_rows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "history/pg_binary.hpp"

namespace dns_tools::history {

namespace {

enum Column { id, created_at, client_ip, domain, addresses, ttls };

/// Walks an array of any shape, element by element.
class ArrayReader {
public:
    explicit ArrayReader(std::string_view bytes) : bytes_(bytes) {
        if (bytes_.size() < pg::array_header) {
            bytes_ = {};
            return;
        }
        const auto dimensions = pg::get<std::uint32_t>(bytes_.data());
        const auto header = pg::array_header + std::size_t{dimensions} * pg::array_dimension;
        bytes_.remove_prefix(std::min(header, bytes_.size()));
    }

    /// False at the end. A NULL is an element without a value.
    bool next(std::optional<std::string_view>& element) {
        constexpr std::size_t size_field = 4;
        if (bytes_.size() < size_field) {
            return false;
        }
        const auto size = pg::get<std::int32_t>(bytes_.data());
        bytes_.remove_prefix(size_field);
        if (size < 0) {
            element = std::nullopt;
            return true;
        }
        element = bytes_.substr(0, static_cast<std::size_t>(size));
        bytes_.remove_prefix(element->size());
        return true;
    }

private:
    std::string_view bytes_;
};

/// A single address; none for a network.
std::optional<IpAddress> read_inet(std::string_view bytes) {
    const auto address = bytes.substr(std::min(pg::inet_header, bytes.size()));
    const auto bits = bytes.size() > 1 ? static_cast<unsigned char>(bytes[1]) : 0U;
    if (bits != 8 * address.size()) {
        return std::nullopt;
    }
    if (address.size() == 4 && bytes[0] == pg::inet_ipv4) {
        Ipv4Address ipv4;
        std::memcpy(ipv4.bytes.data(), address.data(), address.size());
        return IpAddress(ipv4);
    }
    if (address.size() == 16 && bytes[0] == pg::inet_ipv6) {
        std::array<std::uint8_t, 16> ipv6;
        std::memcpy(ipv6.data(), address.data(), address.size());
        return IpAddress(ipv6);
    }
    return std::nullopt;
}

/// None for 'infinity' and what else microseconds since 1970 cannot say.
std::optional<UnixMicros> read_instant(std::string_view bytes) {
    if (bytes.size() != sizeof(std::int64_t)) {
        return std::nullopt;
    }
    const auto micros = pg::get<std::int64_t>(bytes.data());
    using Limits = std::numeric_limits<std::int64_t>;
    if (micros == Limits::min() || micros > Limits::max() - pg::epoch) {
        return std::nullopt;
    }
    return UnixMicros(std::chrono::microseconds(micros + pg::epoch));
}

std::uint32_t read_ttl(const std::optional<std::string_view>& element) {
    if (!element || element->size() != sizeof(std::int32_t)) {
        return 0;
    }
    return static_cast<std::uint32_t>(std::max(pg::get<std::int32_t>(element->data()), 0));
}

void read_addresses(std::string_view address_array, std::string_view ttl_array,
                    std::vector<AddressRecord>& out) {
    ArrayReader addresses_left(address_array);
    ArrayReader ttls_left(ttl_array);
    std::optional<std::string_view> element;
    while (addresses_left.next(element)) {
        const auto address = element ? read_inet(*element) : std::nullopt;
        std::optional<std::string_view> ttl;
        ttls_left.next(ttl);
        if (address && address->is_ipv4()) {
            AddressRecord record;
            std::memcpy(record.address.bytes.data(), address->data(), address->size());
            record.ttl = read_ttl(ttl);
            out.push_back(record);
        }
    }
}

std::optional<Uuid> read_id(const std::optional<std::string_view>& bytes) {
    Uuid uuid;
    if (!bytes || bytes->size() != uuid.bytes.size()) {
        return std::nullopt;
    }
    std::memcpy(uuid.bytes.data(), bytes->data(), bytes->size());
    return uuid;
}

}  // namespace

SavedRows::SavedRows(const PgRows& rows) : rows_(rows) {
    records_.reserve(static_cast<std::size_t>(rows.size()));
    row_of_.reserve(static_cast<std::size_t>(rows.size()));
    for (int row = 0; row < rows.size(); ++row) {
        add(row);
    }
    // Only now do the addresses stay where they are; until now the records hold just their number.
    const AddressRecord* next = addresses_.data();
    for (Record& record : records_) {
        record.addresses = {next, record.addresses.size()};
        next += record.addresses.size();
    }
}

Page SavedRows::first(unsigned limit) const noexcept {
    Page page{records_, std::nullopt};
    if (rows_.size() > 0 && static_cast<unsigned>(rows_.size()) > limit) {
        const int end = static_cast<int>(limit);
        const auto behind = std::lower_bound(row_of_.begin(), row_of_.end(), end);
        page.records = page.records.first(static_cast<std::size_t>(behind - row_of_.begin()));
        page.next = read_id(rows_.value(end - 1, id));
    }
    return page;
}

void SavedRows::add(int row) {
    const auto uuid = read_id(rows_.value(row, id));
    const auto instant_bytes = rows_.value(row, created_at);
    const auto name = rows_.value(row, domain);
    const auto instant = instant_bytes ? read_instant(*instant_bytes) : std::nullopt;
    if (!uuid || !instant || !name) {
        return;
    }
    Record record;
    record.id = *uuid;
    record.created_at = *instant;
    record.domain = *name;
    if (const auto client = rows_.value(row, client_ip)) {
        record.client = read_inet(*client);
    }
    const auto before = addresses_.size();
    read_addresses(rows_.value(row, addresses).value_or(""), rows_.value(row, ttls).value_or(""),
                   addresses_);
    record.addresses = {addresses_.data(), addresses_.size() - before};
    records_.push_back(record);
    row_of_.push_back(row);
}

}  // namespace dns_tools::history
