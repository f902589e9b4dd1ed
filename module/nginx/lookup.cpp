#include "api/lookup.hpp"

#include <memory>
#include <new>
#include <utility>

#include "nginx/counting.hpp"
#include "nginx/handlers.hpp"
#include "nginx/location_conf.hpp"
#include "nginx/lookup_context.hpp"
#include "nginx/pool.hpp"
#include "nginx/request.hpp"
#include "nginx/request_context.hpp"
#include "nginx/response.hpp"
#include "nginx/suspension.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

/// Who keeps the lookups of this location; null when they are not kept.
WorkerHistory* history_of(ngx_http_request_t* r) {
    return location_conf(r).record_mode() == RecordMode::off ? nullptr : worker()->history();
}

/// Whether a lookup is answered though there is no room for its record.
bool may_drop(ngx_http_request_t* r, const WorkerHistory& history) {
    return history.drops() && location_conf(r).record_mode() != RecordMode::commit;
}

/// A lookup from the checked name to the answer that was sent.
class PendingLookup final : public dns::Waiter, public history::KeepWaiter {
public:
    PendingLookup(ngx_http_request_t* r, LookupContext& context) noexcept
        : r_(r), context_(context) {}

    /// False when the queue is full.
    bool reserve(history::Recorder& recorder) {
        reservation_ = recorder.reserve();
        return static_cast<bool>(reservation_);
    }

    void answered(const dns::Answer& answer, dns::Source source) noexcept override {
        resume(r_, [&] { return finish(answer, source); });
    }

    ngx_int_t finish(const dns::Answer& answer, dns::Source source) {
        context_.source = dns::word(source);
        if (answer.result != dns::Result::ok) {
            return fail(api::lookup_failure(*context_.name, answer));
        }

        const Stamp stamp = worker()->stamp();
        const history::Record record{stamp.id, stamp.created_at, client_address(r_),
                                     context_.name->text(), answer.addresses};
        // The body is written before the record is kept: nothing that can fail stands between
        // keeping and answering.
        const api::Lookup lookup{record, answer, source};
        ngx_buf_t* body = body_buffer(r_, api::lookup_body_bound(lookup));
        body->last = reinterpret_cast<u_char*>(
            api::write_lookup(lookup, reinterpret_cast<char*>(body->pos)));
        body_ = body;
        context_.addresses = copy_to_pool(answer.addresses);
        context_.id = stamp.id;
        return keep(record);
    }

    void kept() noexcept override {
        resume(r_, [this] { return succeed(); });
    }

    void not_kept(history::KeepFailure why) noexcept override {
        resume(r_, [this, why] { return fail(api::not_kept(why)); });
    }

    ngx_int_t fail(const api::Reply& reply) {
        reservation_ = {};
        return send(r_, reply);
    }

private:
    std::span<const AddressRecord> copy_to_pool(std::span<const AddressRecord> addresses) {
        auto* copy = static_cast<AddressRecord*>(ngx_palloc(r_->pool, addresses.size_bytes()));
        if (copy == nullptr) {
            throw std::bad_alloc();
        }
        std::uninitialized_copy(addresses.begin(), addresses.end(), copy);
        return {copy, addresses.size()};
    }

    ngx_int_t keep(const history::Record& record) {
        using Outcome = history::Recorder::Outcome;
        WorkerHistory* history = history_of(r_);
        if (history == nullptr) {
            return succeed();
        }
        const auto assurance = location_conf(r_).record_mode() == RecordMode::commit
                                   ? history::Assurance::committed
                                   : history::Assurance::queued;
        switch (history->recorder().keep(std::move(reservation_), record, assurance, *this)) {
            case Outcome::kept:
                history->appended(record);
                return succeed();
            case Outcome::waiting:
                history->appended(record);
                return not_yet;
            case Outcome::full:
                break;
        }
        if (!may_drop(r_, *history)) {
            return fail(api::queue_full());
        }
        history->dropped();
        return succeed();
    }

    ngx_int_t succeed() {
        context_.answered = std::chrono::steady_clock::now();
        context_.result = dns::word(dns::Result::ok);
        count_lookup(context_);
        return send(r_, NGX_HTTP_OK, body_);
    }

    ngx_http_request_t* r_;
    LookupContext& context_;
    ngx_buf_t* body_ = nullptr;
    history::Reservation reservation_;
};

LookupContext& make_context(ngx_http_request_t* r) {
    void* memory = ngx_palloc(r->pool, sizeof(LookupContext));
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    auto* context = new (memory) LookupContext;
    context->started = std::chrono::steady_clock::now();
    request_context(r).lookup = context;
    return *context;
}

ngx_int_t answer(ngx_http_request_t* r, const api::Request& request) {
    LookupContext& context = make_context(r);
    auto name = api::lookup_name(request);
    if (const auto* error = std::get_if<api::Reply>(&name)) {
        return send(r, *error);
    }
    context.name = std::get<dns::Name>(name);

    auto& pending = make_for_request<PendingLookup>(r, r, context);
    WorkerHistory* history = history_of(r);
    if (history != nullptr && !pending.reserve(history->recorder()) && !may_drop(r, *history)) {
        return pending.fail(api::queue_full());
    }
    if (const dns::Answer* known = worker()->resolver().resolve(*context.name, pending)) {
        const auto rc = pending.finish(*known, dns::Source::local);
        if (rc != not_yet) {
            return rc;
        }
    }
    return suspend(r, request.method);
}

}  // namespace

void lookup_failed(ngx_http_request_t* r, std::string_view code) {
    if (location_conf(r).endpoint != metrics::Endpoint::lookup) {
        return;
    }
    LookupContext* known = lookup_context_of(r);
    LookupContext& context = known != nullptr ? *known : make_context(r);
    if (context.result.empty()) {
        context.addresses = {};
        context.id.reset();
        context.answered = std::chrono::steady_clock::now();
        context.result = code;
        count_lookup(context);
    }
}

ngx_int_t handle_lookup(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get_and_post, answer>(r);
}

}  // namespace dns_tools::nginx
