#include "api/history.hpp"

#include "nginx/handlers.hpp"
#include "nginx/pool.hpp"
#include "nginx/printable.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"
#include "nginx/suspension.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

class PendingHistory final : public history::ReadWaiter {
public:
    explicit PendingHistory(ngx_http_request_t* r) noexcept : r_(r) {}

    void rows(const history::Page& page) noexcept override {
        resume(r_, [this, &page] { return send(r_, api::history(page.records)); });
    }

    void failed(history::ReadFailure, std::string_view why) noexcept override {
        const Printable reason(why);
        ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0,
                      "dns_tools: the database does not answer a read: %*s",
                      DNS_TOOLS_FORMAT_ARGS(reason.text()));
        resume(r_, [this] { return send(r_, api::history_unavailable()); });
    }

private:
    ngx_http_request_t* r_;
};

ngx_int_t answer(ngx_http_request_t* r, const api::Request& request) {
    const auto limit = api::history_limit(request);
    if (const auto* error = std::get_if<api::Reply>(&limit)) {
        return send(r, *error);
    }
    WorkerHistory* history = worker()->history();
    if (history == nullptr) {
        return send(r, api::history_disabled());
    }
    auto& pending = make_for_request<PendingHistory>(r, r);
    history::HistoryQuery query;
    query.limit = std::get<unsigned>(limit);
    history->reader().read(query, pending);
    return suspend(r, request.method);
}

}  // namespace

ngx_int_t handle_history(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer>(r);
}

}  // namespace dns_tools::nginx
