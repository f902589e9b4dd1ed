#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "history/database.hpp"
#include "history/record.hpp"

namespace dns_tools::history {

/// One caller's interest in saved lookups. It may be destroyed at any time, which withdraws it.
class ReadWaiter {
public:
    ReadWaiter() = default;
    ReadWaiter(const ReadWaiter&) = delete;
    ReadWaiter& operator=(const ReadWaiter&) = delete;

    /// Newest first; the views last for this call. Called once, from the loop; it may destroy the
    /// waiter.
    virtual void rows(std::span<const Record> newest_first) noexcept = 0;
    /// The database gave no answer; `why` is for the log and holds no password.
    virtual void failed(std::string_view why) noexcept = 0;

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
    unsigned limit_ = 0;
};

struct ReaderOptions {
    std::string conninfo;  ///< empty: libpq's environment alone
    std::chrono::milliseconds connect_deadline{5'000};
    std::chrono::milliseconds read_deadline{5'000};
};

/// Reads saved lookups on a connection of its own, made when first needed. Requests that arrive
/// while a read is under way are answered together by the next one.
class Reader {
public:
    Reader(EventLoop& loop, Random& random, HostLookup& hosts, ReaderOptions options);
    ~Reader();

    /// The latest `limit` lookups (1 to 1000). Calls the waiter later, within the deadlines.
    void latest(unsigned limit, ReadWaiter& waiter);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::history
