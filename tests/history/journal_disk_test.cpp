#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <string_view>

#include "journal_fixture.hpp"

namespace {

// How many more times a folder worker-N can be read before it cannot be once; negative: always.
std::atomic<int> reads_before_failure{-1};

}  // namespace

/// Stands before the C library's, for all of this program.
extern "C" DIR* opendir(const char* path) {
    if (std::string_view(path).find("/worker-") != std::string_view::npos &&
        reads_before_failure-- == 0) {
        errno = EMFILE;
        return nullptr;
    }
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? nullptr : fdopendir(fd);
}

namespace dns_tools::history::test {
namespace {

using std::chrono::milliseconds;

constexpr int skipped = 77;

/// Runs `body` in a process of its own, which may change what it is allowed; false when that is not
/// to be had here.
bool elsewhere(const std::function<int()>& body) {
    const auto child = fork();
    EXPECT_GE(child, 0);
    if (child == 0) {
        const int status = body();
        _exit(status != 0 ? status : testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    if (WIFEXITED(status) && WEXITSTATUS(status) != skipped) {
        EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    return WEXITSTATUS(status) != skipped;
}

/// Makes `path` a file system of so many bytes, for this process alone.
bool mount_small(const fs::path& path, std::size_t bytes) {
    fs::create_directories(path);
    const auto size = "size=" + std::to_string(bytes);
    return unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           (geteuid() != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) &&
           mount("small", path.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

TEST_F(JournalTest, AFullDiskIsToldAndTriedAgain) {
    const bool possible = elsewhere([this] {
        if (!mount_small(options.path, 512 * 1024)) {
            return skipped;
        }
        const auto ballast = options.path + "/ballast";
        std::ofstream(ballast) << std::string(300'000, 'x');  // one segment fits
        const auto journal = make();
        EXPECT_TRUE(eventually(loop, [&] { return diary.downs.size() >= 3; }));
        EXPECT_NE(diary.downs[0].find(options.path), std::string::npos) << diary.downs[0];
        EXPECT_NE(diary.downs[0].find("No space left"), std::string::npos) << diary.downs[0];
        EXPECT_FALSE(journal->up());
        EXPECT_EQ(journal->reason(), diary.downs.back());

        // What was made before is used to its end; then nothing is promised.
        Ids ids;
        while (auto reservation = journal->reserve()) {
            const auto record = maker.make();
            EXPECT_TRUE(journal->append(std::move(reservation), record));
            ids.push_back(record.id);
        }
        EXPECT_GT(ids.size(), 500U);
        loop.run_for(milliseconds(50));
        EXPECT_FALSE(journal->reserve());
        EXPECT_EQ(read(*journal), ids);
        for (const auto& file : files()) {
            EXPECT_EQ(fs::file_size(file), 131'072U) << "a half-made segment was left";
        }

        fs::remove(ballast);
        EXPECT_TRUE(eventually(loop, [&] { return journal->up(); }));
        EXPECT_EQ(diary.ups, 2);
        EXPECT_TRUE(eventually(loop, [&] { return static_cast<bool>(journal->reserve()); }));
        return 0;
    });
    if (!possible) {
        GTEST_SKIP() << "no file system can be mounted here";
    }
}

TEST_F(JournalTest, AFullDiskAtTheStartIsToldAndTriedAgain) {
    const bool possible = elsewhere([this] {
        if (!mount_small(options.path, 256 * 1024)) {
            return skipped;
        }
        const auto ballast = options.path + "/ballast";
        std::ofstream(ballast) << std::string(250'000, 'x');
        const auto journal = make();
        EXPECT_EQ(diary.downs.size(), 1U);
        EXPECT_FALSE(journal->reserve());
        fs::remove(ballast);
        append(*journal);
        EXPECT_TRUE(journal->up());
        return 0;
    });
    if (!possible) {
        GTEST_SKIP() << "no file system can be mounted here";
    }
}

TEST_F(JournalTest, ABacklogOnAFullDiskIsDelivered) {
    const bool possible = elsewhere([this] {
        if (!mount_small(options.path, 512 * 1024)) {
            return skipped;
        }
        auto journal = make();
        const auto ids = append(*journal, 500);
        journal.reset();
        std::ofstream ballast(options.path + "/ballast");
        ballast << std::string(1 << 20, 'x');
        ballast.flush();
        journal = make();
        EXPECT_TRUE(found(*journal, 500));
        EXPECT_EQ(read(*journal), ids);
        journal->acknowledge(journal->end());
        return 0;
    });
    if (!possible) {
        GTEST_SKIP() << "no file system can be mounted here";
    }
}

/// What a worker that is not root meets.
bool become_nobody() {
    return geteuid() != 0 || (setgid(65'534) == 0 && setuid(65'534) == 0);
}

TEST_F(JournalTest, AFolderThatRefusesIsToldAndTriedAgain) {
    fs::permissions(folder.path(), fs::perms::all);
    fs::create_directory(options.path);
    fs::permissions(options.path, fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_TRUE(elsewhere([this] {
        if (!become_nobody()) {
            return 2;
        }
        const auto journal = make();
        EXPECT_EQ(diary.downs.size(), 1U);
        EXPECT_NE(diary.downs[0].find(options.path + "/worker-0\": Permission denied"),
                  std::string::npos)
            << diary.downs[0];
        EXPECT_FALSE(journal->reserve());
        EXPECT_FALSE(journal->append({}, maker.make()));
        EXPECT_TRUE(eventually(loop, [&] { return diary.downs.size() >= 3; }));
        return 0;
    }));
}

TEST_F(JournalTest, AMissingFolderIsMadeAndAMissingParentIsTold) {
    auto journal = make();
    EXPECT_EQ(fs::status(options.path).permissions(), fs::perms::owner_all);
    for (const auto& file : files()) {
        EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }
    journal.reset();
    options.path = (folder.path() / "no" / "where").string();
    journal = make();
    ASSERT_EQ(diary.downs.size(), 1U);
    EXPECT_EQ(diary.downs[0], "cannot make \"" + options.path + "\": No such file or directory");
    EXPECT_EQ(journal->reason(), diary.downs[0]);
    fs::create_directory(folder.path() / "no");
    append(*journal);
    EXPECT_TRUE(journal->up());
    EXPECT_EQ(journal->reason(), "");
}

TEST_F(JournalTest, AFolderOfSomebodyElseIsLeftAloneAndTold) {
    fs::permissions(folder.path(), fs::perms::all);
    auto journal = make();
    append(*journal, 3);
    crash(journal);
    fs::permissions(options.path, fs::perms::all);
    const auto theirs = options.path + "/worker-0";
    fs::permissions(theirs, fs::perms::owner_all);
    EXPECT_TRUE(elsewhere([&] {
        if (!become_nobody() || geteuid() != 65'534) {
            return skipped;
        }
        auto mine = make();
        append(*mine);
        loop.run_for(milliseconds(100));
        EXPECT_EQ(diary.left_alone.size(), 1U);
        EXPECT_EQ(diary.left_alone[0].first, theirs);
        EXPECT_NE(diary.left_alone[0].second.find("Permission denied"), std::string::npos);
        EXPECT_EQ(mine->pending(), 1U);
        mine->acknowledge(mine->end());
        return 0;
    }));
    journal = make();
    EXPECT_TRUE(found(*journal, 3));
}

TEST_F(JournalTest, AFileThatCannotBeWrittenIsReadAllTheSame) {
    fs::permissions(folder.path(), fs::perms::all);
    auto journal = make();
    append(*journal, 3);
    crash(journal);
    const auto own = fs::path(options.path) / "worker-0";
    fs::permissions(options.path, fs::perms::all);
    fs::permissions(own, fs::perms::all);
    fs::permissions(own / "lock", fs::perms::all);
    for (const auto& file : files()) {
        fs::permissions(file, fs::perms::owner_read | fs::perms::others_read);
    }
    EXPECT_TRUE(elsewhere([&] {
        if (!become_nobody()) {
            return 2;
        }
        auto mine = make();
        EXPECT_TRUE(found(*mine, 3));
        mine->acknowledge(mine->end());
        mine.reset();
        EXPECT_TRUE(folders().empty());
        return 0;
    }));
}

TEST_F(JournalTest, AFolderThatCannotBeReadOnceItIsTakenKeepsWhatIsInIt) {
    auto journal = make();
    const auto ids = append(*journal, 5);
    journal.reset();
    // It is read when it is taken, and then for the names and for the sizes of what is in it.
    for (const int reads : {1, 2}) {
        diary.downs.clear();
        reads_before_failure = reads;
        journal = make();
        EXPECT_LT(reads_before_failure, 0);
        ASSERT_EQ(diary.downs.size(), 1U);
        EXPECT_NE(diary.downs[0].find("cannot read"), std::string::npos) << diary.downs[0];
        journal.reset();
        ASSERT_EQ(folders(), std::set<std::string>{"worker-0"});
    }
    reads_before_failure = 1;
    journal = make();
    ASSERT_TRUE(found(*journal, 5));
    EXPECT_EQ(read(*journal), ids);
    EXPECT_TRUE(eventually(loop, [&] { return journal->up(); }));
}

TEST_F(JournalTest, WorksWhileTheLoopHasNoRoomForDescriptors) {
    options.sync = JournalSyncMode::always;
    loop.refuse_watches(10);
    const auto journal = make();
    append(*journal, 1'000);
    EXPECT_TRUE(eventually(loop, [&] { return journal->durable() == journal->end(); }));
}

}  // namespace
}  // namespace dns_tools::history::test
