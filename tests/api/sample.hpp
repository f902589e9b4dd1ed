#pragma once

#include <vector>

#include "history/record.hpp"

namespace dns_tools::api::test {

/// A record that owns nothing: `domain` and `addresses` must outlive it.
inline history::Record sample(std::string_view domain,
                              const std::vector<AddressRecord>& addresses) {
    return {*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057"),
            UnixMicros(std::chrono::microseconds(1663534325'999'999)),
            IpAddress(Ipv4Address{{192, 0, 2, 7}}), domain, addresses};
}

}  // namespace dns_tools::api::test
