#include "base/uuid.hpp"

#include <algorithm>
#include <cstring>

namespace dns_tools {

namespace {

constexpr std::uint64_t nanos_a_milli = 1'000'000;
constexpr std::uint64_t steps_a_milli = 4096;

constexpr bool is_dash(std::size_t position) {
    return position == 8 || position == 13 || position == 18 || position == 23;
}

constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void put_big_endian(std::uint8_t* out, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
        *out++ = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

/// The fields that say when: unix_ts_ms, ver and rand_a, and var (RFC 9562 §5.7). The rest is 0.
Uuid at_step(std::uint64_t step) {
    Uuid id;
    put_big_endian(&id.bytes[0], step / steps_a_milli, 6);
    put_big_endian(&id.bytes[6], 0x7000 | step % steps_a_milli, 2);
    id.bytes[8] = 0x80;
    return id;
}

}  // namespace

char* Uuid::write(char* out) const noexcept {
    static constexpr char digits[] = "0123456789abcdef";
    for (const auto& byte : bytes) {
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
        const auto written = &byte - bytes.data() + 1;
        if (written == 4 || written == 6 || written == 8 || written == 10) {
            *out++ = '-';
        }
    }
    return out;
}

std::string Uuid::text() const {
    std::string text(text_size, '\0');
    write(text.data());
    return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
    if (text.size() != text_size) {
        return std::nullopt;
    }
    Uuid uuid;
    auto byte = uuid.bytes.begin();
    for (std::size_t i = 0; i < text.size();) {
        if (is_dash(i)) {
            if (text[i++] != '-') {
                return std::nullopt;
            }
            continue;
        }
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        *byte++ = static_cast<std::uint8_t>(high << 4 | low);
        i += 2;
    }
    return uuid;
}

Uuid first_uuid_at(UnixMicros instant) noexcept {
    constexpr std::int64_t micros_a_milli = 1000;
    constexpr std::int64_t last_milli = (std::int64_t{1} << 48) - 1;
    const auto micros = std::clamp<std::int64_t>(instant.time_since_epoch().count(), 0,
                                                 last_milli * micros_a_milli);
    // Rounded up: a step belongs to the microsecond it begins in.
    const auto fraction = (micros % micros_a_milli * std::int64_t{steps_a_milli} + 999) / 1000;
    return at_step(static_cast<std::uint64_t>(micros / micros_a_milli) * steps_a_milli +
                   static_cast<std::uint64_t>(fraction));
}

Stamp UuidV7Generator::next(std::chrono::sys_time<std::chrono::nanoseconds> now) {
    // A clock that was never set may stand before 1970, which the format cannot express.
    const auto nanos =
        static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
    const auto step = nanos / nanos_a_milli * steps_a_milli +
                      nanos % nanos_a_milli * steps_a_milli / nanos_a_milli;
    last_ = std::max(step, last_ + 1);

    const auto millis = last_ / steps_a_milli;
    const auto fraction = last_ % steps_a_milli;

    Stamp stamp{at_step(last_), {}};
    auto& bytes = stamp.id.bytes;
    put_big_endian(&bytes[8], random_.next64(), 8);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);

    stamp.created_at = UnixMicros(std::chrono::milliseconds(millis) +
                                  std::chrono::microseconds(fraction * 1000 / steps_a_milli));
    return stamp;
}

}  // namespace dns_tools
