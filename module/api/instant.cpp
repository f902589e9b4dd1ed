#include "api/instant.hpp"

#include <cstdint>

namespace dns_tools::api {

namespace {

using namespace std::chrono;

constexpr sys_days first_day = year{0} / January / 1;
constexpr sys_days behind_last_day = year{10000} / January / 1;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes a text apart from its front.
class Scanner {
public:
    explicit Scanner(std::string_view text) : left_(text) {}

    bool at_end() const { return left_.empty(); }

    /// One of these characters.
    std::optional<char> one_of(std::string_view characters) {
        if (left_.empty() || characters.find(left_.front()) == characters.npos) {
            return std::nullopt;
        }
        const char found = left_.front();
        left_.remove_prefix(1);
        return found;
    }

    /// A number of `least` to `most` digits.
    std::optional<std::int64_t> number(std::size_t least, std::size_t most) {
        std::int64_t value = 0;
        std::size_t size = 0;
        while (size < left_.size() && is_digit(left_[size])) {
            if (size == most) {
                return std::nullopt;
            }
            value = 10 * value + (left_[size++] - '0');
        }
        left_.remove_prefix(size);
        return size < least ? std::nullopt : std::optional(value);
    }

    /// Digits behind a point, of any number, rounded up; 0 when there is no point.
    std::optional<microseconds> fraction() {
        if (!one_of(".")) {
            return microseconds(0);
        }
        std::int64_t micros = 0;
        std::size_t size = 0;
        bool more = false;
        for (; size < left_.size() && is_digit(left_[size]); ++size) {
            const int digit = left_[size] - '0';
            if (size < 6) {
                micros = 10 * micros + digit;
            }
            more = more || (size >= 6 && digit != 0);
        }
        left_.remove_prefix(size);
        for (auto digits = size; digits < 6; ++digits) {
            micros *= 10;
        }
        return size == 0 ? std::nullopt : std::optional(microseconds(micros + (more ? 1 : 0)));
    }

private:
    std::string_view left_;
};

std::optional<UnixMicros> parse_unix_time(std::string_view text) {
    constexpr std::size_t most_digits = 12;
    Scanner scanner(text);
    const auto whole = scanner.number(1, most_digits);
    const auto fraction = scanner.fraction();
    if (!whole || !fraction || !scanner.at_end() ||
        sys_seconds(seconds(*whole)) >= behind_last_day) {
        return std::nullopt;
    }
    return sys_seconds(seconds(*whole)) + *fraction;
}

std::optional<sys_days> parse_date(Scanner& scanner) {
    const auto y = scanner.number(4, 4);
    if (!y || !scanner.one_of("-")) {
        return std::nullopt;
    }
    const auto m = scanner.number(2, 2);
    if (!m || !scanner.one_of("-")) {
        return std::nullopt;
    }
    const auto d = scanner.number(2, 2);
    if (!d) {
        return std::nullopt;
    }
    const auto date = year(static_cast<int>(*y)) / month(static_cast<unsigned>(*m)) /
                      day(static_cast<unsigned>(*d));
    return date.ok() ? std::optional(sys_days(date)) : std::nullopt;
}

/// Hours and minutes.
std::optional<minutes> parse_minutes(Scanner& scanner) {
    const auto h = scanner.number(2, 2);
    if (!h || *h > 23 || !scanner.one_of(":")) {
        return std::nullopt;
    }
    const auto m = scanner.number(2, 2);
    if (!m || *m > 59) {
        return std::nullopt;
    }
    return hours(*h) + minutes(*m);
}

std::optional<microseconds> parse_time_of_day(Scanner& scanner) {
    const auto whole = parse_minutes(scanner);
    if (!whole || !scanner.one_of(":")) {
        return std::nullopt;
    }
    const auto s = scanner.number(2, 2);
    const auto fraction = scanner.fraction();
    if (!s || *s > 60 || !fraction) {  // 60 is a leap second
        return std::nullopt;
    }
    return *whole + seconds(*s) + *fraction;
}

/// What local time is ahead of UTC.
std::optional<minutes> parse_offset(Scanner& scanner) {
    if (scanner.one_of("Zz")) {
        return minutes(0);
    }
    const auto sign = scanner.one_of("+- ");
    const auto size = sign ? parse_minutes(scanner) : std::nullopt;
    return size && *sign == '-' ? std::optional(-*size) : size;
}

std::optional<UnixMicros> parse_date_time(std::string_view text) {
    Scanner scanner(text);
    const auto date = parse_date(scanner);
    if (!date || !scanner.one_of("Tt ")) {
        return std::nullopt;
    }
    const auto time = parse_time_of_day(scanner);
    const auto offset = time ? parse_offset(scanner) : std::nullopt;
    if (!offset || !scanner.at_end()) {
        return std::nullopt;
    }
    return *date + *time - *offset;
}

char* put_digits(std::int64_t value, int digits, char* out) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) {
        out[i] = static_cast<char>('0' + value % 10);
    }
    return out + digits;
}

}  // namespace

std::optional<UnixMicros> parse_instant(std::string_view text) noexcept {
    const auto date_time = parse_date_time(text);
    return date_time ? date_time : parse_unix_time(text);
}

char* write_instant(UnixMicros instant, char* out) noexcept {
    if (instant < first_day || instant >= behind_last_day) {
        return out;
    }
    const auto today = floor<days>(instant);
    const year_month_day date(today);
    const hh_mm_ss time(instant - today);
    out = put_digits(int{date.year()}, 4, out);
    *out++ = '-';
    out = put_digits(unsigned{date.month()}, 2, out);
    *out++ = '-';
    out = put_digits(unsigned{date.day()}, 2, out);
    *out++ = 'T';
    out = put_digits(time.hours().count(), 2, out);
    *out++ = ':';
    out = put_digits(time.minutes().count(), 2, out);
    *out++ = ':';
    out = put_digits(time.seconds().count(), 2, out);
    *out++ = '.';
    out = put_digits(time.subseconds().count(), 6, out);
    *out++ = 'Z';
    return out;
}

}  // namespace dns_tools::api
