#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "history/conninfo.hpp"
#include "history/database.hpp"
#include "history/sqlstate.hpp"

namespace dns_tools::history {

/// Reads a connection string as libpq does; none when it is malformed.
std::optional<Parameters> parse_parameters(const std::string& conninfo);

/// What libpq takes from the environment, from the service file (`service`, or PGSERVICE when it is
/// empty) and from its own defaults.
Parameters default_parameters(const std::string& service);

struct PgError {
    ErrorKind kind;
    std::string sqlstate;  ///< empty when it is not the server's word
    std::string text;      ///< one line, which holds no password
};

/// A parameter of a statement, in PostgreSQL's binary format.
struct PgParameter {
    unsigned type;  ///< the type's OID
    std::span<const char> value;
};

struct PgStatement {
    const char* sql;
    std::span<const PgParameter> parameters;  ///< at most PgConnection::max_parameters
};

/// The rows a request gave, in binary format. Good for the call that hands them out.
class PgRows {
public:
    explicit PgRows(const void* result = nullptr, std::size_t changed = 0) noexcept
        : result_(result), changed_(changed) {}

    int size() const noexcept;
    /// None for NULL.
    std::optional<std::string_view> value(int row, int column) const noexcept;
    /// How many rows its statements that give none have inserted, updated or deleted.
    std::size_t changed() const noexcept { return changed_; }

private:
    const void* result_;  // a PGresult
    std::size_t changed_;
};

/// One connection to PostgreSQL on the event loop: libpq, never blocking, in pipeline mode.
class PgConnection {
public:
    static constexpr std::size_t max_parameters = 8;

    /// Who uses the connection. Everything is called from the loop, never from inside a call of
    /// the connection's. Any of these may call close(), but not destroy the connection.
    class Owner {
    public:
        /// Requests can be sent.
        virtual void connected() = 0;
        /// The connection was not made, or was lost with all requests that are not completed. It
        /// is closed.
        virtual void disconnected(const PgError& error) = 0;
        /// The oldest request is done: it is committed, or `error` says why nothing of it is.
        virtual void completed(const PgError* error, const PgRows& rows) = 0;
        /// May not call close().
        virtual void notice(std::string_view text) noexcept = 0;

    protected:
        ~Owner() = default;
    };

    PgConnection(EventLoop& loop, HostLookup& hosts, Owner& owner, std::string conninfo);
    ~PgConnection();

    /// Connects, within `at_most`. To be called when closed.
    void connect(std::chrono::milliseconds at_most);
    /// Drops the connection and all requests, without a further call of the owner's.
    void close() noexcept;

    /// Sends statements that are one request and one transaction. Only when connected.
    void send(std::span<const PgStatement> statements);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::history
