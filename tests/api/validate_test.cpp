#include "api/validate.hpp"

#include <gtest/gtest.h>

#include "api/expect.hpp"
#include "dns/ipv4_text.hpp"

namespace dns_tools::api {

namespace {

using test::expect_error;
using test::parsed;

Reply posted(std::string_view body) {
    return validate({Method::post, {}, body});
}

Reply got(std::string_view query) {
    return validate({Method::get, query, {}});
}

TEST(Validate, an_address_is_true) {
    for (const Reply& reply :
         {posted(R"({"ip":"1.2.3.4"})"), got("ip=1.2.3.4"), got("ip=255.255.255.255"),
          got("ip=0.0.0.0"), validate({Method::head, "ip=10.0.0.1", {}})}) {
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, R"({"status":true})");
        EXPECT_TRUE(reply.code.empty());
    }
}

TEST(Validate, anything_else_is_false_with_the_reason) {
    using dns::Ipv4Error;
    const struct {
        std::string_view query;
        Ipv4Error why;
    } cases[] = {
        {"ip=", Ipv4Error::empty},
        {"ip=1.2.3", Ipv4Error::not_four_numbers},
        {"ip=1..2.3", Ipv4Error::empty_number},
        {"ip=1.2.3.a", Ipv4Error::not_a_digit},
        {"ip=1.2.3.4%00", Ipv4Error::not_a_digit},
        {"ip=1.2.3.04", Ipv4Error::leading_zero},
        {"ip=1.2.3.256", Ipv4Error::number_too_large},
    };
    for (const auto& wrong : cases) {
        const Reply reply = got(wrong.query);
        EXPECT_EQ(reply.status, 200);
        const nlohmann::ordered_json expected{{"status", false}, {"reason", describe(wrong.why)}};
        EXPECT_EQ(parsed(reply.body), expected) << wrong.query;
    }
    EXPECT_EQ(parsed(posted(R"({"ip":"1.2.3.4\u0000"})").body)["status"], false);
    EXPECT_EQ(parsed(posted(R"({"ip":""})").body)["status"], false);
}

TEST(Validate, needs_the_ip) {
    expect_error(got(""), 400, "invalid_ip",
                 "the parameter ip is missing: give it in the query, ?ip=..., or POST it in a JSON "
                 "object, {\"ip\": \"...\"}");
    expect_error(
        validate({Method::post, "ip=1.2.3.4", "{}"}), 400, "invalid_ip",
        "the parameter ip is missing: the body must have it as a string, {\"ip\": \"...\"}");
    expect_error(posted(R"({"ip":1})"), 400, "invalid_ip",
                 "the parameter ip must be a string, not a number");
    expect_error(posted(R"(["1.2.3.4"])"), 400, "invalid_body",
                 "the body must be a JSON object, not an array");
}

}  // namespace

}  // namespace dns_tools::api
