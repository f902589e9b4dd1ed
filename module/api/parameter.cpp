#include "api/parameter.hpp"

#include <utility>

#include "api/json_body.hpp"
#include "api/query_string.hpp"

namespace dns_tools::api {

std::variant<std::string, Reply> parameter(const Request& request, std::string_view name,
                                           std::string_view code) {
    if (request.method == Method::post) {
        return string_member(request.body, name, code);
    }
    if (auto value = query_parameter(request.query, name)) {
        return std::move(*value);
    }
    std::string message = "the parameter ";
    message.append(name).append(" is missing: give it in the query, ?").append(name);
    message.append("=..., or POST it in a JSON object, {\"").append(name).append("\": \"...\"}");
    return error(400, code, message);
}

}  // namespace dns_tools::api
