#include "nginx/history_export.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "api/history.hpp"
#include "api/history_export.hpp"
#include "nginx/pool.hpp"
#include "nginx/printable.hpp"
#include "nginx/request_context.hpp"
#include "nginx/response.hpp"
#include "nginx/suspension.hpp"

namespace dns_tools::nginx {

namespace {

constexpr std::uint64_t rows_a_page = 1000;

// They take turns on one connection to the database.
constexpr unsigned most_exports = 4;

/// What a step returns when the request is to wait for its next event. nginx itself returns this
/// from nothing that sends.
constexpr ngx_int_t goes_on = NGX_BUSY;

void finish(ngx_http_request_t* r, ngx_int_t rc) noexcept {
    if (rc != goes_on) {
        ngx_http_finalize_request(r, rc);
    }
}

}  // namespace

class HistoryExport final : public history::ReadWaiter {
public:
    HistoryExport(ngx_http_request_t* r, api::HistoryRequest asked, WorkerHistory& history)
        : r_(r),
          asked_(std::move(asked)),
          history_(history),
          text_(make_in_pool<std::string>(r->pool)) {
        ++history_.exports_under_way;
    }
    ~HistoryExport() override { --history_.exports_under_way; }

    void read_page() {
        asked_.query.limit = static_cast<unsigned>(std::min(rows_a_page, asked_.rows));
        history_.exports().read(asked_.query, *this);
    }

    void rows(const history::Page& page) noexcept override {
        proceed([this, &page] { return send_page(page); });
    }
    void failed(history::ReadFailure failure, std::string_view why) noexcept override {
        proceed([this, failure, why] { return fail(failure, why); });
    }

private:
    /// A step that the database has made possible.
    template <typename Step>
    void proceed(Step step) noexcept {
        ngx_http_request_t* r = r_;
        ngx_connection_t* connection = r->connection;
        ngx_http_set_log_request(connection->log, r);
        finish(r, answer_or_fail(r, step));
        ngx_http_run_posted_requests(connection);
    }

    ngx_int_t send_page(const history::Page& page) {
        text_.clear();
        if (!r_->header_sent) {
            const ngx_int_t rc = send_head(r_, api::export_head(asked_));
            if (rc == NGX_ERROR || rc > NGX_OK || r_->header_only) {
                return rc;
            }
            api::append_export_begin(asked_.format, text_);
        }
        api::append_export(asked_.format, page.records, text_);
        asked_.rows -= page.records.size();
        asked_.query.before = page.next;
        const bool last = !page.next || asked_.rows == 0;

        const ngx_int_t rc = send_text(last);
        return last || rc == NGX_ERROR ? rc : wait_for_client();
    }

    ngx_int_t send_text(bool last) {
        if (text_.empty() && !last) {
            return NGX_OK;
        }
        buffer_ = {};
        buffer_.start = reinterpret_cast<u_char*>(text_.data());
        buffer_.end = buffer_.start + text_.size();
        buffer_.pos = buffer_.start;
        buffer_.last = buffer_.end;
        buffer_.memory = !text_.empty();
        buffer_.last_buf = last && r_ == r_->main;
        buffer_.last_in_chain = last;
        // Filters that collect, such as gzip's, would keep some of it and never say that all is
        // sent.
        buffer_.flush = !buffer_.last_buf;
        ngx_chain_t out{&buffer_, nullptr};
        return ngx_http_output_filter(r_, &out);
    }

    /// Reads on when everything has left, or else waits for that: what nginx's own writer does at
    /// the end of a response.
    ngx_int_t wait_for_client() {
        ngx_connection_t* connection = r_->connection;
        ngx_event_t* write = connection->write;
        // A subrequest's text waits among the main request's: only the connection knows of it.
        if (!r_->buffered && !r_->postponed && !connection->buffered) {
            if (write->timer_set && !write->delayed) {
                ngx_del_timer(write);
            }
            r_->write_event_handler = ngx_http_request_empty_handler;
            read_page();
            return goes_on;
        }
        r_->write_event_handler = &HistoryExport::on_writable;
        const auto* location = static_cast<ngx_http_core_loc_conf_t*>(
            ngx_http_get_module_loc_conf(r_, ngx_http_core_module));
        if (!write->delayed) {
            ngx_add_timer(write, location->send_timeout);
        }
        return ngx_handle_write_event(write, location->send_lowat) == NGX_OK ? goes_on : NGX_ERROR;
    }

    static void on_writable(ngx_http_request_t* r) noexcept {
        finish(r, answer_or_fail(r, [r] { return request_context(r).history_export->send_on(); }));
    }

    ngx_int_t send_on() {
        ngx_connection_t* connection = r_->connection;
        if (connection->write->timedout) {
            ngx_log_error(NGX_LOG_INFO, connection->log, NGX_ETIMEDOUT, "client timed out");
            connection->timedout = 1;
            return NGX_HTTP_REQUEST_TIME_OUT;
        }
        if (!connection->write->delayed && ngx_http_output_filter(r_, nullptr) == NGX_ERROR) {
            return NGX_ERROR;
        }
        return wait_for_client();
    }

    /// Once a part has gone out, only a connection that ends too early can tell.
    ngx_int_t fail(history::ReadFailure failure, std::string_view why) {
        const Printable reason(why);
        const std::string_view what = r_->header_sent ? "ends early" : "fails";
        ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0,
                      "dns_tools: an export of the history %*s: %*s", DNS_TOOLS_FORMAT_ARGS(what),
                      DNS_TOOLS_FORMAT_ARGS(reason.text()));
        return r_->header_sent ? NGX_ERROR : send(r_, api::history_failure(asked_, failure));
    }

    ngx_http_request_t* r_;
    api::HistoryRequest asked_;  // what is left of it
    WorkerHistory& history_;
    // Of the page that is being sent. In the pool, which outlives this object when a request ends
    // early: HTTP/2 still sends the rest of a frame that it has begun.
    std::string& text_;
    ngx_buf_t buffer_{};
};

ngx_int_t start_export(ngx_http_request_t* r, api::Method method, api::HistoryRequest asked,
                       WorkerHistory& history) {
    if (history.exports_under_way >= most_exports) {
        return send(r, api::too_many_exports());
    }
    auto& started = make_for_request<HistoryExport>(r, r, std::move(asked), history);
    request_context(r).history_export = &started;
    started.read_page();
    return suspend(r, method);
}

}  // namespace dns_tools::nginx
