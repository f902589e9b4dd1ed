#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dns_tools::api {

/// Where a JSON parser gave up.
struct SyntaxError {
    std::size_t offset = 0;         ///< of the byte it could not take; the body's size at its end
    bool document_ended = false;    ///< whether the value had been complete before
    bool number_too_large = false;  ///< no double holds the number that ends here
};

/// What is wrong with `body`, for a person, as the end of a sentence that begins with the body.
std::string describe(std::string_view body, const SyntaxError& error);

}  // namespace dns_tools::api
