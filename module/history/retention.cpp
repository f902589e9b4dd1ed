#include "history/retention.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/backoff.hpp"
#include "base/uuid.hpp"
#include "history/pg_binary.hpp"
#include "history/pg_connection.hpp"
#include "history/schema.hpp"

namespace dns_tools::history {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds shortest_pause{5'000};
constexpr milliseconds longest_pause{60'000};
constexpr milliseconds longest_pause_after_failure{300'000};

/// How a step ended.
struct Step {
    bool mine;  // else another transaction is deleting
    std::size_t deleted;
    Uuid last;  // of those deleted
};

Step read_step(const PgRows& rows) {
    Step step{};
    if (const auto mine = rows.value(0, 0)) {
        step.mine = mine->front() != 0;
    }
    if (const auto deleted = rows.value(0, 1)) {
        step.deleted = static_cast<std::size_t>(pg::get<std::int64_t>(deleted->data()));
    }
    if (const auto last = rows.value(0, 2)) {
        std::memcpy(step.last.bytes.data(), last->data(), step.last.bytes.size());
    }
    return step;
}

std::span<const char> as_parameter(const Uuid& id) {
    return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

milliseconds retention_pause(milliseconds keep) noexcept {
    return std::clamp(keep / 20, shortest_pause, longest_pause);
}

class Retention::Impl final : private PgConnection::Owner {
public:
    Impl(EventLoop& loop, Random& random, HostLookup& hosts, RetentionObserver& observer,
         RetentionOptions options)
        : loop_(loop),
          random_(random),
          observer_(observer),
          options_(std::move(options)),
          connection_(loop, hosts, *this, options_.conninfo),
          timer_(loop.make_timer([this] { timer_fired(); })),
          rounds_(options_.pause, options_.pause),
          failures_(options_.pause, std::max(options_.pause, longest_pause_after_failure)) {}

    void start() { pause(rounds_); }

private:
    enum class Phase { pausing, connecting, deleting, resting };

    void connected() override { send_step(); }
    void disconnected(const PgError& error) override { fail(error.text); }
    void completed(const PgError* error, const PgRows& rows) override;
    void notice(std::string_view) noexcept override {}

    void timer_fired();
    void begin_round();
    void send_step();
    void rest();
    void end_round();
    void fail(std::string_view why);
    void pause(Backoff& length);

    EventLoop& loop_;
    Random& random_;
    RetentionObserver& observer_;
    const RetentionOptions options_;

    PgConnection connection_;
    std::unique_ptr<Timer> timer_;
    Phase phase_ = Phase::pausing;
    Backoff rounds_;
    Backoff failures_;

    // Where the round's next step begins: the index entries of deleted rows stay until a vacuum,
    // and walking over them in every step would make a long round ever slower.
    Uuid from_;
    Clock::time_point step_began_;
};

Retention::Retention(EventLoop& loop, Random& random, HostLookup& hosts,
                     RetentionObserver& observer, RetentionOptions options)
    : impl_(std::make_unique<Impl>(loop, random, hosts, observer, std::move(options))) {}

Retention::~Retention() = default;

void Retention::start() {
    impl_->start();
}

void Retention::Impl::timer_fired() {
    switch (phase_) {
        case Phase::pausing:
            return begin_round();
        case Phase::resting:
            return send_step();
        default:
            return fail("the database did not answer in time");
    }
}

void Retention::Impl::begin_round() {
    phase_ = Phase::connecting;
    from_ = {};
    connection_.connect(options_.connect_deadline);
}

void Retention::Impl::send_step() {
    const auto cutoff = first_uuid_at(
        std::chrono::floor<std::chrono::microseconds>(options_.clock()) - options_.keep);
    std::array<char, 8> limit;
    pg::put(limit.data(), static_cast<std::int64_t>(options_.rows_a_step));
    const PgParameter parameters[] = {{pg::uuid_oid, as_parameter(from_)},
                                      {pg::uuid_oid, as_parameter(cutoff)},
                                      {pg::int8_oid, limit}};
    const PgStatement statements[] = {{schema::hurry, {}}, {schema::delete_oldest, parameters}};

    phase_ = Phase::deleting;
    step_began_ = loop_.now();
    timer_->arm(options_.step_deadline, OnExit::abandon);
    connection_.send(statements);
}

void Retention::Impl::completed(const PgError* error, const PgRows& rows) {
    if (error != nullptr) {
        return fail(error->text);
    }
    const Step step = read_step(rows);
    observer_.old_rows_deleted(step.deleted);
    failures_.reset();
    if (!step.mine || step.deleted < options_.rows_a_step) {
        return end_round();
    }
    from_ = step.last;
    rest();
}

/// A random part more than the step took: of two workers that happen to take turns in each other's
/// rests, one soon meets a step of the other's, and leaves.
void Retention::Impl::rest() {
    phase_ = Phase::resting;
    const auto took = std::chrono::ceil<milliseconds>(loop_.now() - step_began_) + milliseconds(1);
    const milliseconds more(random_.below(static_cast<std::uint64_t>(took.count()) + 1));
    timer_->arm(took + more, OnExit::abandon);
}

void Retention::Impl::end_round() {
    connection_.close();
    pause(rounds_);
}

void Retention::Impl::fail(std::string_view why) {
    // It may be a text of the connection's.
    const std::string reason(why);
    connection_.close();
    pause(failures_);
    observer_.retention_failed(reason);
}

void Retention::Impl::pause(Backoff& length) {
    phase_ = Phase::pausing;
    timer_->arm(length.next(random_), OnExit::abandon);
}

}  // namespace dns_tools::history
