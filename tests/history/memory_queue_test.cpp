#include "history/memory_queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>

#include "support.hpp"

namespace dns_tools::history::test {
namespace {

struct Kept {
    Uuid id;
    std::string domain;
    std::vector<AddressRecord> addresses;
    std::size_t size;
};

std::vector<Record> read_all(MemoryQueue& queue) {
    std::vector<Record> records;
    EXPECT_EQ(queue.read(queue.begin(), queue.end(), ~0U, ~0U, records), queue.end());
    return records;
}

class MemoryQueueTest : public testing::Test {
protected:
    Random random;
    RecordMaker maker{random};
};

TEST_F(MemoryQueueTest, IsBoundedWithItsReservations) {
    MemoryQueue queue(1'024);
    auto first = queue.reserve();
    {
        auto second = queue.reserve();
        EXPECT_TRUE(first && second);
        EXPECT_FALSE(queue.reserve());
    }
    auto again = queue.reserve();
    EXPECT_TRUE(again);
    EXPECT_TRUE(queue.append(std::move(again), maker.make()));
    EXPECT_FALSE(queue.reserve()) << "the record takes a part of the room it had";
    EXPECT_GT(queue.fill_ratio(), 0.5);
    EXPECT_LE(queue.fill_ratio(), 1);
    queue.acknowledge(queue.end());
    EXPECT_EQ(queue.fill_ratio(), 0.5) << "the reservation";
    EXPECT_TRUE(queue.reserve());
}

TEST_F(MemoryQueueTest, TakesALargeRecordOnlyIntoWhatIsFree) {
    maker.addresses.resize(100);
    const auto large = maker.make();
    ASSERT_GT(encoded_size(large), 512U);

    MemoryQueue queue(512 + encoded_size(large));
    auto mine = queue.reserve();
    auto other = queue.reserve();
    EXPECT_TRUE(queue.append(std::move(mine), large));
    EXPECT_EQ(queue.pending(), 1U);
    EXPECT_FALSE(queue.append(std::move(other), large));
    EXPECT_EQ(queue.pending(), 1U);
    EXPECT_FALSE(other);
    EXPECT_TRUE(queue.reserve()) << "the reservation of a record that did not fit is given back";
}

TEST_F(MemoryQueueTest, KnowsWhenItsOldestRecordWasMade) {
    MemoryQueue queue(1 << 20);
    EXPECT_FALSE(queue.oldest());
    const std::string domain(300, 'x');  // several chunks in all
    std::vector<UnixMicros> made;
    for (int i = 0; i < 1'500; ++i) {
        const auto record = maker.make(domain);
        made.push_back(record.created_at);
        ASSERT_TRUE(queue.append({}, record));
    }
    std::vector<Record> records;
    for (const auto& instant : made) {
        ASSERT_EQ(queue.oldest(), instant);
        records.clear();
        queue.acknowledge(queue.read(queue.begin(), queue.end(), 1, ~0U, records));
    }
    EXPECT_FALSE(queue.oldest());
}

TEST_F(MemoryQueueTest, RefusesADomainNoEncodingHolds) {
    MemoryQueue queue(1 << 20);
    EXPECT_FALSE(queue.append(queue.reserve(), maker.make(std::string(max_domain_size + 1, 'x'))));
    EXPECT_EQ(queue.begin(), queue.end());
}

TEST_F(MemoryQueueTest, ReadsWithinItsBounds) {
    MemoryQueue queue(1 << 20);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(queue.append(queue.reserve(), maker.make()));
    }
    const auto size = encoded_size(maker.make());
    std::vector<Record> records;
    const auto three = queue.read(queue.begin(), queue.end(), 3, ~0U, records);
    EXPECT_EQ(records.size(), 3U);
    const auto five = queue.read(three, queue.end(), 100, 2 * size + 1, records);
    EXPECT_EQ(records.size(), 5U);
    const auto six = queue.read(five, queue.end(), 100, 1, records);
    EXPECT_EQ(records.size(), 6U) << "one that is too large by itself is read all the same";
    queue.read(queue.begin(), six, 100, ~0U, records);
    EXPECT_EQ(records.size(), 12U);
    EXPECT_EQ(queue.read(queue.end(), queue.end(), 100, ~0U, records), queue.end());
}

/// Random operations on the queue and on a plain list of what it should hold.
TEST_F(MemoryQueueTest, DoesWhatAPlainListDoes) {
    const auto seed = random.next64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 dice(seed);
    const auto below = [&](std::size_t bound) { return dice() % bound; };

    constexpr std::size_t capacity = 2'000'000;
    MemoryQueue queue(capacity);
    std::deque<Kept> model;
    std::deque<Reservation> reservations;
    std::size_t used = 0;

    for (int step = 0; step < 60'000; ++step) {
        const auto what = below(100);
        if (what < 20) {
            const bool room = used + (reservations.size() + 1) * 512 <= capacity;
            auto reservation = queue.reserve();
            ASSERT_EQ(static_cast<bool>(reservation), room);
            if (reservation) {
                reservations.push_back(std::move(reservation));
            }
        } else if (what < 25 && !reservations.empty()) {
            reservations.pop_front();
        } else if (what < 92) {
            const std::string domain(below(254), static_cast<char>('a' + below(26)));
            maker.addresses.assign(below(1'000) == 0 ? 40'000 : below(9), {});
            for (auto& address : maker.addresses) {
                address.ttl = static_cast<std::uint32_t>(dice());
            }
            const auto record = maker.make(domain);
            Reservation reservation;
            if (!reservations.empty()) {
                reservation = std::move(reservations.back());
                reservations.pop_back();
            }
            const auto size = encoded_size(record);
            const bool fits = used + reservations.size() * 512 + size <= capacity;
            ASSERT_EQ(queue.append(std::move(reservation), record), fits);
            if (fits) {
                model.push_back({record.id, domain, maker.addresses, size});
                used += size;
            }
        } else if (what < 99) {
            std::vector<Record> records;
            const auto until = queue.read(queue.begin(), queue.end(), below(600), ~0U, records);
            queue.acknowledge(until);
            for (std::size_t i = 0; i < records.size(); ++i) {
                used -= model.front().size;
                model.pop_front();
            }
        } else {
            const auto records = read_all(queue);
            ASSERT_EQ(records.size(), model.size());
            for (std::size_t i = 0; i < records.size(); ++i) {
                ASSERT_EQ(records[i].id, model[i].id);
                ASSERT_EQ(records[i].domain, model[i].domain);
                ASSERT_TRUE(std::equal(records[i].addresses.begin(), records[i].addresses.end(),
                                       model[i].addresses.begin(), model[i].addresses.end()));
            }
        }
        ASSERT_EQ(queue.pending(), model.size());
    }
}

}  // namespace
}  // namespace dns_tools::history::test
