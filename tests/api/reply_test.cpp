#include "api/reply.hpp"

#include <gtest/gtest.h>

#include "api/expect.hpp"

namespace dns_tools::api {

namespace {

using test::expect_error;

TEST(Reply, an_error_has_exactly_code_and_message) {
    const Reply reply = error(404, "nxdomain", "domain \"a\" does not exist");
    EXPECT_EQ(reply.body, R"({"code":"nxdomain","message":"domain \"a\" does not exist"})");
    EXPECT_EQ(reply.status, 404);
    EXPECT_TRUE(reply.allow.empty());
    EXPECT_EQ(reply.retry_after, 0u);
}

TEST(Reply, any_bytes_in_a_message_are_valid_json) {
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) {
        every_byte += static_cast<char>(byte);
    }
    const auto json = test::parsed(error(400, "x", every_byte).body);
    const auto message = json["message"].get<std::string>();
    EXPECT_EQ(message.substr(0, 128), every_byte.substr(0, 128));
    EXPECT_EQ(message.substr(128, 3), "\xef\xbf\xbd");
    EXPECT_EQ(message.size(), 128u + 128 * 3);
}

TEST(Reply, methods) {
    for (const auto allowed : {Allowed::get, Allowed::get_and_post}) {
        EXPECT_FALSE(check_method(Method::get, allowed));
        EXPECT_FALSE(check_method(Method::head, allowed));
    }
    EXPECT_FALSE(check_method(Method::post, Allowed::get_and_post));

    const auto post = check_method(Method::post, Allowed::get);
    ASSERT_TRUE(post);
    EXPECT_EQ(post->allow, "GET, HEAD");
    expect_error(*post, 405, "method_not_allowed", "the method is not one of GET and HEAD");

    const auto other = check_method(Method::other, Allowed::get_and_post);
    ASSERT_TRUE(other);
    EXPECT_EQ(other->allow, "GET, HEAD, POST");
    expect_error(*other, 405, "method_not_allowed", "the method is not one of GET, HEAD and POST");
}

TEST(Reply, body_too_large) {
    expect_error(body_too_large(), 413, "body_too_large", "the body is longer than 8192 bytes");
}

TEST(Reply, internal_error) {
    expect_error(internal_error(), 500, "internal_error",
                 "the server failed to answer; the request is not to blame");
}

}  // namespace

}  // namespace dns_tools::api
