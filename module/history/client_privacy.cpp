#include "history/client_privacy.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>

namespace dns_tools::history {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const IpAddress& address) {
    return !address.is_ipv4() &&
           std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.data());
}

/// The address's own bytes, 4 for an IPv4 address in either form.
Bytes significant(const IpAddress& address) {
    const Bytes all(address.data(), address.size());
    return is_mapped(address) ? all.subspan(mapped_prefix.size()) : all;
}

IpAddress address_of(Bytes bytes) {
    if (bytes.size() == 4) {
        return IpAddress(Ipv4Address{{bytes[0], bytes[1], bytes[2], bytes[3]}});
    }
    std::array<std::uint8_t, 16> ipv6{};
    std::copy(bytes.begin(), bytes.end(), ipv6.begin());
    return IpAddress(ipv6);
}

IpAddress truncated(const IpAddress& client) {
    const Bytes bytes = significant(client);
    const std::size_t kept = bytes.size() == 4 ? 24 / 8 : 48 / 8;
    std::array<std::uint8_t, 16> network{};
    std::copy_n(bytes.begin(), kept, network.begin());
    return address_of({network.data(), bytes.size()});
}

}  // namespace

class ClientPrivacy::Hash {
public:
    explicit Hash(std::string_view key) {
        const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(
            EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
        context_.reset(hmac != nullptr ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
        char digest[] = "SHA256";
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_end()};
        if (context_ == nullptr ||
            EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                         key.size(), parameters) != 1) {
            throw std::runtime_error("OpenSSL has no HMAC-SHA-256");
        }
    }

    IpAddress pseudonym(Bytes bytes) {
        std::array<std::uint8_t, 32> digest;
        std::size_t size = 0;
        // Without a key, init begins anew with the key there is.
        if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||
            EVP_MAC_update(context_.get(), bytes.data(), bytes.size()) != 1 ||
            EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()) != 1) {
            throw std::runtime_error("OpenSSL failed to hash an address");
        }
        std::array<std::uint8_t, 16> address{0xfd};
        std::copy_n(digest.begin(), address.size() - 1, address.begin() + 1);
        return IpAddress(address);
    }

private:
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_{nullptr, &EVP_MAC_CTX_free};
};

ClientPrivacy::ClientPrivacy(Mode mode, std::string_view key)
    : mode_(mode), hash_(mode == Mode::hash ? std::make_unique<Hash>(key) : nullptr) {}

ClientPrivacy::~ClientPrivacy() = default;

std::optional<IpAddress> ClientPrivacy::apply(const IpAddress& client) const {
    switch (mode_) {
        case Mode::full:
            return client;
        case Mode::truncate:
            return truncated(client);
        case Mode::hash:
            return hash_->pseudonym(significant(client));
        case Mode::off:
            break;
    }
    return std::nullopt;
}

}  // namespace dns_tools::history
