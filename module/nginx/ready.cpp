#include "api/service.hpp"
#include "nginx/handlers.hpp"
#include "nginx/pool.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"
#include "nginx/suspension.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

using Status = api::Readiness::Check::Status;

// An answer this recent says that an upstream answers; after that one is asked.
constexpr std::chrono::seconds recent{5};

api::Reply readiness(Worker& worker, api::Readiness::Check resolver) {
    api::Readiness readiness;
    readiness.stopping = worker.stopping();
    readiness.resolver = std::move(resolver);
    readiness.journal.status = Status::off;
    if (Worker::History* history = worker.history()) {
        const auto& state = history->writer.state();
        const bool up = state.status == history::DatabaseState::Status::up;
        readiness.database.status = up ? Status::up : Status::down;
        readiness.database.reason = state.reason;
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
            return send(r_, readiness(*worker(), {up ? Status::up : Status::down, answer.detail}));
        });
    }

private:
    ngx_http_request_t* r_;
};

ngx_int_t answer(ngx_http_request_t* r, const api::Request& request) {
    dns::Resolver& resolver = worker()->resolver();
    if (worker()->loop().now() - resolver.last_answer() < recent) {
        return send(r, readiness(*worker(), {Status::up, {}}));
    }
    resolver.probe(make_for_request<PendingReady>(r, r));
    return suspend(r, request.method);
}

}  // namespace

ngx_int_t handle_ready(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer>(r);
}

}  // namespace dns_tools::nginx
