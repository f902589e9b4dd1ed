#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "history/database.hpp"
#include "history/queue.hpp"

namespace dns_tools::history {

/// What the writer tells of its work. Called from the loop. No text holds a password.
class WriterObserver {
public:
    virtual ~WriterObserver() = default;
    virtual void database_up() noexcept = 0;
    /// The connection could not be made or was lost, or the database refuses to write. Called for
    /// every failed attempt; who logs it limits the rate.
    virtual void database_down(std::string_view why) noexcept = 0;
    /// A notice of the server's, without a newline at its end.
    virtual void database_notice(std::string_view text) noexcept = 0;
    /// `rows` records were committed.
    virtual void rows_written(std::size_t rows) noexcept = 0;
    /// The queue has let go of its oldest records: each is written, or was rejected.
    virtual void acknowledged() noexcept = 0;
    /// The database refuses this one record for what it holds; it is not written.
    virtual void row_rejected(const Record& record, std::string_view why) noexcept = 0;

    /// A batch was committed, `took` after it was sent.
    virtual void batch_committed(std::chrono::nanoseconds /*took*/) noexcept {}
};

struct WriterOptions {
    std::string conninfo;  ///< empty: libpq's environment alone
    SchemaMode schema = SchemaMode::create;
    std::size_t batch_rows = 250;
    std::size_t batch_bytes = 256 * 1024;
    std::size_t batches_in_flight = 4;
    /// How long after a batch the next one that is not full may wait for more records. A record
    /// that comes later than that after a batch which is done is sent at once.
    std::chrono::milliseconds linger{5};
    std::chrono::milliseconds connect_deadline{10'000};
    /// For the answer to the oldest batch under way, from when it was sent or the one before it was
    /// answered. The server is told to give up a little earlier by itself.
    std::chrono::milliseconds flight_deadline{30'000};
};

/// Moves the records of a queue into PostgreSQL, each exactly once: in pipelined batches with
/// ON CONFLICT DO NOTHING, acknowledged in the queue when the server has committed them, and sent
/// again on a new connection after any doubt.
class Writer {
public:
    Writer(EventLoop& loop, Random& random, Queue& queue, HostLookup& hosts,
           WriterObserver& observer, WriterOptions options);
    /// Closes the connection; what was not acknowledged stays in the queue.
    ~Writer();

    /// Connects, also when there is nothing to write yet.
    void start();
    /// To be called after each append; sends what is due.
    void appended();

    /// The worker is leaving: from now on a worker that exits waits for the queue to empty, but no
    /// longer than `at_most`; after that, or once empty, the connection closes. Requests that are
    /// under way may still append records: one that comes when the connection is closed has
    /// `at_most` again, if that is any time at all.
    void drain(std::chrono::milliseconds at_most);

    const DatabaseState& state() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::history
