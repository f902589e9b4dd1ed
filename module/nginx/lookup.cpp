#include "api/lookup.hpp"

#include <memory>
#include <new>
#include <utility>

#include "nginx/handlers.hpp"
#include "nginx/lookup_context.hpp"
#include "nginx/pool.hpp"
#include "nginx/request.hpp"
#include "nginx/request_context.hpp"
#include "nginx/response.hpp"
#include "nginx/suspension.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

/// A lookup from the checked name to the answer that was sent.
class PendingLookup final : public dns::Waiter {
public:
    PendingLookup(ngx_http_request_t* r, LookupContext& context) noexcept
        : r_(r), context_(context) {}

    /// False when the queue is full.
    bool reserve(history::Queue& queue) {
        reservation_ = queue.reserve();
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
        const auto addresses = copy_to_pool(answer.addresses);
        if (!keep(record)) {
            return fail(api::queue_full());
        }
        context_.answered = std::chrono::steady_clock::now();
        context_.result = dns::word(dns::Result::ok);
        context_.id = stamp.id;
        context_.addresses = addresses;
        return send(r_, NGX_HTTP_OK, body);
    }

    ngx_int_t fail(const api::Reply& reply) {
        reservation_ = {};
        context_.answered = std::chrono::steady_clock::now();
        context_.result = reply.code;
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

    bool keep(const history::Record& record) {
        Worker::History* history = worker()->history();
        if (history == nullptr) {
            return true;
        }
        if (!history->queue.append(std::move(reservation_), record)) {
            return false;
        }
        history->writer.appended();
        return true;
    }

    ngx_http_request_t* r_;
    LookupContext& context_;
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
        context.answered = std::chrono::steady_clock::now();
        context.result = error->code;
        return send(r, *error);
    }
    context.name = std::get<dns::Name>(name);

    auto& pending = make_for_request<PendingLookup>(r, r, context);
    Worker::History* history = worker()->history();
    if (history != nullptr && !pending.reserve(history->queue)) {
        return pending.fail(api::queue_full());
    }
    if (const dns::Answer* known = worker()->resolver().resolve(*context.name, pending)) {
        return pending.finish(*known, dns::Source::local);
    }
    return suspend(r, request.method);
}

}  // namespace

ngx_int_t handle_lookup(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get_and_post, answer>(r);
}

}  // namespace dns_tools::nginx
