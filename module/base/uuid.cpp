#include "base/uuid.hpp"

#include <algorithm>
#include <cstring>

namespace dns_tools {

namespace {

constexpr std::uint64_t nanos_a_milli = 1'000'000;
constexpr std::uint64_t micros_a_milli = 1'000;
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

/// RFC 9562 §5.7. `step` is in 1/4096 of a millisecond since the epoch.
Uuid lay_out(std::uint64_t step, std::uint64_t tail) {
    Uuid uuid;
    auto& bytes = uuid.bytes;
    put_big_endian(&bytes[0], step / steps_a_milli, 6);
    put_big_endian(&bytes[6], 0x7000 | step % steps_a_milli, 2);
    put_big_endian(&bytes[8], tail, 8);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    return uuid;
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

Uuid first_id_at(UnixMicros instant) noexcept {
    const auto micros =
        static_cast<std::uint64_t>(std::max<std::int64_t>(instant.time_since_epoch().count(), 0));
    // Rounded up: an identifier's instant is rounded down.
    const auto fraction =
        (micros % micros_a_milli * steps_a_milli + micros_a_milli - 1) / micros_a_milli;
    return lay_out(micros / micros_a_milli * steps_a_milli + fraction, 0);
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

    Stamp stamp;
    stamp.id = lay_out(last_, random_.next64());
    stamp.created_at =
        UnixMicros(std::chrono::milliseconds(millis) +
                   std::chrono::microseconds(fraction * micros_a_milli / steps_a_milli));
    return stamp;
}

}  // namespace dns_tools
