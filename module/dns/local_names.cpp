#include "dns/local_names.hpp"

namespace dns_tools::dns {

namespace {

// The address never changes; a week is what BIND's stock zone for localhost says.
constexpr std::uint32_t localhost_ttl = 604800;

}  // namespace

LocalNames::LocalNames() {
    localhost_.result = Result::ok;
    localhost_.addresses.push_back({Ipv4Address{{127, 0, 0, 1}}, localhost_ttl});
    nxdomain_.result = Result::nxdomain;
}

const Answer* LocalNames::find(const Name& name) const noexcept {
    if (name.is_at_or_below("localhost")) {
        return &localhost_;
    }
    if (name.is_at_or_below("invalid") || name.is_at_or_below("local") ||
        name.is_at_or_below("onion")) {
        return &nxdomain_;
    }
    return nullptr;
}

}  // namespace dns_tools::dns
