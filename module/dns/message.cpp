#include "dns/message.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

namespace dns_tools::dns {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t edns_payload = 1232;  // avoids fragments everywhere (DNS Flag Day 2020)
constexpr std::size_t max_cnames = 16;

constexpr std::uint8_t flag_qr = 0x80;      // of the third byte
constexpr std::uint8_t opcode_mask = 0x78;  // of the third byte
constexpr std::uint8_t flag_aa = 0x04;      // of the third byte
constexpr std::uint8_t flag_tc = 0x02;      // of the third byte
constexpr std::uint8_t flag_rd = 0x01;      // of the third byte

constexpr unsigned rcode_noerror = 0;
constexpr unsigned rcode_formerr = 1;
constexpr unsigned rcode_nxdomain = 3;

std::uint8_t* put16(std::uint8_t* out, unsigned value) {
    *out++ = static_cast<std::uint8_t>(value >> 8);
    *out++ = static_cast<std::uint8_t>(value);
    return out;
}

std::uint16_t get16(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t get32(Bytes bytes, std::size_t at) {
    return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}

constexpr std::uint8_t lower(std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/// A domain name as it travels, without compression and in lower case.
struct WireName {
    static constexpr std::size_t max_size = 255;

    std::array<std::uint8_t, max_size> bytes;
    std::size_t size = 0;

    /// False when the name would grow too long (RFC 1035 §3.1).
    bool append(Bytes label) {
        if (size + label.size() > max_size) {
            return false;
        }
        // Lower-casing leaves the length byte alone: it is at most 63, below 'A'.
        std::transform(label.begin(), label.end(), bytes.begin() + size, lower);
        size += label.size();
        return true;
    }
    friend bool operator==(const WireName& a, const WireName& b) {
        return std::equal(a.bytes.begin(), a.bytes.begin() + a.size, b.bytes.begin(),
                          b.bytes.begin() + b.size);
    }
};

/// Reads the name at `at`; returns where the bytes after it begin, 0 for no name at all. Pointers
/// lead backwards only, each beyond the one before it, so that reading ends (RFC 1035 §4.1.4).
std::size_t read_name(Bytes message, std::size_t at, WireName& name) {
    name.size = 0;
    std::size_t after = 0;
    std::size_t lowest = at;
    while (at < message.size()) {
        const std::size_t length = message[at];
        if (length >= 0xc0) {
            if (at + 2 > message.size()) {
                return 0;
            }
            const std::size_t target = get16(message, at) & 0x3fff;
            after = after != 0 ? after : at + 2;
            if (target >= lowest || target < header_size) {
                return 0;
            }
            at = lowest = target;
            continue;
        }
        if (length > 63 || at + 1 + length > message.size() ||
            !name.append(message.subspan(at, 1 + length))) {
            return 0;
        }
        at += 1 + length;
        if (length == 0) {
            return after != 0 ? after : at;
        }
    }
    return 0;
}

/// Bytes that no host name has are escaped (RFC 1035 §5.1), a dot within a label among them.
std::string to_text(const WireName& name) {
    if (name.size <= 1) {
        return ".";
    }
    std::string text;
    for (std::size_t at = 0; name.bytes[at] != 0;) {
        const std::size_t end = at + 1 + name.bytes[at];
        if (at != 0) {
            text += '.';
        }
        for (++at; at < end; ++at) {
            const unsigned byte = name.bytes[at];
            if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
                byte == '_') {
                text += static_cast<char>(byte);
            } else {
                text +=
                    {'\\', static_cast<char>('0' + byte / 100),
                     static_cast<char>('0' + byte / 10 % 10), static_cast<char>('0' + byte % 10)};
            }
        }
    }
    return text;
}

struct Record {
    WireName owner;
    RecordType type;
    std::uint16_t record_class;
    std::uint32_t ttl;
    std::size_t data;  // where the record's own bytes begin
    std::size_t size;  // and how many there are
};

/// Reads the resource record at `at`; returns where the next begins, 0 for a broken one.
std::size_t read_record(Bytes message, std::size_t at, Record& record) {
    constexpr std::size_t fixed_size = 10;
    at = read_name(message, at, record.owner);
    if (at == 0 || at + fixed_size > message.size()) {
        return 0;
    }
    record.type = static_cast<RecordType>(get16(message, at));
    record.record_class = get16(message, at + 2);
    record.ttl = get32(message, at + 4);
    record.size = get16(message, at + 8);
    record.data = at + fixed_size;
    return record.data + record.size > message.size() ? 0 : record.data + record.size;
}

/// A TTL with its top bit set counts as 0 (RFC 2181 §8).
std::uint32_t effective_ttl(const Record& record) {
    return record.ttl > 0x7fffffff ? 0 : record.ttl;
}

std::string rcode_text(unsigned rcode) {
    static constexpr std::string_view names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                 "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                 "NXRRSET", "NOTAUTH", "NOTZONE"};
    return rcode < std::size(names) ? std::string(names[rcode]) : "rcode " + std::to_string(rcode);
}

/// Keeps the first of equal addresses.
void drop_repetitions(std::vector<AddressRecord>& records) {
    const auto key = [](const AddressRecord& record) { return get32(record.address.bytes, 0); };
    constexpr std::size_t few = 32;  // comparing all pairs is cheaper than a set up to here
    std::unordered_set<std::uint32_t> seen;
    std::size_t kept = 0;
    for (const auto& record : records) {
        const bool repeated =
            records.size() <= few
                ? std::any_of(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(kept),
                              [&](const auto& r) { return r.address == record.address; })
                : !seen.insert(key(record)).second;
        if (!repeated) {
            records[kept++] = record;
        }
    }
    records.resize(kept);
}

/// Reads the sections of a response to the query's question.
class AnswerReader {
public:
    AnswerReader(Bytes message, const QueryMessage& query, Answer& answer)
        : message_(message),
          first_record_(header_size + query.question().size()),
          answer_(answer) {}

    Reading read() {
        answer_.addresses.clear();
        answer_.cnames.clear();
        answer_.detail.clear();
        unsigned rcode = message_[3] & 0x0f;
        if (!walk_sections(rcode)) {
            return fail("a malformed answer");
        }
        if (rcode == rcode_formerr) {
            fail(rcode_text(rcode));
            return Reading::format_error;
        }
        if (rcode != rcode_noerror && rcode != rcode_nxdomain) {
            return fail(rcode_text(rcode));
        }
        if (!follow_chain()) {
            return Reading::failed;
        }
        if (rcode == rcode_nxdomain) {
            answer_.addresses.clear();
            answer_.result = Result::nxdomain;
            return Reading::answered;
        }
        if (answer_.addresses.empty() && is_referral()) {
            return fail("a referral");
        }
        drop_repetitions(answer_.addresses);
        answer_.result = answer_.addresses.empty() ? Result::no_addresses : Result::ok;
        return Reading::answered;
    }

private:
    Reading fail(std::string why) {
        answer_.addresses.clear();
        answer_.cnames.clear();
        answer_.detail = std::move(why);
        return Reading::failed;
    }

    /// Checks that every announced record is there, and adds the upper bits of the rcode, which
    /// travel in the OPT record (RFC 6891 §6.1.3). Notes what is in the authority section.
    bool walk_sections(unsigned& rcode) {
        const std::size_t records =
            std::size_t{answers()} + get16(message_, 8) + get16(message_, 10);
        const std::size_t additional = std::size_t{answers()} + get16(message_, 8);
        std::size_t at = first_record_;
        Record record;
        for (std::size_t i = 0; i < records; ++i) {
            at = read_record(message_, at, record);
            if (at == 0) {
                return false;
            }
            if (i >= additional && record.type == RecordType::opt) {
                rcode |= (record.ttl >> 24) << 4;
            }
            if (i >= answers() && i < additional) {
                names_servers_ = names_servers_ || record.type == RecordType::ns;
                has_soa_ = has_soa_ || record.type == RecordType::soa;
            }
        }
        return true;
    }

    /// Whether an answer without addresses says only who knows them: it names servers, and has no
    /// SOA that would speak of the lack (RFC 2308 §2.2). AA is about the name that was asked for,
    /// and no word about what that is an alias of.
    bool is_referral() const {
        const bool authoritative = (message_[2] & flag_aa) != 0 && answer_.cnames.empty();
        return !authoritative && names_servers_ && !has_soa_;
    }

    /// Collects the addresses of the name at the end of the chain of CNAMEs.
    bool follow_chain() {
        WireName name;
        read_name(message_, header_size, name);
        const std::string asked = to_text(name);
        std::uint32_t ttl = 0x7fffffff;
        for (;;) {
            WireName target;
            switch (collect(name, target, ttl)) {
                case Step::addresses:
                    return true;
                case Step::broken:
                    fail("a malformed answer");
                    return false;
                case Step::alias:
                    break;
            }
            auto text = to_text(target);
            const auto& seen = answer_.cnames;
            if (text == asked || std::find(seen.begin(), seen.end(), text) != seen.end()) {
                fail("a CNAME loop");
                return false;
            }
            if (seen.size() == max_cnames) {
                fail("a CNAME chain without an end");
                return false;
            }
            answer_.cnames.push_back(std::move(text));
            name = target;
        }
    }

    enum class Step { addresses, alias, broken };

    /// Looks for what the answer section says about `name`: addresses, or its canonical name.
    /// `ttl` is the least so far.
    Step collect(const WireName& name, WireName& target, std::uint32_t& ttl) {
        answer_.addresses.clear();
        std::size_t at = first_record_;
        Record record;
        for (unsigned i = 0; i < answers(); ++i) {
            at = read_record(message_, at, record);
            if (record.record_class != class_in || record.owner != name) {
                continue;
            }
            if (record.type == RecordType::cname) {
                if (read_name(message_, record.data, target) != record.data + record.size) {
                    return Step::broken;
                }
                ttl = std::min(ttl, effective_ttl(record));
                return Step::alias;
            }
            if (record.type == RecordType::a) {
                if (record.size != 4) {
                    return Step::broken;
                }
                AddressRecord found;
                std::copy_n(message_.begin() + static_cast<std::ptrdiff_t>(record.data), 4,
                            found.address.bytes.begin());
                found.ttl = std::min(ttl, effective_ttl(record));
                answer_.addresses.push_back(found);
            }
        }
        return Step::addresses;
    }

    unsigned answers() const { return get16(message_, 6); }

    Bytes message_;
    std::size_t first_record_;
    Answer& answer_;
    bool names_servers_ = false;
    bool has_soa_ = false;
};

bool is_response(Bytes message) {
    return message.size() >= header_size && (message[2] & flag_qr) != 0 &&
           (message[2] & opcode_mask) == 0;
}

bool repeats_question(Bytes message, const QueryMessage& query) {
    const auto asked = query.question();
    return get16(message, 4) == 1 && message.size() >= header_size + asked.size() &&
           std::equal(asked.begin(), asked.end(), message.begin() + header_size,
                      [](std::uint8_t a, std::uint8_t b) { return lower(a) == lower(b); });
}

/// A server that could not read the query cannot repeat its question.
bool is_bare_format_error(Bytes message) {
    return message.size() == header_size && (message[3] & 0x0f) == rcode_formerr &&
           std::all_of(message.begin() + 4, message.end(), [](auto byte) { return byte == 0; });
}

}  // namespace

void QueryMessage::build(std::string_view name, RecordType type, bool edns) noexcept {
    std::uint8_t* out = bytes_.data();
    out = put16(out, 0);
    *out++ = flag_rd;
    *out++ = 0;
    out = put16(out, 1);
    out = put16(out, 0);
    out = put16(out, 0);
    out = put16(out, edns ? 1 : 0);

    while (!name.empty()) {
        const auto size = std::min(name.find('.'), name.size());
        *out++ = static_cast<std::uint8_t>(size);
        out = std::copy_n(name.begin(), size, out);
        name.remove_prefix(std::min(size + 1, name.size()));
    }
    *out++ = 0;
    out = put16(out, static_cast<unsigned>(type));
    out = put16(out, class_in);
    question_end_ = static_cast<std::size_t>(out - bytes_.data());

    if (edns) {
        *out++ = 0;  // the root is the owner of every OPT record
        out = put16(out, static_cast<unsigned>(RecordType::opt));
        out = put16(out, edns_payload);
        out = std::fill_n(out, 4 + 2, std::uint8_t{0});  // version 0, no flags, no options
    }
    size_ = static_cast<std::size_t>(out - bytes_.data());
}

void QueryMessage::set_id(std::uint16_t id) noexcept {
    put16(bytes_.data(), id);
}

Reading read_answer(Bytes message, const QueryMessage& query, Answer& answer) {
    if (!is_answer(message, query)) {
        return Reading::not_an_answer;
    }
    if (is_bare_format_error(message)) {
        answer.detail = rcode_text(rcode_formerr);
        return Reading::format_error;
    }
    if ((message[2] & flag_tc) != 0) {
        return Reading::truncated;
    }
    return AnswerReader(message, query, answer).read();
}

bool is_answer(Bytes message, const QueryMessage& query) noexcept {
    return is_response(message) &&
           (repeats_question(message, query) || is_bare_format_error(message));
}

}  // namespace dns_tools::dns
