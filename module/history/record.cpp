#include "history/record.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace dns_tools::history {

namespace {

/// What stands before the addresses and the domain, in the machine's own byte order: an encoded
/// record never leaves the machine.
struct Header {
    std::uint32_t address_count;
    std::uint16_t domain_size;
    std::uint8_t client_size;  // in bytes: 0 (none), 4 or 16
    std::uint8_t reserved;     // 0
    std::array<std::uint8_t, 16> id;
    std::int64_t created_at;  // microseconds since the UNIX epoch
    std::array<std::uint8_t, 16> client;
};

constexpr std::size_t alignment = 8;
static_assert(sizeof(Header) == 48 && sizeof(Header) % alignment == 0);
static_assert(std::has_unique_object_representations_v<Header>);

// The addresses are used in place, so their layout is part of the encoding.
static_assert(sizeof(AddressRecord) == 8 && alignof(AddressRecord) <= alignment);
static_assert(std::is_trivially_copyable_v<AddressRecord>);

constexpr std::size_t padded(std::size_t size) {
    return (size + alignment - 1) / alignment * alignment;
}

constexpr std::size_t total_size(std::size_t address_count, std::size_t domain_size) {
    return sizeof(Header) + padded(address_count * sizeof(AddressRecord) + domain_size);
}

std::optional<IpAddress> client_of(const Header& header) noexcept {
    switch (header.client_size) {
        case 4:
            return IpAddress(Ipv4Address{
                {header.client[0], header.client[1], header.client[2], header.client[3]}});
        case 16:
            return IpAddress(header.client);
        default:
            return std::nullopt;
    }
}

}  // namespace

std::size_t encoded_size(const Record& record) noexcept {
    return total_size(record.addresses.size(), record.domain.size());
}

void encode(const Record& record, std::byte* out) noexcept {
    Header header{};
    header.address_count = static_cast<std::uint32_t>(record.addresses.size());
    header.domain_size = static_cast<std::uint16_t>(record.domain.size());
    header.id = record.id.bytes;
    header.created_at = record.created_at.time_since_epoch().count();
    if (record.client) {
        header.client_size = static_cast<std::uint8_t>(record.client->size());
        std::memcpy(header.client.data(), record.client->data(), record.client->size());
    }

    std::byte* const end = out + encoded_size(record);
    const auto put = [&out](const void* from, std::size_t size) {
        if (size != 0) {
            std::memcpy(out, from, size);
        }
        out += size;
    };
    put(&header, sizeof header);
    put(record.addresses.data(), record.addresses.size_bytes());
    put(record.domain.data(), record.domain.size());
    std::memset(out, 0, static_cast<std::size_t>(end - out));
}

std::optional<Record> decode(std::span<const std::byte> bytes) noexcept {
    Header header;
    if (bytes.size() < sizeof header) {
        return std::nullopt;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    const bool known_client =
        header.client_size == 0 || header.client_size == 4 || header.client_size == 16;
    if (!known_client || header.reserved != 0 ||
        total_size(header.address_count, header.domain_size) > bytes.size()) {
        return std::nullopt;
    }

    const std::byte* const body = bytes.data() + sizeof header;
    Record record;
    record.id.bytes = header.id;
    record.created_at = UnixMicros(std::chrono::microseconds(header.created_at));
    record.client = client_of(header);
    record.addresses = {reinterpret_cast<const AddressRecord*>(body), header.address_count};
    record.domain = {reinterpret_cast<const char*>(body + record.addresses.size_bytes()),
                     header.domain_size};
    return record;
}

}  // namespace dns_tools::history
