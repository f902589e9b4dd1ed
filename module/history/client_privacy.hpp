#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/ip_address.hpp"

namespace dns_tools::history {

/// How much of a client's address is kept. Not to be shared between threads.
class ClientPrivacy {
public:
    enum class Mode {
        full,      ///< all of it
        truncate,  ///< its network: /24 of an IPv4 address, /48 of an IPv6 address
        hash,      ///< a pseudonym that only who has the key can tell anything of
        off,       ///< nothing
    };

    /// The shortest key in bytes.
    static constexpr std::size_t min_key = 16;

    /// `key` is for Mode::hash alone. Throws std::runtime_error when the library fails.
    explicit ClientPrivacy(Mode mode, std::string_view key = {});
    ~ClientPrivacy();

    /// What is to be kept of `client`. An IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2)
    /// counts as the IPv4 address it is. A pseudonym is the first 120 bits of the address's
    /// HMAC-SHA-256 (RFC 2104) behind the prefix fd00::/8, which no public address has (RFC 4193).
    std::optional<IpAddress> apply(const IpAddress& client) const;

private:
    class Hash;

    Mode mode_;
    std::unique_ptr<Hash> hash_;
};

}  // namespace dns_tools::history
