#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dns/message.hpp"
#include "dns/udp_pool.hpp"

namespace dns_tools::dns {

class StreamCall;

/// Why a query got no answer although its time was not up.
enum class Trouble {
    refused,  ///< nobody listens at the upstream, or there is no way to it
    unsent,   ///< this machine could not send it, or a connection broke
};

/// A query on its way to an upstream: what is sent, and who is told of what comes back.
///
/// Both calls come from inside c-ares, at most one of them, and only take note.
class Flight {
public:
    virtual ~Flight() = default;

    QueryMessage message;

    /// A message with the right id has come; false when it is no answer to this query, which then
    /// keeps waiting.
    virtual bool arrived(std::span<const std::uint8_t> answer) noexcept = 0;
    virtual void broke(Trouble trouble, std::string_view why) noexcept = 0;

private:
    friend class Datagrams;
    friend class Streams;
    friend class StreamCall;

    UdpPool::Socket* socket_ = nullptr;  // where an answer counts; null while none is expected
    std::uint16_t id_ = 0;               // as on the wire; over TCP c-ares 1.28 has its own
    Flight* next_ = nullptr;             // in the same bucket of ids
    StreamCall* call_ = nullptr;         // what c-ares holds of a query over TCP
};

}  // namespace dns_tools::dns
