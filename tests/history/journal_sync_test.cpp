#include <gtest/gtest.h>

#include "history/segment_header.hpp"
#include "journal_fixture.hpp"

namespace dns_tools::history::test {
namespace {

using std::chrono::milliseconds;

class SyncedJournal : public JournalTest {
protected:
    SyncedJournal() {
        options.sync = JournalSyncMode::always;
        options.adopt_interval = std::chrono::hours(1);
    }
    /// With its spare segment made, so that only what is appended is synced from now on.
    std::unique_ptr<Journal> settled() {
        auto journal = make();
        EXPECT_TRUE(eventually(loop, [&] {
            return journal->bytes_used() == options.size / 4 && loop.armed_timers() == 1;
        }));
        disk.syncs = 0;
        return journal;
    }
};

TEST_F(SyncedJournal, IsDurableWhenTheDiskSaysSo) {
    const auto journal = settled();
    disk.hold = true;
    append(*journal, 1);
    const auto first = journal->end();
    ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 1; }));
    EXPECT_LT(journal->durable(), first);
    append(*journal, 5);
    const auto second = journal->end();
    disk.hold = false;
    ASSERT_TRUE(eventually(loop, [&] { return diary.synced == 1; }));
    EXPECT_EQ(journal->durable(), first) << "what came while it was under way is not covered";
    ASSERT_TRUE(eventually(loop, [&] { return diary.synced == 2; }));
    EXPECT_EQ(journal->durable(), second);
    EXPECT_EQ(disk.syncs, 2) << "one for all that waited";
    loop.run_for(milliseconds(20));
    EXPECT_EQ(disk.syncs, 2);
}

TEST_F(SyncedJournal, WhatOneTurnAppendsIsOneSync) {
    const auto journal = settled();
    append(*journal, 100);
    EXPECT_EQ(disk.syncs, 0);
    ASSERT_TRUE(eventually(loop, [&] { return journal->durable() == journal->end(); }));
    EXPECT_EQ(disk.syncs, 1);
    EXPECT_EQ(diary.synced, 1);
}

TEST_F(SyncedJournal, WhatIsAcknowledgedIsDurable) {
    const auto journal = settled();
    disk.hold = true;
    append(*journal, 1);
    journal->acknowledge(journal->end());
    EXPECT_EQ(journal->durable(), journal->end());
    disk.hold = false;
}

TEST_F(SyncedJournal, SyncsEverySegmentThatWasAppendedTo) {
    const auto journal = settled();
    const std::string domain(30'000, 'x');
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(journal->append({}, maker.make(domain)));
    }
    ASSERT_TRUE(eventually(loop, [&] { return journal->durable() == journal->end(); }));
    EXPECT_GE(disk.syncs, 2);
}

TEST_F(SyncedJournal, AFailedSyncIsNotTriedAgain) {
    auto journal = settled();
    disk.fail_sync = true;
    disk.hold = true;
    const auto failed = append(*journal, 3);
    ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 1; }));
    const auto late = append(*journal);  // in the same segment, after the sync began
    const auto before = journal->durable();
    disk.hold = false;
    ASSERT_TRUE(eventually(loop, [&] { return !diary.sync_failures.empty(); }));
    disk.fail_sync = false;
    EXPECT_EQ(diary.synced, 0);
    EXPECT_EQ(journal->durable(), before);
    const auto file = find(failed[0]).first;
    EXPECT_NE(diary.sync_failures[0].find(file.string()), std::string::npos);
    EXPECT_NE(diary.sync_failures[0].find("Input/output error"), std::string::npos);

    const auto good = append(*journal);
    EXPECT_NE(find(good).first, file) << "it goes on in another segment";
    EXPECT_EQ(find(late).first, file);
    ASSERT_TRUE(eventually(loop, [&] { return diary.synced == 1; }));
    EXPECT_EQ(journal->durable(), journal->end());
    EXPECT_EQ(read(*journal).size(), 5U);

    journal->acknowledge(journal->end());
    EXPECT_TRUE(eventually(loop, [&] { return !fs::exists(file); }))
        << "a file that the disk refused is not used again";
    EXPECT_EQ(diary.sync_failures.size(), 1U);
}

