#include "api/history.hpp"

#include <utility>

#include "nginx/handlers.hpp"
#include "nginx/history_export.hpp"
#include "nginx/pool.hpp"
#include "nginx/printable.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"
#include "nginx/suspension.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

/// A page of the history from the checked parameters to the answer that was sent.
class PendingHistory final : public history::ReadWaiter {
public:
    PendingHistory(ngx_http_request_t* r, api::HistoryRequest asked)
        : r_(r), asked_(std::move(asked)) {}

    void read(WorkerHistory& history) {
        auto& reader = asked_.query.is_search() ? history.searches() : history.reader();
        reader.read(asked_.query, *this);
    }

    void rows(const history::Page& page) noexcept override {
        resume(r_, [this, &page] {
            return send(r_, api::history(page, asked_, view(r_->unparsed_uri)));
        });
    }

    void failed(history::ReadFailure failure, std::string_view why) noexcept override {
        const Printable reason(why);
        ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0,
                      "dns_tools: the database does not answer a read: %*s",
                      DNS_TOOLS_FORMAT_ARGS(reason.text()));
        resume(r_, [this, failure] { return send(r_, api::history_failure(asked_, failure)); });
    }

private:
    ngx_http_request_t* r_;
    const api::HistoryRequest asked_;
};

ngx_int_t answer(ngx_http_request_t* r, const api::Request& request) {
    auto result = api::history_request(request, header_list(r, "accept"));
    if (const auto* error = std::get_if<api::Reply>(&result)) {
        return send(r, *error);
    }
    WorkerHistory* history = worker()->history();
    if (history == nullptr) {
        return send(r, api::history_disabled());
    }
    auto& asked = std::get<api::HistoryRequest>(result);
    if (asked.is_export()) {
        return start_export(r, request.method, std::move(asked), *history);
    }
    make_for_request<PendingHistory>(r, r, std::move(asked)).read(*history);
    return suspend(r, request.method);
}

}  // namespace

ngx_int_t handle_history(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer>(r);
}

}  // namespace dns_tools::nginx
