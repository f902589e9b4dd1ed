#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace dns_tools {

struct Uuid {
    static constexpr std::size_t text_size = 36;

    std::array<std::uint8_t, 16> bytes{};

    // clang-tidy 14 takes a 0 in what the compiler makes of this for a null pointer.
    // NOLINTNEXTLINE(modernize-use-nullptr)
    friend auto operator<=>(const Uuid&, const Uuid&) = default;

    /// Writes the 36 lower-case characters of RFC 9562 §4 at `out`; returns their end.
    char* write(char* out) const noexcept;
    std::string text() const;
    /// Reads the 36-character form, in either case.
    static std::optional<Uuid> parse(std::string_view text) noexcept;
};

/// Microseconds since the UNIX epoch.
using UnixMicros = std::chrono::sys_time<std::chrono::microseconds>;

/// The least identifier of UuidV7Generator's whose `created_at` is not before `instant`; all
/// earlier ones compare less. Instants that the format cannot express become the nearest it can.
Uuid first_uuid_at(UnixMicros instant) noexcept;

/// An identifier and the instant it was made at; both come from one reading of the clock.
struct Stamp {
    Uuid id;
    UnixMicros created_at;
};

/// Makes UUIDv7 identifiers with sub-millisecond precision in rand_a (RFC 9562 §6.2, method 3).
/// One generator's identifiers strictly increase, also while the clock stands still or goes back;
/// `created_at` is the instant the identifier carries, in whole microseconds.
class UuidV7Generator {
public:
    explicit UuidV7Generator(Random& random) noexcept : random_(random) {}

    Stamp next(std::chrono::sys_time<std::chrono::nanoseconds> now);

private:
    Random& random_;
    std::uint64_t last_ = 0;  // in 1/4096 of a millisecond since the epoch
};

}  // namespace dns_tools
