#include "api/service.hpp"

#include <gtest/gtest.h>

#include "api/expect.hpp"

namespace dns_tools::api {

namespace {

using Status = Readiness::Check::Status;

TEST(Service, info) {
    const std::chrono::sys_seconds now{std::chrono::seconds(1663534325)};
    EXPECT_EQ(info(now, false).body, R"({"version":"0.1.0","date":1663534325,"kubernetes":false})");
    EXPECT_EQ(info(now, true).body, R"({"version":"0.1.0","date":1663534325,"kubernetes":true})");
    EXPECT_EQ(info(now, true).status, 200);
}

TEST(Service, health) {
    EXPECT_EQ(health().body, R"({"status":"up"})");
    EXPECT_EQ(health().status, 200);
}

TEST(Service, ready_shows_each_check) {
    Readiness readiness;
    readiness.resolver.since = std::chrono::sys_seconds(std::chrono::seconds(1663534325));
    readiness.database = {Status::down, "no \"route\"",
                          std::chrono::sys_seconds(std::chrono::seconds(1663534326))};
    readiness.journal.status = Status::off;
    EXPECT_EQ(ready(readiness).body,
              R"({"status":"degraded","checks":{"resolver":{"status":"up","since":1663534325},)"
              R"("database":{"status":"down","since":1663534326,"reason":"no \"route\""},)"
              R"("journal":{"status":"off"}}})");
    readiness.stopping = true;
    EXPECT_EQ(test::parsed(ready(readiness).body)["reason"], "the worker is shutting down");
}

TEST(Service, ready_is_down_only_without_upstreams_or_when_stopping) {
    const struct {
        Status resolver, database, journal;
        bool stopping;
        int status;
        std::string_view word;
    } contract[] = {
        {Status::up, Status::up, Status::up, false, 200, "up"},
        {Status::up, Status::off, Status::off, false, 200, "up"},
        {Status::up, Status::down, Status::off, false, 200, "degraded"},
        {Status::up, Status::up, Status::down, false, 200, "degraded"},
        {Status::down, Status::up, Status::up, false, 503, "down"},
        {Status::down, Status::down, Status::down, false, 503, "down"},
        {Status::up, Status::up, Status::up, true, 503, "down"},
        {Status::up, Status::down, Status::up, true, 503, "down"},
    };
    for (const auto& expected : contract) {
        const Reply reply = ready({{expected.resolver, "", {}},
                                   {expected.database, "", {}},
                                   {expected.journal, "", {}},
                                   expected.stopping});
        EXPECT_EQ(reply.status, expected.status);
        EXPECT_EQ(test::parsed(reply.body)["status"], expected.word);
    }
}

}  // namespace

}  // namespace dns_tools::api
