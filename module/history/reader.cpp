#include "history/reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "history/pg_binary.hpp"
#include "history/pg_connection.hpp"
#include "history/saved_rows.hpp"
#include "history/schema.hpp"

namespace dns_tools::history {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

/// How long a failed attempt to connect speaks for the requests that follow it: requests in a
/// quick row neither wait for a dead database each, nor each knock at it.
constexpr milliseconds failure_stands{1'000};

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
          connection_(loop, hosts, *this, options_.conninfo),
          timer_(
              loop.make_timer([this] { give_up("the database did not answer the read in time"); })),
          task_(loop.make_task([this] { work(); })) {}

    void latest(unsigned limit, ReadWaiter& waiter);

private:
    enum class Phase { closed, connecting, idle, reading };
    using Ring = ReadWaiter::Hook;

    void connected() override;
    void disconnected(const PgError& error) override;
    void completed(const PgError* error, const PgRows& rows) override;
    void notice(std::string_view) noexcept override {}

    void work();
    void read();
    void give_up(std::string reason);
    static bool empty(const Ring& ring) noexcept { return ring.next == &ring; }
    static void fail(Ring& ring, std::string_view why);

    EventLoop& loop_;
    const ReaderOptions options_;
    PgConnection connection_;
    std::unique_ptr<Timer> timer_;  // armed while somebody waits for the database
    std::unique_ptr<Task> task_;
    Phase phase_ = Phase::closed;

    Ring waiting_;  // for the next read
    Ring reading_;  // for the read that is under way

    std::string failure_;  // of the last attempt to connect, empty when it succeeded
    Clock::time_point failed_at_;
};

Reader::Reader(EventLoop& loop, Random&, HostLookup& hosts, ReaderOptions options)
    : impl_(std::make_unique<Impl>(loop, hosts, std::move(options))) {}

Reader::~Reader() = default;

void Reader::latest(unsigned limit, ReadWaiter& waiter) {
    impl_->latest(limit, waiter);
}

void Reader::Impl::latest(unsigned limit, ReadWaiter& waiter) {
    waiter.limit_ = limit;
    waiter.hook_.waiter = &waiter;
    waiter.hook_.join_before(waiting_);
    if (phase_ == Phase::closed || phase_ == Phase::idle) {
        task_->post();
    }
}

/// Does what those who wait need next.
void Reader::Impl::work() {
    if (empty(waiting_)) {
        return;
    }
    if (phase_ == Phase::idle) {
        return read();
    }
    if (phase_ != Phase::closed) {
        return;
    }
    if (!failure_.empty() && loop_.now() - failed_at_ < failure_stands) {
        return fail(waiting_, failure_);
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

/// One statement answers all who wait; each takes as many of the rows as it asked for.
void Reader::Impl::read() {
    unsigned limit = 0;
    while (!empty(waiting_)) {
        limit = std::max(limit, waiting_.next->waiter->limit_);
        waiting_.next->join_before(reading_);
    }
    std::array<char, 8> parameter;
    pg::put(parameter.data(), std::int64_t{limit});
    const PgParameter parameters[] = {{pg::int8_oid, parameter}};
    const PgStatement statement{schema::latest, parameters};
    phase_ = Phase::reading;
    timer_->arm(options_.read_deadline, OnExit::wait);
    connection_.send({&statement, 1});
}

void Reader::Impl::completed(const PgError* error, const PgRows& rows) {
    phase_ = Phase::idle;
    timer_->disarm();
    if (error != nullptr) {
        fail(reading_, error->text);
    }
    const SavedRows saved(rows);
    const auto records = saved.records();
    while (!empty(reading_)) {
        ReadWaiter& waiter = *reading_.next->waiter;
        waiter.hook_.leave();
        waiter.rows(records.first(std::min<std::size_t>(waiter.limit_, records.size())));
    }
    work();
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
    fail(reading_, reason);
    fail(waiting_, reason);
}

void Reader::Impl::fail(Ring& ring, std::string_view why) {
    // Who is told may ask again at once, and is then no longer one of these.
    Ring told;
    while (!empty(ring)) {
        ring.next->join_before(told);
    }
    while (!empty(told)) {
        ReadWaiter& waiter = *told.next->waiter;
        waiter.hook_.leave();
        waiter.failed(why);
    }
}

}  // namespace dns_tools::history
