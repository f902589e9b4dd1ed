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

TEST_F(DamagedJournal, ADiskThatCannotReadLosesOnlyWhatIsBehind) {
    for (const auto& other : files()) {
        if (other != file) {
            fs::remove(other);  // an empty segment, if it was made before the crash
        }
    }
    disk.bad_from = 8'192;
    std::set<int> records;
    for (int i = 0; i < 100; ++i) {
        if (frame_of(i) + (frame_of(1) - frame_of(0)) > 8'192) {
            records.insert(i);
        }
    }
    EXPECT_EQ(lost(records).size(), 1U);
    EXPECT_NE(diary.damages[0].why.find("cannot read"), std::string::npos);
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
