#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The HTTP contract as plain functions: bytes in, status, headers and body out. Nothing here does
/// I/O.
namespace dns_tools::api {

enum class Method { get, head, post, other };

/// What a request brings: its method, its undecoded query string and, for POST, its body.
struct Request {
    Method method = Method::get;
    std::string_view query;
    std::string_view body;
};

/// Bodies longer than this are refused with `body_too_large`.
inline constexpr std::size_t max_body = 8192;

/// A whole answer.
struct Reply {
    int status = 200;
    std::string body;
    /// The media type; its parameters, if it has any, stand behind a semicolon. A literal.
    std::string_view content_type = "application/json";
    std::string_view code;     ///< the error's stable word, a literal; empty: no error
    std::string_view allow;    ///< the Allow header (RFC 9110 §10.2.1); empty: none
    unsigned retry_after = 0;  ///< the Retry-After header in seconds; 0: none
    std::string link;          ///< the Link header (RFC 8288); empty: none
    std::string_view vary;     ///< the Vary header (RFC 9110 §12.5.5), a literal; empty: none
    /// The Content-Disposition header (RFC 6266), a literal; empty: none.
    std::string_view content_disposition;
};

/// `{"code": …, "message": …}` with any bytes in the message made valid JSON: what is not UTF-8 is
/// replaced by U+FFFD.
Reply error(int status, std::string_view code, std::string_view message);

/// Which methods a route answers.
enum class Allowed { get, get_and_post };

/// 405 with Allow when the method is not one of the route's; nothing otherwise.
std::optional<Reply> check_method(Method method, Allowed allowed);

Reply body_too_large();
/// 500 `internal_error`: the module failed, not the client.
Reply internal_error();

}  // namespace dns_tools::api
