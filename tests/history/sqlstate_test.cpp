#include "history/sqlstate.hpp"

#include <gtest/gtest.h>

#include "history/pg_text.hpp"

namespace dns_tools::history {
namespace {

struct Case {
    const char* state;
    ErrorKind kind;
};

TEST(Sqlstate, IsSortedByWhatHelps) {
    constexpr Case cases[] = {
        {"", ErrorKind::connection},         {"08006", ErrorKind::connection},
        {"57P01", ErrorKind::connection},    {"57014", ErrorKind::transient},
        {"25006", ErrorKind::connection},    {"53100", ErrorKind::transient},
        {"53300", ErrorKind::transient},     {"58030", ErrorKind::transient},
        {"40001", ErrorKind::transient},     {"40P01", ErrorKind::transient},
        {"55P03", ErrorKind::transient},     {"25P02", ErrorKind::transient},
        {"XX000", ErrorKind::transient},     {"P0001", ErrorKind::transient},
        {"ZZZZZ", ErrorKind::transient},     {"28P01", ErrorKind::configuration},
        {"28000", ErrorKind::configuration}, {"3D000", ErrorKind::configuration},
        {"3F000", ErrorKind::configuration}, {"42501", ErrorKind::configuration},
        {"42P01", ErrorKind::configuration}, {"42703", ErrorKind::configuration},
        {"42804", ErrorKind::configuration}, {"22021", ErrorKind::data},
        {"22001", ErrorKind::data},          {"23505", ErrorKind::data},
        {"23514", ErrorKind::data},          {"54000", ErrorKind::data},
    };
    for (const auto& [state, kind] : cases) {
        EXPECT_EQ(classify(state), kind) << state;
    }
}

TEST(Sqlstate, SaysWhetherTheSchemaIsMissing) {
    EXPECT_TRUE(says_missing_schema("42P01"));
    EXPECT_TRUE(says_missing_schema("42703"));
    EXPECT_FALSE(says_missing_schema("42501"));
    EXPECT_FALSE(says_missing_schema(""));
}

TEST(ConnectFailure, IsOneLineWithTheState) {
    const auto failure = read_connect_failure(
        "connection to server at \"db1\" (192.0.2.1), port 5432 failed: Connection refused\n"
        "\tIs the server running on that host and accepting TCP/IP connections?\n"
        "connection to server at \"db2\" (192.0.2.2), port 5432 failed: FATAL:  28P01: password "
        "authentication failed for user \"tools\"\n"
        "LOCATION:  auth_failed, auth.c:326\n");
    EXPECT_EQ(failure.sqlstate, "28P01");
    EXPECT_EQ(failure.text,
              "connection to server at \"db1\" (192.0.2.1), port 5432 failed: Connection refused; "
              "connection to server at \"db2\" (192.0.2.2), port 5432 failed: FATAL:  28P01: "
              "password authentication failed for user \"tools\"");
}

TEST(ConnectFailure, ReadsATranslatedOne) {
    const auto failure = read_connect_failure("FATALE:  57P03: il sistema si sta avviando\n");
    EXPECT_EQ(failure.sqlstate, "57P03");
    EXPECT_EQ(failure.text, "FATALE:  57P03: il sistema si sta avviando");
}

TEST(ConnectFailure, KnowsWhenThereIsNoState) {
    EXPECT_EQ(read_connect_failure("").text, "");
    EXPECT_EQ(read_connect_failure("could not send SSL negotiation packet").sqlstate, "");
    EXPECT_LT(read_connect_failure(std::string(100'000, 'x')).text.size(), 1'001U);
}

}  // namespace
}  // namespace dns_tools::history
