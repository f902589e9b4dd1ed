#include "history/writer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/backoff.hpp"
#include "history/flights.hpp"
#include "history/insert_batch.hpp"
#include "history/pg_binary.hpp"
#include "history/pg_connection.hpp"
#include "history/schema.hpp"

namespace dns_tools::history {

using std::chrono::milliseconds;
using Status = DatabaseState::Status;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds first_pause{50};
constexpr milliseconds longest_pause{5'000};
// A person has to act, so there is no hurry.
constexpr milliseconds first_slow_pause{5'000};
constexpr milliseconds longest_slow_pause{60'000};

constexpr auto no_limit = static_cast<std::size_t>(-1);

}  // namespace

class Writer::Impl final : private PgConnection::Owner {
public:
    Impl(EventLoop& loop, Random& random, Queue& queue, HostLookup& hosts, WriterObserver& observer,
         WriterOptions options)
        : loop_(loop),
          random_(random),
          queue_(queue),
          observer_(observer),
          options_(std::move(options)),
          connection_(loop, hosts, *this, options_.conninfo),
          flights_(queue.begin()),
          pause_timer_(loop.make_timer([this] { resume(); })),
          linger_timer_(loop.make_timer([this] { pump(true); })),
          deadline_timer_(loop.make_timer([this] { check_deadline(); })),
          drain_timer_(loop.make_timer([this] { stop(); })),
          task_(loop.make_task([this] { pump(false); })) {}

    void start();
    void appended();
    void drain(milliseconds at_most);
    const DatabaseState& state() const noexcept { return state_; }

private:
    enum class Phase {
        closed,
        connecting,
        verifying,
        creating,
        writing,
        paused,  // connected, but the database asked for a pause
        waiting  // not connected, until the pause is over
    };

    void connected() override;
    void disconnected(const PgError& error) override;
    void completed(const PgError* error, const PgRows& result) override;
    void notice(std::string_view text) noexcept override { observer_.database_notice(text); }

    void connect();
    milliseconds time_to_connect() const;
    void verify();
    void create();
    void schema_checked(const PgError* error);
    void begin_writing();
    void set_up();
    void pump(bool lingered);
    bool make_batch(bool lingered);
    void read(const Flights::Batch& batch);
    void send(bool confirm);
    void batch_written(std::size_t rows_new);
    void batch_failed(const PgError& error);
    void row_or_halve(const PgError& error);
    void go_on();
    void settle();
    void set_timers();
    void check_deadline();
    void give_up(const PgError& error);
    void back_off(const PgError& error);
    void resume();
    void stop();
    bool connected_phase() const noexcept {
        return phase_ == Phase::writing || phase_ == Phase::paused;
    }

    EventLoop& loop_;
    Random& random_;
    Queue& queue_;
    WriterObserver& observer_;
    const WriterOptions options_;

    PgConnection connection_;
    Phase phase_ = Phase::closed;
    bool schema_created_ = false;  // in this schema step
    bool probing_ = false;         // after a failure: one batch at a time until one is written
    Clock::time_point connect_until_;
    DatabaseState state_;

    Flights flights_;
    Clock::time_point quiet_from_{};  // unless a batch is sent before
    Clock::time_point answered_{};    // the last batch
    std::vector<Record> records_;
    InsertBatch insert_;

    Backoff backoff_{first_pause, longest_pause};
    Backoff slow_backoff_{first_slow_pause, longest_slow_pause};
    std::unique_ptr<Timer> pause_timer_;
    std::unique_ptr<Timer> linger_timer_;
    std::unique_ptr<Timer> deadline_timer_;  // of the schema step and of flights
    std::unique_ptr<Timer> drain_timer_;
    std::unique_ptr<Task> task_;

    bool draining_ = false;
    milliseconds drain_at_most_{0};
};

Writer::Writer(EventLoop& loop, Random& random, Queue& queue, HostLookup& hosts,
               WriterObserver& observer, WriterOptions options)
    : impl_(std::make_unique<Impl>(loop, random, queue, hosts, observer, std::move(options))) {}

Writer::~Writer() = default;

void Writer::start() {
    impl_->start();
}

void Writer::appended() {
    impl_->appended();
}

void Writer::drain(milliseconds at_most) {
    impl_->drain(at_most);
}

const DatabaseState& Writer::state() const noexcept {
    return impl_->state();
}

void Writer::Impl::start() {
    if (phase_ == Phase::closed) {
        connect();
    }
}

void Writer::Impl::appended() {
    if (phase_ == Phase::writing) {
        // Not at once: what is appended in one turn of the loop goes in one batch.
        task_->post();
    } else if (phase_ == Phase::closed && draining_ && drain_at_most_ > milliseconds(0)) {
        drain_timer_->arm(drain_at_most_, OnExit::wait);
        connect();
    }
}

void Writer::Impl::drain(milliseconds at_most) {
    draining_ = true;
    drain_at_most_ = at_most;
    if (queue_.pending() == 0) {
        return stop();
    }
    drain_timer_->arm(at_most, OnExit::wait);
    if (phase_ == Phase::closed) {
        connect();
    } else if (pause_timer_->armed()) {
        resume();
    } else {
        pump(true);
    }
}

/// The queue is empty, or there is no more time.
void Writer::Impl::stop() {
    phase_ = Phase::closed;
    connection_.close();
    flights_.retry_all();
    for (const auto* timer : {&pause_timer_, &linger_timer_, &deadline_timer_, &drain_timer_}) {
        (*timer)->disarm();
    }
}

void Writer::Impl::connect() {
    phase_ = Phase::connecting;
    schema_created_ = false;
    connect_until_ = loop_.now() + options_.connect_deadline;
    connection_.connect(options_.connect_deadline);
}

void Writer::Impl::connected() {
    deadline_timer_->arm(time_to_connect(), OnExit::abandon);
    verify();
}

/// What is left of the time for connecting and the schema step.
milliseconds Writer::Impl::time_to_connect() const {
    const auto left = std::chrono::ceil<milliseconds>(connect_until_ - loop_.now());
    return std::max(left, milliseconds(0));
}

void Writer::Impl::disconnected(const PgError& error) {
    give_up(error);
}

void Writer::Impl::completed(const PgError* error, const PgRows& result) {
    switch (phase_) {
        case Phase::verifying:
            return schema_checked(error);
        case Phase::creating:
            return error != nullptr ? give_up(*error) : verify();
        default:
            answered_ = loop_.now();
            return error != nullptr ? batch_failed(*error) : batch_written(result.changed());
    }
}

/// Writes a batch of no rows, which needs just what a batch of some needs: the table, its columns,
/// the privilege, a server that writes.
void Writer::Impl::verify() {
    phase_ = Phase::verifying;
    insert_.assign({});
    connection_.send(insert_.statements(false, time_to_connect()));
}

void Writer::Impl::schema_checked(const PgError* error) {
    if (error == nullptr) {
        return begin_writing();
    }
    if (!says_missing_schema(error->sqlstate) || schema_created_) {
        return give_up(*error);
    }
    if (options_.schema == SchemaMode::create) {
        return create();
    }
    PgError explained = *error;
    explained.text = "the schema is not complete and is not to be created here: " + error->text;
    give_up(explained);
}

/// One request is one transaction, and its lock keeps other workers out until it ends.
void Writer::Impl::create() {
    phase_ = Phase::creating;
    schema_created_ = true;
    const auto limit = schema::time_limit(time_to_connect());
    const PgParameter parameters[] = {{pg::text_oid, limit}};
    std::vector<PgStatement> statements{{schema::limit_time, parameters}};
    for (const char* const sql : schema::create()) {
        statements.push_back({sql, {}});
    }
    connection_.send(statements);
}

void Writer::Impl::begin_writing() {
    phase_ = Phase::writing;
    schema_created_ = false;
    deadline_timer_->disarm();
    // After a failure only a commit shows that commits succeed again.
    if (!probing_ || queue_.pending() == 0) {
        set_up();
    }
    pump(true);
}

void Writer::Impl::set_up() {
    if (state_.status != Status::up) {
        state_.turn(Status::up, {});
        observer_.database_up();
    }
}

/// Sends what is due. `lingered`: records need not wait for others any longer.
void Writer::Impl::pump(bool lingered) {
    const std::size_t most = probing_ ? 1 : std::max<std::size_t>(options_.batches_in_flight, 1);
    while (phase_ == Phase::writing && flights_.in_flight() < most) {
        const auto batch = flights_.waiting();
        if (batch) {
            read(*batch);
            flights_.waiting_has(records_.size());
            if (records_.empty()) {
                settle();  // the queue has lost them
                continue;
            }
        } else if (!make_batch(lingered)) {
            break;
        }
        send(batch && batch->confirm);
    }
    set_timers();
}

void Writer::Impl::read(const Flights::Batch& batch) {
    records_.clear();
    queue_.read(batch.begin, batch.end, batch.rows, no_limit, records_);
}

/// Makes a batch of the records behind the last one when it is due, and reads it.
bool Writer::Impl::make_batch(bool lingered) {
    // Rows that were sent and that the queue has lost since are not pending any more.
    const std::size_t unsent = std::max(queue_.pending(), flights_.rows()) - flights_.rows();
    const bool quiet = flights_.in_flight() == 0 && loop_.now() >= quiet_from_;
    const bool due = lingered || draining_ || quiet;
    if (unsent == 0 || (unsent < options_.batch_rows && !due)) {
        return false;
    }
    records_.clear();
    const auto end = queue_.read(flights_.next(), queue_.end(), options_.batch_rows,
                                 options_.batch_bytes, records_);
    if (records_.empty()) {
        return false;  // the queue has just lost them
    }
    flights_.add(end, records_.size());
    return true;
}

/// Sends the records that were read, which are the oldest batch that waits.
void Writer::Impl::send(bool confirm) {
    insert_.assign(records_);
    connection_.send(insert_.statements(confirm, options_.flight_deadline));
    const auto now = loop_.now();
    quiet_from_ = now + options_.linger;
    flights_.sent(now, Clock::now());
}

/// A timer runs only while there is something to wait for.
void Writer::Impl::set_timers() {
    const bool in_flight = flights_.in_flight() > 0;
    if (phase_ != Phase::writing || queue_.pending() <= flights_.rows()) {
        linger_timer_->disarm();
    } else if (!linger_timer_->armed()) {
        linger_timer_->arm(options_.linger, OnExit::abandon);
    }
    if (!in_flight && connected_phase()) {
        deadline_timer_->disarm();
    } else if (in_flight && !deadline_timer_->armed()) {
        deadline_timer_->arm(options_.flight_deadline, OnExit::abandon);
    }
}

/// Too late for the schema step, or perhaps for a batch: the timer is not moved for each.
void Writer::Impl::check_deadline() {
    const auto now = loop_.now();
    // The server begins a batch when it is done with the one before.
    const auto due =
        connected_phase() ? std::max(flights_.oldest(), answered_) + options_.flight_deadline : now;
    if (now < due) {
        return deadline_timer_->arm(std::chrono::ceil<milliseconds>(due - now), OnExit::abandon);
    }
    give_up({ErrorKind::connection, "", "the database did not answer in time"});
}

void Writer::Impl::batch_written(std::size_t rows_new) {
    const auto batch = flights_.first_in_flight();
    if (rows_new < batch.rows && !batch.confirm) {
        // Rows of a session that ended while its commit waited for a standby are there, and yet a
        // failover would lose them.
        flights_.confirm();
        return go_on();
    }
    observer_.batch_committed(Clock::now() - flights_.oldest_exactly());
    backoff_.reset();
    slow_backoff_.reset();
    probing_ = false;
    flights_.settle();
    settle();
    observer_.rows_written(batch.rows);
    if (phase_ == Phase::writing) {
        set_up();
    }
    go_on();
}

void Writer::Impl::go_on() {
    if (draining_ && queue_.pending() == 0) {
        return stop();
    }
    pump(false);
}

void Writer::Impl::settle() {
    if (const auto end = flights_.take_settled()) {
        queue_.acknowledge(*end);
        observer_.acknowledged();
    }
}

void Writer::Impl::batch_failed(const PgError& error) {
    if (error.kind == ErrorKind::data) {
        return row_or_halve(error);
    }
    flights_.retry();
    if (error.kind != ErrorKind::transient) {
        return give_up(error);
    }
    // Others of this connection may be under way; only the first to fail makes the pause.
    if (phase_ == Phase::writing) {
        phase_ = Phase::paused;
        back_off(error);
    }
    set_timers();
}

/// Finds the row that the database refuses, and leaves it out.
void Writer::Impl::row_or_halve(const PgError& error) {
    if (phase_ == Phase::writing) {
        set_up();  // it has answered
    }
    const auto batch = flights_.first_in_flight();
    read(batch);
    if (records_.size() < batch.rows) {
        // The queue has lost some of them since, perhaps the one in question.
        flights_.first_in_flight_has(records_.size());
        flights_.retry();
    } else if (batch.rows > 1) {
        records_.clear();
        const auto half = batch.rows / 2;
        flights_.split(queue_.read(batch.begin, batch.end, half, no_limit, records_), half);
    } else {
        observer_.row_rejected(records_.front(), error.text);
        flights_.settle();
        settle();
    }
    go_on();
}

/// The connection is of no use any more.
void Writer::Impl::give_up(const PgError& error) {
    connection_.close();
    flights_.retry_all();
    linger_timer_->disarm();
    deadline_timer_->disarm();
    phase_ = Phase::waiting;
    back_off(error);
}

void Writer::Impl::back_off(const PgError& error) {
    // A table that somebody dropped is made again right away.
    const bool repairable = options_.schema == SchemaMode::create && !schema_created_ &&
                            says_missing_schema(error.sqlstate);
    const bool slow = error.kind == ErrorKind::configuration && !repairable;
    probing_ = true;
    pause_timer_->arm((slow ? slow_backoff_ : backoff_).next(random_), OnExit::abandon);
    state_.turn(Status::down, error.text);
    observer_.database_down(error.text);
}

void Writer::Impl::resume() {
    pause_timer_->disarm();
    if (phase_ == Phase::waiting) {
        return connect();
    }
    phase_ = Phase::writing;
    pump(true);
}

}  // namespace dns_tools::history
