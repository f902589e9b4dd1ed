#include <gtest/gtest.h>

#include "history/journal_frame.hpp"
#include "journal_fixture.hpp"

/// After a write-back that failed the kernel may forget what it could not write: then a mapped page
/// holds what the disk has, zeros or the file's life before. Overwriting the file does the same.
namespace dns_tools::history::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t id_in_frame = frame::overhead + 8;
constexpr auto page = SegmentFile::page;

Ids without(const Ids& all, const std::set<std::size_t>& left_out) {
    Ids ids;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (left_out.count(i) == 0) {
            ids.push_back(all[i]);
        }
    }
    return ids;
}

class ForgottenPages : public JournalTest {
protected:
    ForgottenPages() { options.adopt_interval = std::chrono::hours(1); }

    /// With its spare segment made.
    std::unique_ptr<Journal> settled() {
        auto made = make();
        EXPECT_TRUE(eventually(loop, [&] { return made->bytes_used() == options.size / 4; }));
        return made;
    }
    void append_and_find(int count, std::string_view domain = "example.com") {
        for (int i = 0; i < count; ++i) {
            ids.push_back(append(*journal, domain));
        }
        file = find(ids[0]).first;
        bytes = contents(file);
        for (const auto& id : ids) {
            frames.push_back(bytes.find(bytes_of(id)) - id_in_frame);
        }
        frames.push_back(frames.back() + frames[1] - frames[0]);
    }
    /// These bytes become what they are in `disk_bytes`; without, zero. The records that this hits.
    std::set<std::size_t> forget(std::size_t begin, std::size_t end, std::string disk_bytes = {}) {
        disk_bytes.resize(end, '\0');
        overwrite(file, begin, std::string_view(disk_bytes).substr(begin, end - begin));
        const auto now = contents(file);
        std::set<std::size_t> records;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const auto size = frames[i + 1] - frames[i];
            if (now.compare(frames[i], size, bytes, frames[i], size) != 0) {
                records.insert(i);
            }
        }
        return records;
    }
    /// What a life of the file before left in it: frames of the same sizes, of another seed.
    std::string life_before(int count, std::string_view domain = "example.com") {
        auto other = make();
        const auto first = append(*other, domain);
        for (int i = 1; i < count; ++i) {
            append(*other, domain);
        }
        auto left = contents(find(first).first);
        other->acknowledge(other->end());
        return left;
    }
    std::uint64_t damaged_bytes() const {
        std::uint64_t sum = 0;
        for (const auto& damage : diary.damages) {
            EXPECT_EQ(damage.file, file);
            sum += damage.bytes;
        }
        return sum;
    }
    std::uint64_t bytes_of_records(const std::set<std::size_t>& records) const {
        return frames[*records.rbegin() + 1] - frames[*records.begin()];
    }
    /// Reads in batches, as a writer does, until nothing is left.
    Ids deliver() {
        Ids delivered;
        for (int batches = 0; journal->pending() > 0 && batches < 1'000; ++batches) {
            std::vector<Record> records;
            const auto until =
                journal->read(journal->begin(), journal->end(), 25, ~std::size_t{0}, records);
            for (const auto& record : records) {
                delivered.push_back(record.id);
            }
            EXPECT_FALSE(records.empty() && journal->pending() > 0);
            journal->acknowledge(until);
        }
        EXPECT_EQ(journal->pending(), 0U);
        return delivered;
    }
    /// The damage was told from the loop, all of it.
    void expect_told(const std::set<std::size_t>& lost) {
        EXPECT_TRUE(eventually(loop, [&] { return !diary.damages.empty(); }));
        EXPECT_EQ(damaged_bytes(), bytes_of_records(lost));
    }

    std::unique_ptr<Journal> journal;
    Ids ids;
    fs::path file;
    std::string bytes;
    std::vector<std::size_t> frames;  // where they begin, and the end of the last
};

TEST_F(ForgottenPages, ThatAreZeroAreMissed) {
    journal = settled();
    append_and_find(250);
    const auto lost = forget(2 * page, 3 * page);
    EXPECT_EQ(read(*journal), without(ids, lost));
    EXPECT_TRUE(diary.damages.empty()) << "told from inside a call";
    expect_told(lost);
    EXPECT_EQ(deliver(), without(ids, lost));
    append(*journal, 100);
    EXPECT_EQ(deliver().size(), 100U);
}

TEST_F(ForgottenPages, OfALifeBeforeWithRecordsOfTheSameSizeAreMissed) {
    const auto before = life_before(250);
    journal = settled();
    append_and_find(250);
    const auto lost = forget(2 * page, 6 * page, before);
    EXPECT_EQ(deliver(), without(ids, lost));
    expect_told(lost);
}

TEST_F(ForgottenPages, OfALifeBeforeWithLargerRecordsAreMissed) {
    const auto before = life_before(60, std::string(900, 'x'));
    journal = settled();
    append_and_find(250);
    const auto lost = forget(2 * page, 6 * page, before);
    EXPECT_EQ(deliver(), without(ids, lost));
    expect_told(lost);
}

