#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "history/journal.hpp"
#include "support.hpp"

namespace dns_tools::history::test {

namespace fs = std::filesystem;

/// A folder that is removed with all that is in it; in memory where there is room for it.
class TemporaryFolder {
public:
    TemporaryFolder() {
        const fs::path memory = "/dev/shm";
        const auto parent = access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
        auto pattern = (parent / "dns-journal.XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            throw fs::filesystem_error("mkdtemp", std::error_code(errno, std::generic_category()));
        }
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

inline std::string contents(const fs::path& path) {
    std::string bytes(fs::file_size(path), '\0');
    std::ifstream(path, std::ios::binary)
        .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

/// Remembers what a journal told.
class JournalDiary final : public JournalObserver {
public:
    struct Damaged {
        std::string file;
        std::uint64_t bytes;
        std::string why;
    };

    void journal_up() noexcept override { ++ups; }
    void journal_down(std::string_view why) noexcept override { downs.emplace_back(why); }
    void journal_adopted(std::size_t records) noexcept override { adopted += records; }
    void journal_left(std::size_t records, std::optional<UnixMicros> oldest) noexcept override {
        left = records;
        oldest_left = oldest;
        looks_in_vain += records == 0 ? 1 : 0;
    }
    void journal_damaged(std::string_view file, std::uint64_t bytes,
                         std::string_view why) noexcept override {
        damages.push_back({std::string(file), bytes, std::string(why)});
    }
    void journal_synced() noexcept override { ++synced; }
    void journal_sync_failed(std::string_view why) noexcept override {
        sync_failures.emplace_back(why);
    }
    void journal_newer_version(std::string_view file) noexcept override {
        newer.emplace_back(file);
    }
    void journal_left_alone(std::string_view folder, std::string_view why) noexcept override {
        left_alone.emplace_back(folder, why);
    }
    void journal_not_set_aside(std::string_view file) noexcept override {
        not_set_aside.emplace_back(file);
    }

    int ups = 0;
    std::vector<std::string> downs;
    std::size_t adopted = 0;
    std::size_t left = 0;
    std::optional<UnixMicros> oldest_left;
    int looks_in_vain = 0;  // nothing was found, and nothing is left
    std::vector<Damaged> damages;
    int synced = 0;
    std::vector<std::string> sync_failures;
    std::vector<std::string> newer;
    std::vector<std::pair<std::string, std::string>> left_alone;
    std::vector<std::string> not_set_aside;
};

/// A disk that fails when told to.
class FaultyDisk final : public Disk {
public:
    int sync(int fd) noexcept override {
        ++syncs;
        for (int i = 0; hold && (held < 0 || held == fd) && i < 10'000; ++i) {
            usleep(1'000);
        }
        return fail_sync ? EIO : Disk::sync(fd);
    }
    ssize_t read(int fd, void* out, std::size_t size, off_t offset) noexcept override {
        if (offset >= bad_until) {
            return Disk::read(fd, out, size, offset);
        }
        if (offset >= bad_from) {
            ++failed_reads;
            usleep(slow_failure);
            errno = EIO;
            return -1;
        }
        const auto good = static_cast<std::size_t>(bad_from - offset);
        return Disk::read(fd, out, std::min(size, good), offset);
    }

    std::atomic<int> syncs = 0;
    std::atomic<bool> hold = false;
    std::atomic<int> held = -1;  // the descriptor whose syncs are held; negative: all
    std::atomic<bool> fail_sync = false;
    std::atomic<off_t> bad_from = std::numeric_limits<off_t>::max();
    std::atomic<off_t> bad_until = std::numeric_limits<off_t>::max();
    std::atomic<int> failed_reads = 0;
    std::atomic<useconds_t> slow_failure = 0;  // how long such a read takes
};

/// Where a record was seen, and what tells it from others.
using Ids = std::vector<Uuid>;

class JournalTest : public testing::Test {
protected:
    JournalTest() {
        options.path = (folder.path() / "journal").string();
        options.size = JournalOptions::min_size;
        options.sync = JournalSyncMode::off;
        options.adopt_interval = std::chrono::milliseconds(20);
        options.first_pause = std::chrono::milliseconds(10);
        options.longest_pause = std::chrono::milliseconds(20);
    }

    std::unique_ptr<Journal> make() {
        auto journal = std::make_unique<Journal>(loop, random, diary, options, disk);
        journal->start();
        return journal;
    }

    /// Appends a record; its id.
    Uuid append(Journal& journal, std::string_view domain = "example.com") {
        auto record = maker.make(domain);
        EXPECT_TRUE(eventually(loop, [&] {
            auto reservation = journal.reserve();
            return reservation && journal.append(std::move(reservation), record);
        })) << "no room";
        return record.id;
    }
    Ids append(Journal& journal, int count) {
        Ids ids;
        for (int i = 0; i < count; ++i) {
            ids.push_back(append(journal));
        }
        return ids;
    }

    static Ids read(Journal& journal) {
        std::vector<Record> records;
        journal.read(journal.begin(), journal.end(), ~std::size_t{0}, ~std::size_t{0}, records);
        EXPECT_EQ(records.size(), journal.pending());
        Ids ids;
        for (const auto& record : records) {
            ids.push_back(record.id);
        }
        return ids;
    }

    /// Turns until the journal has found this many records.
    bool found(const Journal& journal, std::size_t records) {
        return eventually(
            loop, [&] { return journal.pending() == records; }, std::chrono::seconds(5));
    }

    /// The descriptor by which this process has the file open.
    static int descriptor_of(const fs::path& path) {
        for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            if (fs::read_symlink(entry, gone) == path) {
                return std::stoi(entry.path().filename());
            }
        }
        ADD_FAILURE() << path << " is not open";
        return -1;
    }

    /// Leaves the journal's folders as a crash does now, under another path.
    void crash_to(const std::string& path) {
        fs::remove_all(path);
        fs::copy(options.path, path, fs::copy_options::recursive);
    }
    /// Destroys the journal as a crash would have.
    void crash(std::unique_ptr<Journal>& journal) {
        const auto copy = options.path + ".copy";
        crash_to(copy);
        journal.reset();
        fs::remove_all(options.path);
        fs::rename(copy, options.path);
    }

    std::vector<fs::path> files(std::string_view suffix = ".segment") const {
        std::vector<fs::path> found;
        if (fs::exists(options.path)) {
            for (const auto& entry : fs::recursive_directory_iterator(options.path)) {
                if (entry.path().string().ends_with(suffix)) {
                    found.push_back(entry.path());
                }
            }
        }
        std::sort(found.begin(), found.end());
        return found;
    }
    std::set<std::string> folders() const {
        std::set<std::string> names;
        if (fs::exists(options.path)) {
            for (const auto& entry : fs::directory_iterator(options.path)) {
                names.insert(entry.path().filename().string());
            }
        }
        return names;
    }

    static void overwrite(const fs::path& path, std::size_t offset, std::string_view bytes) {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(offset));
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        ASSERT_TRUE(file.good()) << path;
    }
    std::uintmax_t bytes_on_disk() const {
        std::uintmax_t bytes = 0;
        for (const auto& path : files()) {
            bytes += fs::file_size(path);
        }
        return bytes;
    }
    static std::string_view bytes_of(const Uuid& id) {
        return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
    }
    /// The one file that holds the record, and where its id stands there.
    std::pair<fs::path, std::size_t> find(const Uuid& id) const {
        for (const auto& path : files()) {
            if (const auto at = contents(path).find(bytes_of(id)); at != std::string::npos) {
                return {path, at};
            }
        }
        ADD_FAILURE() << "no file holds the record";
        return {};
    }

    TemporaryFolder folder;
    PollLoop loop;
    Random random;
    RecordMaker maker{random};
    JournalDiary diary;
    FaultyDisk disk;
    JournalOptions options;
};

}  // namespace dns_tools::history::test
