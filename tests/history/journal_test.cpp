#include "history/journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "journal_fixture.hpp"

namespace dns_tools::history::test {
namespace {

constexpr std::size_t everything = ~std::size_t{0};

TEST_F(JournalTest, KeepsReadsAndAcknowledges) {
    const auto journal = make();
    EXPECT_EQ(diary.ups, 1);
    EXPECT_EQ(journal->begin(), journal->end());
    EXPECT_FALSE(journal->oldest());

    const auto ids = append(*journal, 10);
    EXPECT_EQ(journal->pending(), 10U);
    EXPECT_EQ(read(*journal), ids);
    EXPECT_EQ(journal->durable(), journal->end());

    std::vector<Record> records;
    const auto four = journal->read(journal->begin(), journal->end(), 4, everything, records);
    const auto five = journal->read(four, journal->end(), 100, 1, records);
    EXPECT_EQ(records.size(), 5U) << "one that is too large by itself is read all the same";
    EXPECT_EQ(records[3].domain, "example.com");
    EXPECT_TRUE(std::equal(records[3].addresses.begin(), records[3].addresses.end(),
                           maker.addresses.begin(), maker.addresses.end()));
    EXPECT_EQ(journal->oldest(), records[0].created_at);
    journal->acknowledge(four);
    EXPECT_EQ(journal->pending(), 6U);
    EXPECT_EQ(journal->oldest(), records[4].created_at);
    EXPECT_EQ(journal->read(four, five, 100, everything, records), five);
    EXPECT_EQ(records.size(), 6U);
    journal->acknowledge(journal->end());
    EXPECT_EQ(journal->begin(), journal->end());
    EXPECT_EQ(journal->pending(), 0U);
}

TEST_F(JournalTest, LeavesNothingBehindWhenAllIsAcknowledged) {
    auto journal = make();
    EXPECT_EQ(folders(), std::set<std::string>{"worker-0"});
    append(*journal, 3);
    journal->acknowledge(journal->end());
    journal.reset();
    EXPECT_TRUE(folders().empty());
}

TEST_F(JournalTest, FindsWhatItLeft) {
    auto journal = make();
    auto ids = append(*journal, 100);
    std::vector<Record> records;
    journal->acknowledge(journal->read(journal->begin(), journal->end(), 30, everything, records));
    ids.erase(ids.begin(), ids.begin() + 30);
    journal.reset();
    EXPECT_EQ(folders(), std::set<std::string>{"worker-0"});

    journal = make();
    ASSERT_TRUE(found(*journal, 70));
    EXPECT_EQ(read(*journal), ids);
    EXPECT_EQ(diary.adopted, 70U);
    const auto more = append(*journal, 5);
    ids.insert(ids.end(), more.begin(), more.end());
    EXPECT_EQ(read(*journal), ids);
    EXPECT_EQ(folders(), std::set<std::string>{"worker-0"});
    journal->acknowledge(journal->end());
    journal.reset();
    EXPECT_TRUE(folders().empty());
    EXPECT_TRUE(diary.damages.empty());
}

TEST_F(JournalTest, WhatIsAppendedBeforeTheBacklogIsLoadedStaysInItsPlace) {
    auto journal = make();
    const auto old = append(*journal, 3);
    journal.reset();
    journal = make();
    const auto early = append(*journal);  // no turn of the loop yet
    const auto end = journal->end();
    ASSERT_TRUE(found(*journal, 4));
    EXPECT_EQ(read(*journal), (Ids{early, old[0], old[1], old[2]}));
    std::vector<Record> records;
    EXPECT_EQ(journal->read(journal->begin(), end, 10, everything, records), end);
    EXPECT_EQ(records.size(), 1U);
    const auto late = append(*journal);
    EXPECT_EQ(read(*journal).back(), late);
}

TEST_F(JournalTest, IsBoundedInBytesWithItsReservations) {
    const auto journal = make();
    const std::string domain(400, 'x');
    Ids ids;
    for (bool refused = false; !refused;) {
        refused = !eventually(
            loop,
            [&] {
                auto reservation = journal->reserve();
                auto record = maker.make(domain);
                if (!reservation || !journal->append(std::move(reservation), record)) {
                    return false;
                }
                ids.push_back(record.id);
                return true;
            },
            std::chrono::milliseconds(100));
    }
    std::uintmax_t used = 0;
    for (const auto& file : files()) {
        used += fs::file_size(file);
    }
    EXPECT_LE(used, options.size);
    EXPECT_EQ(journal->bytes_used(), used);
    EXPECT_GT(ids.size() * (domain.size() + 96), options.size * 9 / 10);
    EXPECT_EQ(read(*journal), ids);

    journal->acknowledge(journal->end());
    append(*journal, domain);
    EXPECT_EQ(journal->pending(), 1U);
    ASSERT_TRUE(eventually(loop, [&] { return journal->bytes_used() <= options.size / 2; }))
        << "segments that are done with are removed but for a few";
}

TEST_F(JournalTest, EveryReservationIsGood) {
    const auto journal = make();
    for (int round = 0; round < 20; ++round) {
        std::vector<Reservation> reservations;
        for (;;) {
            auto reservation = journal->reserve();
            if (!reservation) {
                break;
            }
            reservations.push_back(std::move(reservation));
        }
        // A large record takes only what nobody reserved.
        maker.addresses.resize(4'000);
        EXPECT_FALSE(journal->append({}, maker.make()));
        maker.addresses.resize(48);
        for (auto& reservation : reservations) {
            const auto record = maker.make("12345678.12345678.12345678.12345678");
            ASSERT_LE(encoded_size(record), ordinary_record_size);
            ASSERT_TRUE(journal->append(std::move(reservation), record));
        }
        EXPECT_EQ(journal->pending(), reservations.size());
        journal->acknowledge(journal->end());
        loop.run_until([&] { return static_cast<bool>(journal->reserve()); });
    }
    maker.addresses.resize(4'000);
    EXPECT_TRUE(
        eventually(loop, [&] { return journal->append(journal->reserve(), maker.make()); }));
}

TEST_F(JournalTest, RefusesWhatNoSegmentHolds) {
    const auto journal = make();
    EXPECT_FALSE(journal->append(journal->reserve(), maker.make(std::string(65'536, 'x'))));
    maker.addresses.resize(100'000);
    EXPECT_FALSE(journal->append(journal->reserve(), maker.make()));
    EXPECT_EQ(journal->pending(), 0U);
    maker.addresses.resize(4'000);
    EXPECT_TRUE(journal->append(journal->reserve(), maker.make()));
}

TEST_F(JournalTest, GoesRoundInTheSameFilesForEver) {
    const auto journal = make();
    std::set<fs::path> seen;
    Ids expected;
    for (int i = 0; i < 20'000; ++i) {
        expected.push_back(append(*journal));
        if (expected.size() == 50) {
            ASSERT_EQ(read(*journal), expected);
            journal->acknowledge(journal->end());
            expected.clear();
            for (auto& file : files()) {
                seen.insert(std::move(file));
            }
            loop.run_for(std::chrono::milliseconds(1));
        }
    }
    EXPECT_LE(seen.size(), 5U) << "files are made again instead of used again";
}

TEST_F(JournalTest, StaleFramesOfARecycledFileNeverComeBack) {
    auto journal = make();
    for (int round = 0; round < 6; ++round) {
        append(*journal, 1'000);
        journal->acknowledge(journal->end());
        loop.run_for(std::chrono::milliseconds(2));
    }
    const auto ids = append(*journal, 7);
    crash(journal);
    journal = make();
    ASSERT_TRUE(found(*journal, 7));
    EXPECT_EQ(read(*journal), ids);
    EXPECT_TRUE(diary.damages.empty()) << diary.damages[0].why;
}

TEST_F(JournalTest, GivesBackTheRoomASealedSegmentDoesNotNeed) {
    for (int crashes = 0; crashes < 12; ++crashes) {
        auto journal = make();
        ASSERT_TRUE(found(*journal, static_cast<std::size_t>(crashes)));
        append(*journal);
        crash(journal);
    }
    auto journal = make();
    ASSERT_TRUE(found(*journal, 12));
    EXPECT_LT(journal->bytes_used(), options.size / 2);
}

TEST_F(JournalTest, HasEightToSixteenSegmentsWhateverItsSize) {
    for (const std::size_t mib : {1, 3, 64, 100, 128, 250}) {
        options.size = mib * 1024 * 1024;
        const auto journal = make();
        const auto size = fs::file_size(files().at(0));
        EXPECT_GE(options.size / size, 8U) << mib;
        EXPECT_LE(options.size / size, 16U) << mib;
    }
}

TEST_F(JournalTest, HoldsNoDescriptorsOfWhatItOnlyReads) {
    constexpr std::size_t segments = 12;
    for (std::size_t crashes = 0; crashes < segments; ++crashes) {
        auto journal = make();
        ASSERT_TRUE(found(*journal, crashes));
        append(*journal);
        crash(journal);
    }
    const auto journal = make();
    ASSERT_TRUE(found(*journal, segments));
    std::size_t open = 0;
    for (const auto& descriptor : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        open += fs::read_symlink(descriptor, gone).extension() == ".segment" ? 1 : 0;
    }
    EXPECT_LE(open, 3U) << "those that are appended to";
    journal->acknowledge(journal->end());
    EXPECT_TRUE(eventually(loop, [&] { return files().size() <= 3; }));
    EXPECT_TRUE(eventually(loop, [&] { return journal->bytes_used() == bytes_on_disk(); }));
}

TEST_F(JournalTest, WaitsForNobodyButStartWhenNothingIsPending) {
    options.adopt_interval = std::chrono::hours(1);
    options.sync = JournalSyncMode::periodic;
    options.sync_interval = std::chrono::milliseconds(10);
    const auto journal = make();
    append(*journal);
    EXPECT_TRUE(eventually(loop, [&] { return loop.armed_timers() == 2; }));
    EXPECT_TRUE(eventually(loop, [&] { return loop.armed_timers() == 1; }))
        << "only the search for what others leave";
    EXPECT_FALSE(loop.holds_exit());
    journal->drain();
    EXPECT_EQ(loop.armed_timers(), 0U);
}

}  // namespace
}  // namespace dns_tools::history::test
