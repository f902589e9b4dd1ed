#pragma once

#include <cstdint>
#include <memory>

#include "postgres.hpp"

namespace dns_tools::test {

/// Speaks TLS on a loopback port, as a pooler or a load balancer before PostgreSQL does, to one
/// client at a time. It hands on what the server says up to the end of a request at once, in TLS
/// records of which the last are as large as they may be.
class TlsProxy {
public:
    explicit TlsProxy(const Postgres& postgres);
    ~TlsProxy();

    std::uint16_t port() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::test
