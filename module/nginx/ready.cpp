#include "api/service.hpp"
#include "nginx/handlers.hpp"
#include "nginx/pool.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"
#include "nginx/suspension.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

using Check = api::Readiness::Check;
using Status = Check::Status;

// An answer this recent says that an upstream answers; after that one is asked.
constexpr std::chrono::seconds recent{5};

std::chrono::sys_seconds seconds(std::chrono::system_clock::time_point time) {
    return std::chrono::floor<std::chrono::seconds>(time);
}

Check database_check(const history::DatabaseState& state) {
    using Database = history::DatabaseState::Status;
    if (state.status == Database::connecting) {
        return {Status::down, "not connected yet", seconds(state.since)};
    }
    const bool up = state.status == Database::up;
    return {up ? Status::up : Status::down, state.reason, seconds(state.since)};
}

Check journal_check(WorkerHistory& history) {
    const Standing& standing = history.journal_standing();
    const bool full = history.journal()->up() && !standing.up();
    return {standing.up() ? Status::up : Status::down,
            full ? "it is full" : history.journal()->reason(), seconds(standing.since())};
}

api::Reply readiness(Worker& worker, bool resolver_is_up, std::string reason) {
    Standing& resolver = worker.resolver_standing();
    resolver.turn(resolver_is_up);

    api::Readiness readiness;
    readiness.stopping = worker.stopping();
    readiness.resolver = {resolver_is_up ? Status::up : Status::down, std::move(reason),
                          seconds(resolver.since())};
    readiness.journal.status = Status::off;
    if (WorkerHistory* history = worker.history()) {
        readiness.database = database_check(history->database());
        if (history->journal() != nullptr) {
            readiness.journal = journal_check(*history);
        }
    } else {
        readiness.database.status = Status::off;
    }
    return api::ready(readiness);
}

class PendingReady final : public dns::Waiter {
public:
    explicit PendingReady(ngx_http_request_t* r) noexcept : r_(r) {}

    void answered(const dns::Answer& answer, dns::Source) noexcept override {
        resume(r_, [this, &answer] {
            const bool up = answer.result == dns::Result::ok;
            return send(r_, readiness(*worker(), up, answer.detail));
        });
    }

private:
    ngx_http_request_t* r_;
};

ngx_int_t answer(ngx_http_request_t* r, const api::Request& request) {
    dns::Resolver& resolver = worker()->resolver();
    const auto last = resolver.last_answer();
    if (worker()->resolver_standing().up() && last && worker()->loop().now() - *last < recent) {
        return send(r, readiness(*worker(), true, {}));
    }
    resolver.probe(make_for_request<PendingReady>(r, r));
    return suspend(r, request.method);
}

}  // namespace

ngx_int_t handle_ready(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer>(r);
}

}  // namespace dns_tools::nginx
