#include "dns/answer.hpp"

namespace dns_tools::dns {

std::string_view word(Result result) noexcept {
    switch (result) {
        case Result::ok:
            return "ok";
        case Result::nxdomain:
            return "nxdomain";
        case Result::no_addresses:
            return "no_addresses";
        case Result::upstream_failure:
            return "upstream_failure";
        case Result::upstream_timeout:
            return "upstream_timeout";
        case Result::overloaded:
            return "overloaded";
    }
    return {};
}

std::string_view word(Source source) noexcept {
    switch (source) {
        case Source::upstream:
            return "upstream";
        case Source::coalesced:
            return "coalesced";
        case Source::local:
            return "local";
    }
    return {};
}

}  // namespace dns_tools::dns
