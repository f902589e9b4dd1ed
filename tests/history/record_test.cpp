#include "history/record.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support.hpp"

namespace dns_tools::history::test {
namespace {

class Encoding : public testing::Test {
protected:
    std::span<const std::byte> encoded(const Record& record) {
        buffer_.assign(encoded_size(record) / 8 + 1, ~std::uint64_t{0});
        auto* const bytes = reinterpret_cast<std::byte*>(buffer_.data());
        encode(record, bytes);
        EXPECT_EQ(buffer_.back(), ~std::uint64_t{0}) << "written behind the end";
        return {bytes, encoded_size(record)};
    }

    void expect_round_trip(const Record& record) {
        const auto bytes = encoded(record);
        EXPECT_EQ(bytes.size() % 8, 0U);
        const auto back = decode(bytes);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->id, record.id);
        EXPECT_EQ(back->created_at, record.created_at);
        EXPECT_EQ(back->client, record.client);
        EXPECT_EQ(back->domain, record.domain);
        EXPECT_TRUE(std::equal(back->addresses.begin(), back->addresses.end(),
                               record.addresses.begin(), record.addresses.end()));
        EXPECT_EQ(encoded_size(*back), bytes.size());
    }

    Random random;
    RecordMaker maker{random};

private:
    std::vector<std::uint64_t> buffer_;
};

TEST_F(Encoding, KeepsEveryMember) {
    expect_round_trip(maker.make());
    maker.client.reset();
    expect_round_trip(maker.make("a"));
    maker.client = IpAddress::parse("2001:db8::1:2");
    maker.addresses.clear();
    expect_round_trip(maker.make(""));
    expect_round_trip(maker.make(std::string(max_domain_size, 'x')));
    maker.addresses.assign(4'000, {Ipv4Address{{10, 20, 30, 40}}, 4'294'967'295U});
    expect_round_trip(maker.make("xn--bcher-kva.example"));
}

TEST_F(Encoding, TakesLittleRoom) {
    EXPECT_EQ(encoded_size(maker.make("example.com")), 48U + 2 * 8 + 16);
}

TEST_F(Encoding, RefusesEveryCut) {
    const auto bytes = encoded(maker.make());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode(bytes.first(size))) << size;
    }
}

TEST_F(Encoding, ReadsTheFirstOfMore) {
    const auto record = maker.make();
    const auto bytes = encoded(record);
    const auto more = decode({bytes.data(), bytes.size() + 8});
    ASSERT_TRUE(more);
    EXPECT_EQ(encoded_size(*more), bytes.size());
}

TEST_F(Encoding, RefusesAnImpossibleClient) {
    const auto bytes = encoded(maker.make());
    const_cast<std::byte&>(bytes[6]) = std::byte{5};
    EXPECT_FALSE(decode(bytes));
}

}  // namespace
}  // namespace dns_tools::history::test
