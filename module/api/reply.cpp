#include "api/reply.hpp"

#include "api/json_writer.hpp"

namespace dns_tools::api {

Reply error(int status, std::string_view code, std::string_view message) {
    Reply reply;
    reply.status = status;
    reply.code = code;
    reply.body = R"({"code":)";
    json::append_string(reply.body, code);
    reply.body += R"(,"message":)";
    json::append_string(reply.body, message);
    reply.body += '}';
    return reply;
}

std::optional<Reply> check_method(Method method, Allowed allowed) {
    const bool posts = allowed == Allowed::get_and_post;
    if (method == Method::get || method == Method::head || (method == Method::post && posts)) {
        return std::nullopt;
    }
    Reply reply = error(405, "method_not_allowed",
                        posts ? "the method is not one of GET, HEAD and POST"
                              : "the method is not one of GET and HEAD");
    reply.allow = posts ? "GET, HEAD, POST" : "GET, HEAD";
    return reply;
}

Reply body_too_large() {
    return error(413, "body_too_large",
                 "the body is longer than " + std::to_string(max_body) + " bytes");
}

Reply internal_error() {
    return error(500, "internal_error", "the server failed to answer; the request is not to blame");
}

}  // namespace dns_tools::api
