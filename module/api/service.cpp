#include "api/service.hpp"

#include "api/json_writer.hpp"

namespace dns_tools::api {

namespace {

using Check = Readiness::Check;

std::string_view word(Check::Status status) {
    switch (status) {
        case Check::Status::up:
            return "up";
        case Check::Status::down:
            return "down";
        case Check::Status::off:
            return "off";
    }
    return {};
}

void append_check(std::string& body, std::string_view name, const Check& check) {
    json::append_string(body, name);
    body += R"(:{"status":)";
    json::append_string(body, word(check.status));
    if (check.since) {
        body += R"(,"since":)" + std::to_string(check.since->time_since_epoch().count());
    }
    if (!check.reason.empty()) {
        body += R"(,"reason":)";
        json::append_string(body, check.reason);
    }
    body += '}';
}

bool is_down(const Check& check) {
    return check.status == Check::Status::down;
}

}  // namespace

Reply info(std::chrono::sys_seconds now, bool kubernetes) {
    Reply reply;
    reply.body = R"({"version":)";
    json::append_string(reply.body, version());
    reply.body += R"(,"date":)" + std::to_string(now.time_since_epoch().count());
    reply.body += kubernetes ? R"(,"kubernetes":true})" : R"(,"kubernetes":false})";
    return reply;
}

Reply health() {
    Reply reply;
    reply.body = R"({"status":"up"})";
    return reply;
}

Reply ready(const Readiness& readiness) {
    const bool down = readiness.stopping || is_down(readiness.resolver);
    const bool degraded = is_down(readiness.database) || is_down(readiness.journal);

    Reply reply;
    reply.status = down ? 503 : 200;
    reply.body = R"({"status":)";
    json::append_string(reply.body, down ? "down" : degraded ? "degraded" : "up");
    if (readiness.stopping) {
        reply.body += R"(,"reason":"the worker is shutting down")";
    }
    reply.body += R"(,"checks":{)";
    append_check(reply.body, "resolver", readiness.resolver);
    reply.body += ',';
    append_check(reply.body, "database", readiness.database);
    reply.body += ',';
    append_check(reply.body, "journal", readiness.journal);
    reply.body += "}}";
    return reply;
}

std::string_view version() noexcept {
    return DNS_TOOLS_VERSION;
}

}  // namespace dns_tools::api
