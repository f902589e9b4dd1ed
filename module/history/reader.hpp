#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "history/database.hpp"
#include "history/history_query.hpp"
#include "history/saved_rows.hpp"

namespace dns_tools::history {

enum class ReadFailure {
    unavailable,  ///< the database does not answer, or refuses
    too_slow,     ///< the database is there, but the read did not end within its deadline
};

/// One caller's interest in saved lookups. It may be destroyed at any time, which withdraws it.
class ReadWaiter {
public:
    ReadWaiter() = default;
    ReadWaiter(const ReadWaiter&) = delete;
    ReadWaiter& operator=(const ReadWaiter&) = delete;

    /// The views last for this call. Called once for each read, from the loop; it may destroy the
    /// waiter, or begin its next read.
    virtual void rows(const Page& page) noexcept = 0;
    /// The database gave no answer; `why` is for the log and holds no password.
    virtual void failed(ReadFailure failure, std::string_view why) noexcept = 0;

protected:
    virtual ~ReadWaiter() = default;

private:
    friend class Reader;

    /// A place in one of the reader's rings of waiters; alone when it waits for nothing.
    struct Hook {
        Hook* previous = this;
        Hook* next = this;
        ReadWaiter* waiter = nullptr;

        Hook() = default;
        Hook(const Hook&) = delete;
        Hook& operator=(const Hook&) = delete;
        ~Hook() { leave(); }

        void leave() noexcept;
        void join_before(Hook& other) noexcept;
    };

    Hook hook_;
    HistoryQuery query_;
    std::chrono::steady_clock::time_point since_;
};

struct ReaderOptions {
    std::string conninfo;  ///< empty: libpq's environment alone
    std::chrono::milliseconds connect_deadline{5'000};
    /// For one read. The server is told to give up a little earlier by itself.
    std::chrono::milliseconds read_deadline{5'000};
};

/// Reads saved lookups on a connection of its own, made when first needed; one read at a time, in
/// the order they are asked for. Those that ask for nothing but the latest lookups while a read is
/// under way are answered together by the next one.
class Reader {
public:
    Reader(EventLoop& loop, HostLookup& hosts, ReaderOptions options);
    ~Reader();

    /// Calls the waiter later. One whose turn has not come within the deadline of a read gets none,
    /// so it waits for two deadlines at most, and for a connection.
    void read(const HistoryQuery& query, ReadWaiter& waiter);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::history
