#include <gtest/gtest.h>

#include "history/journal_frame.hpp"
#include "history/segment_header.hpp"
#include "journal_fixture.hpp"

namespace dns_tools::history::test {
namespace {

// In a segment, before the id of a record: what is before the payload, and the payload's first
// fields.
constexpr std::size_t id_in_frame = frame::overhead + 8;

class DamagedJournal : public JournalTest {
protected:
    void SetUp() override {
        auto journal = make();
        ids = append(*journal, 100);
        crash(journal);
        file = find(ids[0]).first;
    }

    std::size_t frame_of(int record) const {
        return find(ids[static_cast<std::size_t>(record)]).second - id_in_frame;
    }
    void flip(std::size_t offset, int bit = 3) {
        const char byte = contents(file)[offset];
        overwrite(file, offset, std::string(1, static_cast<char>(byte ^ (1 << bit))));
    }

    /// Loads what is left, which must be all but these; the bytes that were told to be lost.
    std::vector<std::uint64_t> lost(const std::set<int>& records) {
        Ids expected;
        for (int i = 0; i < 100; ++i) {
            if (records.count(i) == 0) {
                expected.push_back(ids[static_cast<std::size_t>(i)]);
            }
        }
        const auto journal = make();
        EXPECT_TRUE(found(*journal, expected.size())) << journal->pending();
        if (expected.empty()) {
            EXPECT_TRUE(eventually(loop, [&] { return !diary.damages.empty(); }));
        }
        EXPECT_EQ(read(*journal), expected);
        std::vector<std::uint64_t> bytes;
        for (const auto& damage : diary.damages) {
            EXPECT_EQ(damage.file, file);
            bytes.push_back(damage.bytes);
        }
        journal->acknowledge(journal->end());
        return bytes;
    }

    using Bytes = std::vector<std::uint64_t>;

