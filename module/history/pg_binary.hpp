#pragma once

#include <cstdint>
#include <cstring>

#include "base/ip_address.hpp"

/// PostgreSQL's binary formats, as its receive and send functions of each type have them.
namespace dns_tools::history::pg {

// Types, from pg_type.dat.
inline constexpr unsigned int4_oid = 23;
inline constexpr unsigned int8_oid = 20;
inline constexpr unsigned text_oid = 25;
inline constexpr unsigned inet_oid = 869;
inline constexpr unsigned timestamptz_oid = 1184;
inline constexpr unsigned uuid_oid = 2950;
inline constexpr unsigned text_array_oid = 1009;
inline constexpr unsigned inet_array_oid = 1041;
inline constexpr unsigned timestamptz_array_oid = 1185;
inline constexpr unsigned uuid_array_oid = 2951;

/// Microseconds from the UNIX epoch to PostgreSQL's, 2000-01-01 00:00 UTC.
inline constexpr std::int64_t epoch = 946'684'800'000'000;

// inet: family, bits of the netmask, whether it is a cidr, size of the address, the address.
inline constexpr std::size_t inet_header = 4;
inline constexpr char inet_ipv4 = 2;
inline constexpr char inet_ipv6 = 3;

// Array: dimensions, whether it has nulls, type of the elements, then for each dimension its size
// and its lower bound, then each element behind its size.
inline constexpr std::size_t array_header = 12;
inline constexpr std::size_t array_dimension = 8;
inline constexpr std::int32_t null_size = -1;

/// Numbers travel big-endian.
template <typename Integer>
char* put(char* out, Integer value) noexcept {
    for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8) {
        *out++ = static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
    }
    return out;
}

template <typename Integer>
Integer get(const char* from) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
        value = value << 8 | static_cast<unsigned char>(from[i]);
    }
    return static_cast<Integer>(value);
}

/// The most bytes that put_inet() writes.
inline constexpr std::size_t inet_bound = inet_header + 16;

/// A network, or with all of its bits an address.
inline char* put_inet(char* out, const IpAddress& address, unsigned prefix) noexcept {
    *out++ = address.is_ipv4() ? inet_ipv4 : inet_ipv6;
    *out++ = static_cast<char>(prefix);
    *out++ = 0;
    *out++ = static_cast<char>(address.size());
    std::memcpy(out, address.data(), address.size());
    return out + address.size();
}

}  // namespace dns_tools::history::pg