TEST_F(ForgottenPages, AtTheEndAreMissed) {
    journal = settled();
    append_and_find(250);
    const auto lost = forget(6 * page, bytes.size());
    EXPECT_EQ(read(*journal), without(ids, lost));
    expect_told(lost);
    const auto more = append(*journal, 10);
    EXPECT_NE(find(more[0]).first, file) << "it goes on in another segment";
    auto all = without(ids, lost);
    all.insert(all.end(), more.begin(), more.end());
    EXPECT_EQ(deliver(), all);
}

TEST_F(ForgottenPages, AllOfThemAreMissedAndTheFileIsRemoved) {
    journal = settled();
    append_and_find(250);
    const auto lost = forget(page, bytes.size());
    EXPECT_TRUE(journal->oldest());
    std::vector<Record> records;
    journal->read(journal->begin(), journal->end(), 25, ~std::size_t{0}, records);
    EXPECT_TRUE(records.empty());
    EXPECT_EQ(journal->pending(), 0U);
    EXPECT_FALSE(journal->oldest());
    expect_told(lost);
    EXPECT_TRUE(eventually(loop, [&] { return !fs::exists(file); }));
    const auto more = append(*journal, 10);
    EXPECT_EQ(deliver(), more);
}

TEST_F(ForgottenPages, ThatWereDeliveredAreNotMissed) {
    for (const auto upto : {100U, 250U}) {
        journal = settled();
        ids.clear();
        frames.clear();
        append_and_find(250);
        std::vector<Record> records;
        const auto until =
            journal->read(journal->begin(), journal->end(), upto, ~std::size_t{0}, records);
        const auto lost = forget(page + 512, frames[90]);
        ASSERT_FALSE(lost.empty());
        journal->acknowledge(until);
        EXPECT_EQ(journal->pending(), 250U - upto);
        EXPECT_EQ(deliver(), Ids(ids.begin() + upto, ids.end()));
        loop.run_for(milliseconds(20));
        EXPECT_TRUE(diary.damages.empty());
        journal.reset();
    }
}

TEST_F(ForgottenPages, BehindWhatWasDeliveredAreMissedOnce) {
    journal = settled();
    append_and_find(250);
    std::vector<Record> records;
    const auto until =
        journal->read(journal->begin(), journal->end(), 100, ~std::size_t{0}, records);
    const auto lost = forget(frames[50], frames[150]);
    journal->acknowledge(until);
    EXPECT_EQ(deliver(), Ids(ids.begin() + 150, ids.end()));
    EXPECT_TRUE(eventually(loop, [&] { return !diary.damages.empty(); }));
    EXPECT_EQ(damaged_bytes(), frames[150] - frames[100]);
}

class FailedSync : public ForgottenPages {
protected:
    FailedSync() { options.sync = JournalSyncMode::always; }

    /// Its sync fails: before, `harm` is done, perhaps.
    template <class Harm>
    void fail(Harm harm) {
        disk.hold = true;
        disk.syncs = 0;
        append_and_find(250);
        ASSERT_TRUE(eventually(loop, [&] { return disk.syncs == 1; }));
        disk.fail_sync = true;
        harm();
        disk.hold = false;
        ASSERT_TRUE(eventually(loop, [&] { return !diary.sync_failures.empty(); }));
        disk.fail_sync = false;
    }
};

TEST_F(FailedSync, KeepsInMemoryWhatTheKernelMayForget) {
    journal = settled();
    loop.run_for(milliseconds(50));
    fail([] {});
    forget(page, bytes.size());
    EXPECT_EQ(read(*journal), ids);
    const auto more = append(*journal, 100);
    auto all = ids;
    all.insert(all.end(), more.begin(), more.end());
    EXPECT_EQ(deliver(), all);
    EXPECT_TRUE(diary.damages.empty());
    EXPECT_TRUE(eventually(loop, [&] { return !fs::exists(file); }));
}

TEST_F(FailedSync, MissesAtOnceWhatIsForgottenAlready) {
    journal = settled();
    loop.run_for(milliseconds(50));
    std::set<std::size_t> lost;
    fail([&] { lost = forget(3 * page, 4 * page); });
    EXPECT_EQ(journal->pending(), 250U - lost.size());
    EXPECT_EQ(damaged_bytes(), bytes_of_records(lost));
    forget(page, bytes.size());
    EXPECT_EQ(deliver(), without(ids, lost));
    EXPECT_EQ(damaged_bytes(), bytes_of_records(lost)) << "and once";
}

TEST_F(FailedSync, OfWhatAnotherWorkerLeftKeepsItInMemoryToo) {
    journal = settled();
    append_and_find(250);
    crash(journal);
    disk.fail_sync = true;
    disk.syncs = 0;
    journal = make();
    ASSERT_TRUE(found(*journal, 250));
    EXPECT_GT(disk.syncs, 0);
    disk.fail_sync = false;
    forget(page, fs::file_size(file));
    EXPECT_EQ(deliver(), ids);
    EXPECT_TRUE(diary.damages.empty());
}

TEST_F(ForgottenPages, OfWhatAnotherWorkerLeftAreMissed) {
    journal = settled();
    append_and_find(250);
    crash(journal);
    journal = make();
    ASSERT_TRUE(found(*journal, 250));
    const auto lost = forget(2 * page, 3 * page);
    EXPECT_EQ(deliver(), without(ids, lost));
    expect_told(lost);
}

}  // namespace
}  // namespace dns_tools::history::test