    Ids ids;
    fs::path file;
};

TEST_F(DamagedJournal, AFlippedBitLosesItsRecord) {
    const auto begin = frame_of(50);
    const auto size = frame_of(51) - begin;
    for (std::size_t at = 0; at < size; at += 4) {
        flip(begin + at, static_cast<int>(at / 4 % 8));
        EXPECT_EQ(lost({50}), Bytes{size}) << "byte " << at;
        diary.damages.clear();
        SetUp();
    }
}

TEST_F(DamagedJournal, EachDamagedPlaceIsToldOnce) {
    const auto size = frame_of(1) - frame_of(0);
    flip(frame_of(0) + 4);
    flip(frame_of(1) + 40);
    flip(frame_of(40) + 8);
    flip(frame_of(99) + 16);
    EXPECT_EQ(lost({0, 1, 40, 99}), (Bytes{2 * size, size, size}));
}

TEST_F(DamagedJournal, AZeroedPageLosesWhatLayInIt) {
    const auto first = frame_of(20);
    const auto end = frame_of(40);
    overwrite(file, first, std::string(end - first, '\0'));
    std::set<int> records;
    for (int i = 20; i < 40; ++i) {
        records.insert(i);
    }
    EXPECT_EQ(lost(records), Bytes{end - first});
}

TEST_F(DamagedJournal, ATornTailLosesTheLastRecord) {
    const auto size = frame_of(99) - frame_of(98);
    overwrite(file, frame_of(99) + 30, std::string(size - 30, '\x5a'));
    EXPECT_EQ(lost({99}), Bytes{size});
}

TEST_F(DamagedJournal, ATailThatIsZeroIsMissedToo) {
    const auto size = frame_of(99) - frame_of(98);
    overwrite(file, frame_of(98), std::string(2 * size, '\0'));
    EXPECT_EQ(lost({98, 99}), Bytes{2 * size});
}

TEST_F(DamagedJournal, AFileCutShortLosesWhatIsBehindTheCut) {
    const auto first = frame_of(90);
    const auto cut = first + 20;
    const auto end = frame_of(99) + (frame_of(99) - frame_of(98));
    fs::resize_file(file, cut);
    std::set<int> records;
    for (int i = 90; i < 100; ++i) {
        records.insert(i);
    }
    EXPECT_EQ(lost(records), Bytes{end - first});
    EXPECT_NE(diary.damages[0].why.find("ends before"), std::string::npos);
}

TEST_F(DamagedJournal, AHoleInTheFileHarmsNobody) {
    const auto first = frame_of(10);
    const auto size = fs::file_size(file);
    fs::resize_file(file, first);
    fs::resize_file(file, size);  // a hole from here on
    std::set<int> records;
    for (int i = 10; i < 100; ++i) {
        records.insert(i);
    }
    EXPECT_EQ(lost(records).size(), 1U);
}

TEST_F(DamagedJournal, AGarbageHeaderLosesNothing) {
    overwrite(file, 0, std::string(4096, '\x81'));
    EXPECT_EQ(lost({}), Bytes{SegmentFile::header_size});
}

TEST_F(DamagedJournal, AGarbageCopyOfTheHeaderLosesNothing) {
    overwrite(file, SegmentFile::page, std::string(SegmentFile::header_size, '\x81'));
    EXPECT_EQ(lost({}), Bytes{});
}

TEST_F(DamagedJournal, BothHeadersGoneLoseTheSegment) {
    const auto size = fs::file_size(file);
    overwrite(file, 0, std::string(SegmentFile::first_frame, '\0'));
    std::set<int> records;
    for (int i = 0; i < 100; ++i) {
        records.insert(i);
    }
    EXPECT_EQ(lost(records), Bytes{size});
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(DamagedJournal, DamageIsToldThoughAnotherFileCannotBeOpenedAtFirst) {
    const auto size = frame_of(99) - frame_of(98);
    overwrite(file, frame_of(98), std::string(2 * size, '\0'));
    const auto obstacle = file.parent_path() / "ffffffffffffffff.segment";
    fs::create_directory(obstacle);
    auto journal = make();
    ASSERT_TRUE(eventually(loop, [&] { return !diary.left_alone.empty(); }));
    EXPECT_EQ(journal->pending(), 0U);
    journal.reset();
    fs::remove(obstacle);
    EXPECT_EQ(lost({98, 99}), Bytes{2 * size});
}

TEST_F(DamagedJournal, AnAcknowledgedOffsetThatLeadsNowhereReplays) {
    auto journal = make();
    ASSERT_TRUE(found(*journal, 100));
    std::vector<Record> records;
    journal->acknowledge(journal->read(journal->begin(), journal->end(), 10, 1 << 20, records));
    crash(journal);
    file = find(ids[0]).first;
    const std::uint64_t inside = frame_of(10) + 8;
    overwrite(file, offsetof(SegmentHeader, acknowledged),
              {reinterpret_cast<const char*>(&inside), sizeof inside});
    EXPECT_EQ(lost({}), Bytes{});
}

/// A disk that does not give all of the file.
class UnreadableJournal : public DamagedJournal {
protected:
    void SetUp() override {
        DamagedJournal::SetUp();
        for (const auto& other : files()) {
            if (other != file) {
                fs::remove(other);  // an empty segment, if it was made before the crash
            }
        }
        before = contents(file).substr(SegmentFile::page);
    }

    /// The disk does not give these bytes; the records that lie in them.
    std::set<int> unreadable(std::size_t begin, std::size_t end) {
        disk.bad_from = static_cast<off_t>(begin);
        disk.bad_until = static_cast<off_t>(end);
        std::set<int> records;
        for (int i = 0; i < 100; ++i) {
            if (frame_of(i) < end && frame_of(i) + (frame_of(1) - frame_of(0)) > begin) {
                records.insert(i);
            }
        }
        return records;
    }
    void expect_set_aside() {
        EXPECT_FALSE(fs::exists(file));
        const auto aside = fs::path(options.path) / (file.filename().string() + ".damaged");
        EXPECT_EQ(files(".damaged"), std::vector<fs::path>{aside});
        // But for the hints in its first page, and room that was not used.
        const auto kept = contents(aside).substr(SegmentFile::page);
        EXPECT_GT(kept.size(), SegmentFile::page);
        EXPECT_TRUE(before.starts_with(kept));
    }

    std::string before;
};

TEST_F(UnreadableJournal, LosesOnlyWhatIsBehind) {
    EXPECT_EQ(lost(unreadable(8'192, 1 << 30)).size(), 1U);
    EXPECT_NE(diary.damages[0].why.find("cannot read"), std::string::npos);
    expect_set_aside();
}

TEST_F(UnreadableJournal, LosesOnlyWhatLiesInABadPage) {
    const auto records = unreadable(8'192, 12'288);
    ASSERT_LT(records.size(), 50U);
    const auto begin = frame_of(*records.begin());
    const auto end = frame_of(*records.rbegin() + 1);
    EXPECT_EQ(lost(records), Bytes{end - begin});
    EXPECT_NE(diary.damages[0].why.find("cannot read"), std::string::npos);
    expect_set_aside();
}

TEST_F(UnreadableJournal, StaysMappedButForItsBadPages) {
    unreadable(8'192, 12'288);
    const auto journal = make();
    ASSERT_TRUE(eventually(loop, [&] { return journal->pending() > 0; }));
    std::size_t mapped = 0;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::size_t begin = 0;
        std::size_t end = 0;
        if (line.ends_with(file.string()) &&
            std::sscanf(line.c_str(), "%zx-%zx", &begin, &end) == 2) {
            mapped += end - begin;
        }
    }
    EXPECT_EQ(mapped, 131'072U - static_cast<std::size_t>(sysconf(_SC_PAGESIZE)))
        << "it is to take no memory";
    EXPECT_FALSE(read(*journal).empty());
    journal->acknowledge(journal->end());
}

TEST_F(UnreadableJournal, IsRemovedWhenEnoughIsSetAside) {
    const auto other = fs::path(options.path) / "0000000000000001.segment.damaged";
    std::ofstream(other) << std::string(options.size, 'x');
    const auto records = unreadable(8'192, 12'288);
    const auto journal = make();
    ASSERT_TRUE(found(*journal, 100 - records.size()));
    journal->acknowledge(journal->end());
    EXPECT_TRUE(eventually(loop, [&] { return !diary.not_set_aside.empty(); }));
    EXPECT_FALSE(fs::exists(file));
    EXPECT_EQ(files(".damaged"), std::vector<fs::path>{other});
    EXPECT_EQ(diary.not_set_aside, std::vector<std::string>{file});
}

TEST_F(UnreadableJournal, LosesNothingWithItsFirstPage) {
    EXPECT_EQ(lost(unreadable(0, SegmentFile::page)), Bytes{SegmentFile::header_size});
    expect_set_aside();
}

TEST_F(UnreadableJournal, IsLostWithBothCopiesOfItsHeader) {
    std::set<int> all;
    for (int i = 0; i < 100; ++i) {
        all.insert(i);
    }
    unreadable(0, 2 * SegmentFile::page);
    EXPECT_EQ(lost(all), Bytes{SegmentFile::page + before.size()});
    EXPECT_NE(diary.damages[0].why.find("cannot read"), std::string::npos);
    expect_set_aside();
}

TEST_F(UnreadableJournal, LosesNothingWithRoomThatWasNotUsed) {
    const auto end = frame_of(99) + (frame_of(99) - frame_of(98));
    EXPECT_EQ(lost(unreadable(end, 1 << 30)), Bytes{});
    EXPECT_TRUE(folders().empty());
}

TEST_F(UnreadableJournal, IsTakenOverAsAWholeWhenTheDiskGivesItAgain) {
    lost(unreadable(8'192, 12'288));
    expect_set_aside();
    disk.bad_from = disk.bad_until.load();
    fs::create_directory(file.parent_path());
    fs::rename(files(".damaged").at(0), file);
    const auto journal = make();
    ASSERT_TRUE(found(*journal, 100));
    EXPECT_EQ(read(*journal), ids);
}

TEST_F(UnreadableJournal, OfAnotherWorkerKeepsNoFolder) {
    const auto records = unreadable(8'192, 12'288);
    const auto gone = folder.path() / "gone";
    fs::rename(file.parent_path(), gone);
    const auto journal = make();
    fs::rename(gone, options.path + "/worker-7");
    file = fs::path(options.path) / "worker-7" / file.filename();
    ASSERT_TRUE(found(*journal, 100 - records.size()));
    EXPECT_TRUE(fs::exists(file)) << "what is not saved yet is still in it";
    journal->acknowledge(journal->end());
    EXPECT_TRUE(eventually(loop, [&] { return folders().count("worker-7") == 0; }));
    expect_set_aside();
    EXPECT_TRUE(diary.left_alone.empty());
}

TEST_F(UnreadableJournal, IsNotAskedForEveryPageOfADeadDisk) {
    fs::remove_all(options.path);
    options.size *= 16;
    auto journal = make();
    ids = append(*journal, 4'000);
    crash(journal);
    unreadable(8'192, 1 << 30);
    file = find(ids[0]).first;
    journal = make();
    EXPECT_TRUE(eventually(loop, [&] { return journal->pending() > 0; }));
    EXPECT_LT(disk.failed_reads, 100 * static_cast<int>(files().size()));
}

/// A disk that takes its time to say that it cannot read what is in the middle of every file.
class SlowlyUnreadable : public UnreadableJournal {
protected:
    void SetUp() override {
        auto journal = make();
        ids = append(*journal, 4'000);
        crash(journal);
        disk.bad_from = 8'192;
        disk.bad_until = 12'288;
        for (const auto& path : files()) {
            const auto bytes = contents(path);
            for (const auto& id : ids) {
                const auto at = bytes.find(bytes_of(id));
                if (at != std::string::npos && (at < 8'192 - 200 || at - id_in_frame >= 12'288)) {
                    good.insert(id);
                }
            }
        }
        ASSERT_GE(files().size(), 4U);
    }
    /// Delivers what comes until nothing does.
    std::set<Uuid> deliver_all(Journal& journal) {
        std::set<Uuid> delivered;
        eventually(
            loop,
            [&] {
                for (const auto& id : read(journal)) {
                    delivered.insert(id);
                }
                journal.acknowledge(journal.end());
                return std::includes(delivered.begin(), delivered.end(), good.begin(), good.end());
            },
            std::chrono::seconds(20));
        return delivered;
    }

    std::set<Uuid> good;  // surely readable
};

TEST_F(SlowlyUnreadable, IsLoadedFileByFile) {
    options.patience = std::chrono::milliseconds(500);
    disk.slow_failure = 300'000;
    const auto journal = make();
    ASSERT_TRUE(eventually(loop, [&] { return journal->pending() > 0; }));
    EXPECT_LT(journal->pending(), good.size()) << "the others wait";
    const auto delivered = deliver_all(*journal);
    EXPECT_TRUE(std::includes(delivered.begin(), delivered.end(), good.begin(), good.end()));
    append(*journal, 1'000);
    journal->acknowledge(journal->end());
    EXPECT_TRUE(eventually(loop, [&] { return journal->bytes_used() == bytes_on_disk(); }));
}

TEST_F(SlowlyUnreadable, OfAnotherWorkerIsLoadedFileByFile) {
    options.patience = std::chrono::milliseconds(500);
    disk.slow_failure = 300'000;
    const auto gone = folder.path() / "gone";
    fs::rename(options.path + "/worker-0", gone);
    const auto journal = make();
    fs::rename(gone, options.path + "/worker-7");
    const auto delivered = deliver_all(*journal);
    EXPECT_TRUE(std::includes(delivered.begin(), delivered.end(), good.begin(), good.end()));
    EXPECT_TRUE(eventually(loop, [&] { return folders().count("worker-7") == 0; }));
    EXPECT_TRUE(diary.left_alone.empty());
}

TEST_F(SlowlyUnreadable, DoesNotHoldUpAWorkerThatLeaves) {
    disk.bad_until = 1 << 30;
    disk.slow_failure = 100'000;
    auto journal = make();
    ASSERT_TRUE(eventually(loop, [&] { return disk.failed_reads > 1; }));
    const auto began = loop.now();
    journal.reset();
    EXPECT_LT(loop.now() - began, std::chrono::seconds(1));
    disk.bad_until = disk.bad_from.load();
    journal = make();
    EXPECT_TRUE(found(*journal, ids.size())) << "nothing was changed";
}

TEST_F(DamagedJournal, ANewerVersionIsLeftAlone) {
    for (const std::size_t at : {std::size_t{0}, SegmentFile::page}) {
        overwrite(file, at + offsetof(SegmentHeader, version), "\x07");
    }
    const auto before = contents(file);
    const auto written = fs::last_write_time(file);
    auto journal = make();
    append(*journal, 3);
    loop.run_for(std::chrono::milliseconds(200));
    EXPECT_EQ(folders(), (std::set<std::string>{"worker-0", "worker-1"}));
    EXPECT_EQ(journal->pending(), 3U);
    EXPECT_EQ(diary.newer, std::vector<std::string>{file});
    journal->acknowledge(journal->end());
    journal.reset();
    EXPECT_EQ(folders(), std::set<std::string>{"worker-0"});
    EXPECT_EQ(contents(file), before);
    EXPECT_EQ(fs::last_write_time(file), written);
}

TEST_F(DamagedJournal, AVersionThatAFlippedBitMadeNewIsNotBelieved) {
    overwrite(file, offsetof(SegmentHeader, version), "\x07");
    EXPECT_EQ(lost({}), Bytes{SegmentFile::header_size});
    EXPECT_TRUE(diary.newer.empty());
}

TEST_F(DamagedJournal, AFileThatWasNeverBegunIsNoDamage) {
    std::ofstream(file.parent_path() / "0000000000000001.segment");
    std::ofstream(file.parent_path() / "0000000000000002.segment") << std::string(131'072, '\0');
    EXPECT_EQ(lost({}), Bytes{});
}

TEST_F(DamagedJournal, AFileOfGarbageIsTold) {
    const auto garbage = file.parent_path() / "0000000000000001.segment";
    std::ofstream(garbage) << std::string(10'000, 'x');
    const auto journal = make();
    ASSERT_TRUE(found(*journal, 100));
    ASSERT_EQ(diary.damages.size(), 1U);
    EXPECT_EQ(diary.damages[0].file, garbage);
    EXPECT_EQ(diary.damages[0].bytes, 10'000U);
}

}  // namespace
}  // namespace dns_tools::history::test
