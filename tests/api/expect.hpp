#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "api/reply.hpp"

namespace dns_tools::api::test {

/// The body as JSON; a failed test and a discarded value when it is none.
inline nlohmann::ordered_json parsed(std::string_view body) {
    auto json = nlohmann::ordered_json::parse(body, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << "no JSON: " << body;
    return json;
}

/// Whether the reply is an error of the contract: `{"code":…,"message":…}` and nothing else.
inline void expect_error(const Reply& reply, int status, std::string_view code,
                         std::string_view message) {
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.code, code);
    const nlohmann::ordered_json expected{{"code", code}, {"message", message}};
    EXPECT_EQ(parsed(reply.body), expected);
}

}  // namespace dns_tools::api::test
