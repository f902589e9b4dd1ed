#include "api/validate.hpp"

#include "api/json_writer.hpp"
#include "api/parameter.hpp"
#include "dns/ipv4_text.hpp"

namespace dns_tools::api {

Reply validate(const Request& request) {
    auto input = parameter(request, "ip", "invalid_ip");
    if (auto* reply = std::get_if<Reply>(&input)) {
        return std::move(*reply);
    }
    const auto parsed = dns::parse_ipv4(std::get<std::string>(input));
    Reply reply;
    if (const auto* why = std::get_if<dns::Ipv4Error>(&parsed)) {
        reply.body = R"({"status":false,"reason":)";
        json::append_string(reply.body, describe(*why));
        reply.body += '}';
    } else {
        reply.body = R"({"status":true})";
    }
    return reply;
}

}  // namespace dns_tools::api
