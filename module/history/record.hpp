#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/ip_address.hpp"
#include "base/uuid.hpp"

namespace dns_tools::history {

/// One answered lookup, as it is kept. A view: whoever hands it out says how long the text and the
/// addresses live.
struct Record {
    Uuid id;
    UnixMicros created_at;
    std::optional<IpAddress> client;  ///< none over a UNIX socket
    std::string_view domain;          ///< canonical form
    std::span<const AddressRecord> addresses;
};

/// The longest domain an encoded record holds, in bytes (a name has 253 at most).
constexpr std::size_t max_domain_size = 65'535;

/// Size of the encoded record in bytes, a multiple of 8.
std::size_t encoded_size(const Record& record) noexcept;

/// Writes `encoded_size(record)` bytes at `out`, which is aligned to 8. The domain is no longer
/// than `max_domain_size`.
void encode(const Record& record, std::byte* out) noexcept;

/// Reads back the encoded record that `bytes`, which is aligned to 8, begins with; the result
/// points into it. None when there is no whole record.
std::optional<Record> decode(std::span<const std::byte> bytes) noexcept;

}  // namespace dns_tools::history
