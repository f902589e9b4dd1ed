#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>

#include "journal_fixture.hpp"

namespace dns_tools::history::test {
namespace {

using std::chrono::milliseconds;

Ids sorted(Ids ids) {
    std::sort(ids.begin(), ids.end());
    return ids;
}

Ids both(const Ids& a, const Ids& b) {
    Ids ids = a;
    ids.insert(ids.end(), b.begin(), b.end());
    return sorted(std::move(ids));
}

TEST_F(JournalTest, TwoOnOnePathHaveAFolderEach) {
    auto first = make();
    auto second = make();
    EXPECT_EQ(folders(), (std::set<std::string>{"worker-0", "worker-1"}));
    const auto mine = append(*first, 5);
    const auto others = append(*second, 5);
    loop.run_for(milliseconds(100));
    EXPECT_EQ(read(*first), mine);
    EXPECT_EQ(read(*second), others);
    first.reset();
    ASSERT_TRUE(found(*second, 10));
    EXPECT_EQ(sorted(read(*second)), both(mine, others));
    EXPECT_EQ(folders(), (std::set<std::string>{"worker-0", "worker-1"}));
    second->acknowledge(second->end());
    EXPECT_TRUE(eventually(
        loop, [&] { return folders() == std::set<std::string>{"worker-1"}; }, milliseconds(5'000)))
        << "an adopted folder goes when it is done with";
    append(*second, 3);
    second.reset();
    EXPECT_EQ(folders(), std::set<std::string>{"worker-1"});
}

TEST_F(JournalTest, TheLowestFreeNumberIsTaken) {
    auto zero = make();
    auto one = make();
    auto two = make();
    one.reset();
    EXPECT_EQ(folders(), (std::set<std::string>{"worker-0", "worker-2"}));
    one = make();
    EXPECT_EQ(folders(), (std::set<std::string>{"worker-0", "worker-1", "worker-2"}));
}

TEST_F(JournalTest, TheOldestIsThatOfAllWhereverItStands) {
    options.adopt_interval = std::chrono::hours(1);
    auto gone = make();
    append(*gone, 3);
    options.adopt_interval = milliseconds(20);
    const auto journal = make();
    append(*journal, 2);
    gone.reset();
    ASSERT_TRUE(found(*journal, 5)) << "what is taken over comes behind the own";
    append(*journal, 2);
    std::vector<UnixMicros> made;
    std::vector<Record> records;
    journal->read(journal->begin(), journal->end(), ~std::size_t{0}, ~std::size_t{0}, records);
    for (const auto& record : records) {
        made.push_back(record.created_at);
    }
    ASSERT_LT(made[2], made[0]);
    for (auto first = made.begin(); first != made.end(); ++first) {
        EXPECT_EQ(journal->oldest(), *std::min_element(first, made.end()));
        records.clear();
        journal->acknowledge(journal->read(journal->begin(), journal->end(), 1, 1, records));
    }
    EXPECT_FALSE(journal->oldest());
}

TEST_F(JournalTest, OneTakesOverWhatManyLeft) {
    Ids expected;
    {
        std::vector<std::unique_ptr<Journal>> journals;
        for (int i = 0; i < 6; ++i) {
            journals.push_back(make());
            expected = both(expected, append(*journals.back(), 10));
        }
    }
    options.size = 4 * JournalOptions::min_size;
    auto journal = make();
    const auto more = append(*journal, 10);
    ASSERT_TRUE(found(*journal, 70));
    EXPECT_EQ(sorted(read(*journal)), both(expected, more));
    EXPECT_EQ(diary.adopted, 60U);
    journal->acknowledge(journal->end());
    EXPECT_TRUE(eventually(loop, [&] { return folders().size() == 1; }));
    journal.reset();
    EXPECT_TRUE(folders().empty());
}

TEST_F(JournalTest, AFolderThatDoesNotFitWaitsUntilTheOwnBacklogIsGone) {
    options.adopt_interval = std::chrono::hours(1);
    auto a = make();
    auto b = make();
    const std::string domain(4'000, 'x');
    for (int i = 0; i < 150; ++i) {
        append(*a, domain);
        append(*b, domain);
    }
    const auto oldest = b->oldest();
    a.reset();
    b.reset();
    options.adopt_interval = milliseconds(20);
    auto journal = make();
    ASSERT_TRUE(found(*journal, 150));
    EXPECT_TRUE(eventually(loop, [&] { return diary.left == 150; })) << diary.left;
    EXPECT_EQ(diary.oldest_left, oldest);
    loop.run_for(milliseconds(200));
    EXPECT_EQ(diary.left, 150U);
    EXPECT_EQ(journal->pending(), 150U);
    EXPECT_LE(journal->bytes_used(), options.size);
    journal->acknowledge(journal->end());
    EXPECT_TRUE(found(*journal, 150));
    EXPECT_LE(journal->bytes_used(), options.size);
    EXPECT_TRUE(eventually(loop, [&] { return diary.left == 0; })) << diary.left;
    EXPECT_FALSE(diary.oldest_left);
}

TEST_F(JournalTest, HoldsNoMoreThanSomeFoldersAtATime) {
    auto gone = make();
    append(*gone);
    crash(gone);
    const fs::path left = folder.path() / "left";
    fs::rename(options.path, left);
    fs::remove(left / "worker-0" / "lock");
    options.size = 64 * JournalOptions::min_size;
    options.adopt_interval = milliseconds(1);
    const auto journal = make();
    for (int i = 1; i <= 70; ++i) {
        fs::copy(left / "worker-0", options.path + "/worker-" + std::to_string(i));
    }
    ASSERT_TRUE(found(*journal, 64));
    loop.run_for(milliseconds(100));
    EXPECT_EQ(journal->pending(), 64U);
    journal->acknowledge(journal->end());
    EXPECT_TRUE(found(*journal, 6));
    journal->acknowledge(journal->end());
}

TEST_F(JournalTest, AnEmptyFolderThatNobodyHoldsIsRemoved) {
    const auto journal = make();
    fs::create_directory(options.path + "/worker-7");
    fs::create_directory(options.path + "/worker-x");
    fs::create_directory(options.path + "/worker-");
    EXPECT_TRUE(eventually(loop, [&] { return folders().count("worker-7") == 0; }));
    EXPECT_EQ(folders(), (std::set<std::string>{"worker-", "worker-0", "worker-x"}));
}

TEST_F(JournalTest, AnOwnFolderFullOfEmptyFilesIsNoHindrance) {
    options.adopt_interval = std::chrono::hours(1);
    fs::create_directories(options.path + "/worker-0");
    for (int i = 0; i < 8; ++i) {
        const auto file = options.path + "/worker-0/000000000000000" + std::to_string(i);
        std::ofstream(file + ".segment") << std::string(JournalOptions::min_size / 8, '\0');
    }
    const auto journal = make();
    EXPECT_EQ(files().size(), 8U) << "there was room for another";
    EXPECT_TRUE(eventually(
        loop, [&] { return journal->bytes_used() == options.size / 4; }, milliseconds(5'000)))
        << "room is made before anybody asks for it";
    EXPECT_TRUE(journal->reserve());
}

TEST_F(JournalTest, AFolderWithSomethingElseInItStays) {
    const auto journal = make();
    fs::create_directory(options.path + "/worker-7");
    std::ofstream(options.path + "/worker-7/notes") << "mine";
    ASSERT_TRUE(eventually(loop, [&] { return !diary.left_alone.empty(); }));
    loop.run_for(milliseconds(100));
    EXPECT_TRUE(fs::exists(options.path + "/worker-7/notes"));
    EXPECT_EQ(diary.left_alone.size(), 1U);
    EXPECT_TRUE(diary.left_alone[0].first.ends_with("/worker-7"));
    fs::remove(options.path + "/worker-7/notes");
    EXPECT_TRUE(eventually(
        loop, [&] { return folders().count("worker-7") == 0; }, milliseconds(5'000)))
        << "nothing keeps it any more";
}

TEST_F(JournalTest, TakesOverNothingOnceItDrains) {
    auto first = make();
    auto second = make();
    append(*first, 5);
    second->drain();
    first.reset();
    loop.run_for(milliseconds(200));
    EXPECT_EQ(second->pending(), 0U);
}

TEST_F(JournalTest, DrainingBeforeTheOwnBacklogIsLoadedLosesNothing) {
    auto journal = make();
    const auto ids = append(*journal, 5);
    journal.reset();
    for (int turns = 0; turns < 5; ++turns) {
        journal = make();
        loop.run_for(milliseconds(turns));
        journal->drain();
        loop.run_for(milliseconds(turns));
        journal.reset();
    }
    journal = make();
    ASSERT_TRUE(found(*journal, 5));
    EXPECT_EQ(read(*journal), ids);
}

TEST_F(JournalTest, GoesOnInANewFolderWhenItsOwnIsRemoved) {
    const auto journal = make();
    const auto ids = append(*journal, 5);
    ASSERT_TRUE(eventually(loop, [&] { return journal->bytes_used() == options.size / 4; }));
    fs::remove_all(options.path);
    ASSERT_TRUE(eventually(loop, [&] { return !diary.downs.empty(); }));
    EXPECT_NE(diary.downs[0].find("was removed"), std::string::npos) << diary.downs[0];
    EXPECT_EQ(diary.downs.size(), 1U) << diary.downs.back();
    ASSERT_TRUE(eventually(loop, [&] { return journal->up(); }));
    EXPECT_EQ(folders(), std::set<std::string>{"worker-0"});
    const auto more = append(*journal, 5);
    EXPECT_EQ(sorted(read(*journal)), both(ids, more)) << "what is mapped is still there";
    journal->acknowledge(journal->end());
    append(*journal, 1);
    EXPECT_EQ(files().empty(), false);
}

TEST_F(JournalTest, GoesOnInANewFolderWhenTheLockOfItsOwnIsRemoved) {
    const auto journal = make();
    const auto ids = append(*journal, 5);
    ASSERT_TRUE(eventually(loop, [&] { return journal->bytes_used() == options.size / 4; }));
    fs::remove(options.path + "/worker-0/lock");
    ASSERT_TRUE(eventually(loop, [&] { return !diary.downs.empty(); }));
    EXPECT_NE(diary.downs[0].find("worker-0\", or its lock, was removed"), std::string::npos)
        << diary.downs[0];
    const auto more = append(*journal, 5);
    loop.run_for(milliseconds(100));
    EXPECT_EQ(sorted(read(*journal)), both(ids, more));
    EXPECT_EQ(diary.adopted, 0U) << "its own records, which it still has";
    journal->acknowledge(journal->end());
    EXPECT_TRUE(eventually(loop, [&] { return folders() == std::set<std::string>{"worker-1"}; }));
}

TEST_F(JournalTest, AFolderInUseIsNotTakenOverWithoutItsLock) {
    options.adopt_interval = std::chrono::hours(1);
    const auto first = make();
    append(*first, 5);
    options.adopt_interval = milliseconds(20);
    const auto second = make();
    fs::remove(options.path + "/worker-0/lock");
    loop.run_for(milliseconds(200));
    EXPECT_EQ(second->pending(), 0U);
    append(*first, 500);
}

/// Shared by a child and its parent.
struct Shared {
    std::atomic<std::uint64_t> appended;
    std::atomic<std::uint64_t> acknowledged;
};

/// Appends records numbered by their domain until it is killed.
[[noreturn]] void append_for_ever(const JournalOptions& options, Shared& shared) {
    PollLoop loop;
    Random random;
    RecordMaker maker(random);
    JournalDiary diary;
    Journal journal(loop, random, diary, options);
    journal.start();
    for (std::uint64_t number = 0;; ++number) {
        const auto domain = std::to_string(number) + std::string(number % 200, '.');
        auto record = maker.make(domain);
        for (bool kept = false; !kept;) {
            auto reservation = journal.reserve();
            kept = reservation && journal.append(std::move(reservation), record);
            if (!kept) {
                loop.run_for(milliseconds(1));
            }
        }
        shared.appended.store(number + 1, std::memory_order_release);
        if (journal.pending() > 2'000) {
            std::vector<Record> records;
            const auto until =
                journal.read(journal.begin(), journal.end(), 1'000, 1 << 30, records);
            journal.acknowledge(until);
            shared.acknowledged += records.size();
        }
    }
}

TEST_F(JournalTest, WhatAKilledProcessAppendedIsThereOnce) {
    options.adopt_interval = milliseconds(5);
    auto* const shared = static_cast<Shared*>(
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(static_cast<void*>(shared), MAP_FAILED);
    for (int round = 0; round < 10; ++round) {
        new (shared) Shared{};
        const auto child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            append_for_ever(options, *shared);
        }
        while (shared->appended < 3'000U + random.below(3'000)) {
            usleep(100);
        }
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);

        const std::uint64_t appended = shared->appended;
        const std::uint64_t acknowledged = shared->acknowledged;
        const auto journal = make();
        ASSERT_TRUE(eventually(loop, [&] { return journal->pending() > 0; }));
        std::vector<Record> records;
        journal->read(journal->begin(), journal->end(), ~std::size_t{0}, ~std::size_t{0}, records);
        std::uint64_t number = std::stoull(std::string(records.front().domain));
        // The kill may have come between the acknowledgement and its count, or the append and its.
        EXPECT_TRUE(number >= acknowledged && number <= acknowledged + 1'000);
        for (const auto& record : records) {
            ASSERT_EQ(record.domain, std::to_string(number) + std::string(number % 200, '.'));
            ++number;
        }
        EXPECT_TRUE(number == appended || number == appended + 1);
        EXPECT_TRUE(diary.damages.empty());
        journal->acknowledge(journal->end());
    }
    munmap(shared, sizeof(Shared));
    EXPECT_TRUE(eventually(loop, [&] { return folders().empty(); }));
}

}  // namespace
}  // namespace dns_tools::history::test
