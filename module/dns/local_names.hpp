#pragma once

#include "dns/answer.hpp"
#include "dns/name.hpp"

namespace dns_tools::dns {

/// Answers special-use names, for which no packet may be sent: `localhost` (RFC 6761 §6.3),
/// `invalid` (RFC 6761 §6.4), `local` (RFC 6762 §3), `onion` (RFC 7686 §2) and all names below.
class LocalNames {
public:
    LocalNames();

    /// Null for a name that has to be asked for. The answer lives as long as this object.
    const Answer* find(const Name& name) const noexcept;

private:
    Answer localhost_;
    Answer nxdomain_;
};

}  // namespace dns_tools::dns
