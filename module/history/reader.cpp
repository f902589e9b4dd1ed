#include "history/reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "history/pg_binary.hpp"
#include "history/pg_connection.hpp"
#include "history/read_statement.hpp"
#include "history/schema.hpp"

namespace dns_tools::history {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

/// How long a failed attempt to connect speaks for the requests that follow it: requests in a
/// quick row neither wait for a dead database each, nor each knock at it.
constexpr milliseconds failure_stands{1'000};

/// query_canceled: what a read ends with that runs into statement_timeout.
constexpr std::string_view canceled = "57014";

}  // namespace

void ReadWaiter::Hook::leave() noexcept {
    previous->next = next;
    next->previous = previous;
    previous = this;
    next = this;
}

void ReadWaiter::Hook::join_before(Hook& other) noexcept {
    leave();
    previous = other.previous;
    next = &other;
    previous->next = this;
    other.previous = this;
}

class Reader::Impl final : private PgConnection::Owner {
public:
    Impl(EventLoop& loop, HostLookup& hosts, ReaderOptions options)
        : loop_(loop),
          options_(std::move(options)),
          server_limit_(schema::time_limit(options_.read_deadline)),
          connection_(loop, hosts, *this, options_.conninfo),
          timer_(
              loop.make_timer([this] { give_up("the database did not answer the read in time"); })),
          task_(loop.make_task([this] { work(); })) {}

    void read(const HistoryQuery& query, ReadWaiter& waiter);

private:
    enum class Phase { closed, connecting, idle, reading };
    using Ring = ReadWaiter::Hook;

    void connected() override;
    void disconnected(const PgError& error) override;
    void completed(const PgError* error, const PgRows& rows) override;
    void notice(std::string_view) noexcept override {}

    void work();
    void start_read();
    void send(const HistoryQuery& query);
    void refuse_late();
    void give_up(std::string reason);
    static bool empty(const Ring& ring) noexcept { return ring.next == &ring; }
    static void fail(Ring& ring, ReadFailure failure, std::string_view why);

    EventLoop& loop_;
    const ReaderOptions options_;
    const std::string server_limit_;
    PgConnection connection_;
    std::unique_ptr<Timer> timer_;  // armed while somebody waits for the database
    std::unique_ptr<Task> task_;
    Phase phase_ = Phase::closed;

    Ring waiting_;  // for the next read
    Ring reading_;  // for the read that is under way

    std::string failure_;  // of the last attempt to connect, empty when it succeeded
    Clock::time_point failed_at_;
};

Reader::Reader(EventLoop& loop, HostLookup& hosts, ReaderOptions options)
    : impl_(std::make_unique<Impl>(loop, hosts, std::move(options))) {}

Reader::~Reader() = default;

void Reader::read(const HistoryQuery& query, ReadWaiter& waiter) {
    impl_->read(query, waiter);
}

void Reader::Impl::read(const HistoryQuery& query, ReadWaiter& waiter) {
    waiter.query_ = query;
    waiter.since_ = loop_.now();
    waiter.hook_.waiter = &waiter;
    waiter.hook_.join_before(waiting_);
    if (phase_ == Phase::closed || phase_ == Phase::idle) {
        task_->post();
    }
}

/// Does what those who wait need next.
void Reader::Impl::work() {
    if (phase_ == Phase::idle) {
        refuse_late();
    }
    if (empty(waiting_)) {
        return;
    }
    if (phase_ == Phase::idle) {
        return start_read();
    }
    if (phase_ != Phase::closed) {
        return;
    }
    if (!failure_.empty() && loop_.now() - failed_at_ < failure_stands) {
        return fail(waiting_, ReadFailure::unavailable, failure_);
    }
    phase_ = Phase::connecting;
    timer_->arm(options_.connect_deadline, OnExit::wait);
    connection_.connect(options_.connect_deadline);
}

void Reader::Impl::connected() {
    phase_ = Phase::idle;
    failure_.clear();
    timer_->disarm();
    work();
}

/// Reads for the first who waits. When that is the latest lookups, one statement answers all who
/// wait for them; each takes as many of the rows as it asked for.
void Reader::Impl::start_read() {
    ReadWaiter& first = *waiting_.next->waiter;
    HistoryQuery query = first.query_;
    first.hook_.join_before(reading_);
    for (Ring* ring = waiting_.next; query.is_latest() && ring != &waiting_;) {
        ReadWaiter& other = *std::exchange(ring, ring->next)->waiter;
        if (other.query_.is_latest()) {
            query.limit = std::max(query.limit, other.query_.limit);
            other.hook_.join_before(reading_);
        }
    }
    phase_ = Phase::reading;
    timer_->arm(options_.read_deadline, OnExit::wait);
    send(query);
}

void Reader::Impl::send(const HistoryQuery& query) {
    const PgParameter limit[] = {{pg::text_oid, server_limit_}};
    const ReadStatement read(query);
    const PgStatement statements[] = {{schema::limit_time, limit}, read.statement()};
    connection_.send(statements);
}

void Reader::Impl::completed(const PgError* error, const PgRows& rows) {
    phase_ = Phase::idle;
    timer_->disarm();
    if (error != nullptr) {
        fail(reading_,
             error->sqlstate == canceled ? ReadFailure::too_slow : ReadFailure::unavailable,
             error->text);
        return work();
    }
    const SavedRows saved(rows);
    while (!empty(reading_)) {
        ReadWaiter& waiter = *reading_.next->waiter;
        waiter.hook_.leave();
        waiter.rows(saved.first(waiter.query_.limit));
    }
    work();
}

/// Those whose turn comes too late to be of use.
void Reader::Impl::refuse_late() {
    Ring late;
    const auto deadline = loop_.now() - options_.read_deadline;
    while (!empty(waiting_) && waiting_.next->waiter->since_ < deadline) {
        waiting_.next->join_before(late);
    }
    fail(late, ReadFailure::too_slow, "other reads before it took too long");
}

void Reader::Impl::disconnected(const PgError& error) {
    give_up(error.text);
}

/// The connection was not made, was lost, or is too slow. Nobody is kept waiting for another one.
void Reader::Impl::give_up(std::string reason) {
    connection_.close();
    timer_->disarm();
    if (phase_ == Phase::connecting) {
        failure_ = reason;
        failed_at_ = loop_.now();
    }
    const Phase before = std::exchange(phase_, Phase::closed);
    if (before == Phase::idle) {
        return;  // an idle connection may end; the next request makes another
    }
    fail(reading_, ReadFailure::unavailable, reason);
    fail(waiting_, ReadFailure::unavailable, reason);
}

void Reader::Impl::fail(Ring& ring, ReadFailure failure, std::string_view why) {
    // Who is told may ask again at once, and is then no longer one of these.
    Ring told;
    while (!empty(ring)) {
        ring.next->join_before(told);
    }
    while (!empty(told)) {
        ReadWaiter& waiter = *told.next->waiter;
        waiter.hook_.leave();
        waiter.failed(failure, why);
    }
}

}  // namespace dns_tools::history
