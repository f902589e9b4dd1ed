#include "api/accept.hpp"

#include <gtest/gtest.h>

#include <array>

namespace dns_tools::api {

namespace {

constexpr std::array<std::string_view, 3> types{"application/json", "text/csv",
                                                "application/x-ndjson"};
constexpr std::size_t json = 0;
constexpr std::size_t csv = 1;
constexpr std::size_t ndjson = 2;

struct Case {
    std::string_view accept;
    std::size_t preferred;
};

class Accept : public testing::TestWithParam<Case> {};

TEST_P(Accept, prefers) {
    EXPECT_EQ(preferred_type(GetParam().accept, types), GetParam().preferred) << GetParam().accept;
}

INSTANTIATE_TEST_SUITE_P(
    contract, Accept,
    testing::Values(
        Case{"", json}, Case{"*/*", json}, Case{"application/json", json}, Case{"text/csv", csv},
        Case{"application/x-ndjson", ndjson}, Case{"Text/CSV", csv}, Case{"text/*", csv},
        Case{"application/*", json}, Case{" text/csv\t", csv}, Case{"text/csv;header=absent", csv},
        // what a browser and curl say
        Case{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", json},
        // weights
        Case{"application/json;q=0.5, text/csv", csv},
        Case{"application/json, text/csv;q=0.9", json},
        Case{"text/csv;q=0.1,application/x-ndjson;q=0.11", ndjson},
        Case{"text/csv;q=0.123,application/x-ndjson;q=0.124", ndjson},
        Case{"text/csv; Q=0.2 , application/json ; q=0.1", csv},
        Case{"text/csv;header=present;q=0.1;x=y,application/json;q=0.2", json},
        Case{"text/csv;q=1.000,application/json;q=0.999", csv},
        // equal weights: the first of ours
        Case{"text/csv,application/json", json}, Case{"application/x-ndjson,text/csv", csv},
        // the more exact range counts
        Case{"*/*,application/json;q=0", csv},
        Case{"*/*;q=0.1,application/*;q=0.2,text/csv;q=0.15", json},
        Case{"application/*;q=0.5,application/json;q=0.1,text/csv;q=0.4", ndjson},
        Case{"text/*;q=0.1,text/csv;q=0.9,application/json;q=0.5", csv},
        // none is acceptable
        Case{"text/html,text/csv;q=0.1", csv}, Case{"text/html", json},
        Case{"application/json;q=0", json}, Case{"image/*", json},
        // what is no weight, or no range
        Case{"text/csv;q=2", json}, Case{"text/csv;q=1.001", json}, Case{"text/csv;q=.5", json},
        Case{"text/csv;q=", json}, Case{"text/csv;q=0.1234", json}, Case{"text/csv;q=0,5", json},
        Case{"text/csv;q=-1", json}, Case{"csv", json}, Case{"text/csvx", json},
        Case{",,;,text/csv,", csv}, Case{"*", json}, Case{"/*", json}, Case{"text", json}));

}  // namespace

}  // namespace dns_tools::api
