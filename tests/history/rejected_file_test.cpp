#include "history/rejected_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "journal_fixture.hpp"

namespace dns_tools::history::test {
namespace {

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RejectedFile, AddsWholeLinesUntilItIsFull) {
    TemporaryFolder folder;
    const auto path = folder.path() / "rejected";
    RejectedFile file(path, 20);
    EXPECT_FALSE(fs::exists(path));
    EXPECT_TRUE(file.append("12345"));
    EXPECT_TRUE(file.append(""));
    EXPECT_FALSE(file.append("1234567890123"));
    EXPECT_TRUE(file.append("123456789012"));
    EXPECT_FALSE(file.append(""));
    EXPECT_EQ(contents(path), "12345\n\n123456789012\n");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(RejectedFile, SaysWhenItCannotWrite) {
    TemporaryFolder folder;
    EXPECT_FALSE(RejectedFile((folder.path() / "missing" / "rejected").string()).append("x"));
}

TEST(RejectedFile, IsSharedByProcesses) {
    TemporaryFolder folder;
    const auto path = (folder.path() / "rejected").string();
    constexpr int processes = 4;
    constexpr int lines = 500;
    for (int i = 0; i < processes; ++i) {
        const auto child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            RejectedFile file(path);
            bool good = true;
            for (int line = 0; line < lines; ++line) {
                good = file.append(std::string(100, static_cast<char>('a' + i))) && good;
            }
            _exit(good ? 0 : 1);
        }
    }
    for (int i = 0; i < processes; ++i) {
        int status = -1;
        ASSERT_GT(wait(&status), 0);
        EXPECT_EQ(status, 0);
    }
    std::ifstream file(path);
    std::map<std::string, int> counts;
    for (std::string line; std::getline(file, line);) {
        ++counts[line];
    }
    EXPECT_EQ(counts.size(), 4U);
    for (const auto& [line, count] : counts) {
        EXPECT_EQ(line, std::string(100, line[0]));
        EXPECT_EQ(count, lines);
    }
}

}  // namespace
}  // namespace dns_tools::history::test