/// A file that is acknowledged as a whole while its sync is under way, which fails in the end.
class LateFailure : public SyncedJournal {
protected:
    void SetUp() override {
        journal = settled();
        disk.hold = true;
        file = find(append(*journal)).first;
        ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 1; }));
        next = find(append(*journal, 1'300).back()).first;
        ASSERT_NE(next, file);
        ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 2; })) << "of a spare segment";
        identity = identity_of(file);
        journal->acknowledge(journal->end());
    }
    static std::string identity_of(const fs::path& path) {
        return contents(path).substr(offsetof(SegmentHeader, sequence), 8);
    }
    void expect_removed() {
        EXPECT_EQ(diary.sync_failures.size(), 1U);
        EXPECT_TRUE(eventually(loop, [&] { return !fs::exists(file); }));
        EXPECT_TRUE(diary.downs.empty());
        append(*journal, 3'000);
        EXPECT_TRUE(eventually(loop, [&] { return journal->bytes_used() == bytes_on_disk(); }));
    }

    std::unique_ptr<Journal> journal;
    fs::path file;
    fs::path next;
    std::string identity;
};

TEST_F(LateFailure, TakesTheFileFromThoseThatAreReady) {
    disk.held = descriptor_of(file);
    ASSERT_TRUE(eventually(loop, [&] { return identity_of(file) != identity; }));
    loop.run_for(milliseconds(20));
    disk.fail_sync = true;
    disk.hold = false;
    ASSERT_TRUE(eventually(loop, [&] { return !diary.sync_failures.empty(); }));
    disk.fail_sync = false;
    expect_removed();
}

TEST_F(LateFailure, TakesTheFileFromThoseThatAreMadeReady) {
    for (const auto& path : files()) {
        if (path != file && path != next) {
            disk.held = descriptor_of(path);
        }
    }
    disk.fail_sync = true;
    ASSERT_TRUE(eventually(loop, [&] { return !diary.sync_failures.empty(); }));
    disk.fail_sync = false;
    EXPECT_EQ(identity_of(file), identity);
    disk.hold = false;
    expect_removed();
}

TEST_F(SyncedJournal, LeavesWhileASyncIsUnderWay) {
    auto journal = settled();
    disk.hold = true;
    const auto ids = append(*journal, 3);
    ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 1; }));
    disk.hold = false;
    journal.reset();
    EXPECT_EQ(diary.synced, 0);
    journal = make();
    ASSERT_TRUE(found(*journal, 3));
    EXPECT_EQ(read(*journal), ids);
}

TEST_F(SyncedJournal, PeriodicallyNobodyWaits) {
    options.sync = JournalSyncMode::periodic;
    options.sync_interval = milliseconds(30);
    const auto journal = settled();
    append(*journal, 3);
    EXPECT_EQ(journal->durable(), journal->end());
    EXPECT_EQ(disk.syncs, 0);
    ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 1; }));
    append(*journal, 3);
    ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 2; }));
    ASSERT_TRUE(eventually(loop, [&] { return loop.armed_timers() == 1; })) << "idle again";
    loop.run_for(milliseconds(100));
    EXPECT_EQ(disk.syncs, 2);
    EXPECT_EQ(diary.synced, 0);

    disk.fail_sync = true;
    const auto file = find(append(*journal)).first;
    ASSERT_TRUE(eventually(loop, [&] { return diary.sync_failures.size() == 1; }));
    disk.fail_sync = false;
    EXPECT_NE(find(append(*journal)).first, file);
    EXPECT_EQ(read(*journal).size(), 8U);
}

TEST_F(SyncedJournal, OffNeverSyncs) {
    options.sync = JournalSyncMode::off;
    const auto journal = settled();
    append(*journal, 2'000);
    loop.run_for(milliseconds(50));
    EXPECT_EQ(disk.syncs, 0);
    EXPECT_EQ(journal->durable(), journal->end());
}

TEST_F(SyncedJournal, ASlowSyncDoesNotKeepNewSegmentsFromComing) {
    const auto journal = settled();
    disk.hold = true;
    append(*journal);
    ASSERT_TRUE(eventually(loop, [&] { return disk.syncs >= 1; }));
    append(*journal, 600);
    EXPECT_EQ(journal->durable(), 0U);
    disk.hold = false;
    EXPECT_TRUE(eventually(loop, [&] { return journal->durable() == journal->end(); }));
}

}  // namespace
}  // namespace dns_tools::history::test
