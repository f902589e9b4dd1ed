#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "history/segment_header.hpp"
#include "journal_fixture.hpp"

/// Random operations on journals and on a plain list of what they should hold. A failure prints its
/// seed. JOURNAL_SEED=N runs one seed, JOURNAL_SEEDS=N so many new ones.
namespace dns_tools::history::test {
namespace {

using std::chrono::milliseconds;

/// An id ends with random bits.
struct IdHash {
    std::size_t operator()(const Uuid& id) const noexcept {
        std::size_t end;
        std::memcpy(&end, id.bytes.data() + 8, sizeof end);
        return end;
    }
};
using IdSet = std::unordered_set<Uuid, IdHash>;

constexpr std::size_t everything = ~std::size_t{0};

struct Content {
    std::string domain;
    std::vector<AddressRecord> addresses;
    std::optional<IpAddress> client;
    bool acknowledged = false;
};

struct Worker {
    JournalDiary diary;
    std::unique_ptr<Journal> journal;
};

/// What one operation did to the files of workers that are gone.
struct Harm {
    bool done = false;
    bool header = false;   // it may have hit the hints
    bool headers = false;  // it may have hit both copies of a header
    IdSet records;         // that it may have hit
};

class Model {
public:
    Model(std::uint64_t seed, const std::string& path) : dice_(seed) {
        options_.path = path;
        options_.size = JournalOptions::min_size;
        options_.sync = below(4) == 0 ? JournalSyncMode::always : JournalSyncMode::off;
        options_.adopt_interval = milliseconds(2);
        options_.first_pause = milliseconds(1);
    }

    void run() {
        open();
        for (int step = 0; step < 30 && !testing::Test::HasFatalFailure() && !left_alone_; ++step) {
            const auto what = below(100);
            if (what < 45) {
                append_some();
            } else if (what < 60) {
                deliver(below(60));
            } else if (what < 68) {
                reserve_some();
            } else if (what < 78) {
                turn();
            } else if (what < 84) {
                check_all();
            } else if (what < 90) {
                open();
            } else if (what < 94) {
                close();
            } else {
                crash();
            }
        }
        if (!testing::Test::HasFatalFailure() && !left_alone_) {
            reservations_.clear();
            crash();
            check_all();
        }
    }

private:
    std::uint64_t below(std::uint64_t bound) { return dice_() % bound; }
    Journal& any() { return *workers_[below(workers_.size())]->journal; }

    void turn() {
        int turns = 0;
        loop_.run_until([&] { return turns++ > 0; }, milliseconds(1));
    }

    void start() {
        Worker& worker = *workers_.emplace_back(std::make_unique<Worker>());
        worker.journal = std::make_unique<Journal>(loop_, random_, worker.diary, options_);
        worker.journal->start();
    }

    void open() {
        if (workers_.size() < 3) {
            start();
            find_all({});
        }
    }

    void close() {
        if (workers_.size() > 1) {
            reservations_.clear();
            workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(below(workers_.size())));
            find_all({});
        }
    }

    void reserve_some() {
        if (reservations_.size() > 50) {
            reservations_.clear();
        }
        for (auto count = below(20); count > 0; --count) {
            Journal& journal = any();
            if (auto reservation = journal.reserve()) {
                reservations_.emplace_back(&journal, std::move(reservation));
            }
        }
    }

    void append_some() {
        for (auto count = below(60); count > 0; --count) {
            Journal* journal = &any();
            Reservation reservation;
            if (!reservations_.empty() && below(2) == 0) {
                journal = reservations_.back().first;
                reservation = std::move(reservations_.back().second);
                reservations_.pop_back();
            } else if (below(4) != 0) {
                reservation = journal->reserve();
            }
            const bool promised = static_cast<bool>(reservation);
            const auto record = make_record();
            const bool kept = journal->append(std::move(reservation), record);
            if (promised && encoded_size(record) <= ordinary_record_size) {
                ASSERT_TRUE(kept) << "a reservation was not good";
            }
            if (kept) {
                contents_[record.id] = {std::string(record.domain), maker_.addresses,
                                        maker_.client};
            }
        }
    }

    Record make_record() {
        domain_.assign(1 + below(200), static_cast<char>('a' + below(26)));
        const auto kind = below(200);
        maker_.addresses.assign(kind == 0 ? 4'000 : kind < 10 ? below(100) : below(9), {});
        for (auto& address : maker_.addresses) {
            address.ttl = static_cast<std::uint32_t>(dice_());
        }
        maker_.client.reset();
        if (below(3) != 0) {
            maker_.client =
                IpAddress(Ipv4Address{{10, 0, 0, static_cast<std::uint8_t>(below(256))}});
        }
        return maker_.make(domain_);
    }

    /// What a writer does: reads in batches and acknowledges, perhaps not all of what it read.
    void deliver(std::size_t count) {
        Journal& journal = any();
        std::vector<Record> records;
        auto place = journal.begin();
        while (records.size() < count) {
            const auto before = records.size();
            place = journal.read(place, journal.end(), std::min<std::size_t>(7, count - before),
                                 1 + below(4'000), records);
            if (records.size() == before) {
                break;
            }
        }
        for (const auto& record : records) {
            contents_[record.id].acknowledged = true;
        }
        journal.acknowledge(place);
    }

    /// Everything the journals hold, each of it checked; no record twice.
    IdSet held() const {
        IdSet ids;
        for (const auto& worker : workers_) {
            const auto& journal = worker->journal;
            std::vector<Record> records;
            journal->read(journal->begin(), journal->end(), everything, everything, records);
            EXPECT_EQ(records.size(), journal->pending());
            for (const auto& record : records) {
                EXPECT_TRUE(ids.insert(record.id).second) << "a record is there twice";
                const auto known = contents_.find(record.id);
                if (known == contents_.end()) {
                    ADD_FAILURE() << "a record that nobody appended";
                    continue;
                }
                const auto& [domain, addresses, client, acknowledged] = known->second;
                EXPECT_EQ(record.domain, domain);
                EXPECT_EQ(record.client, client);
                EXPECT_TRUE(std::equal(record.addresses.begin(), record.addresses.end(),
                                       addresses.begin(), addresses.end()));
            }
        }
        return ids;
    }

    std::size_t pending() const {
        std::size_t count = 0;
        for (const auto& worker : workers_) {
            count += worker->journal->pending();
        }
        return count;
    }

    IdSet expected() const {
        IdSet ids;
        for (const auto& [id, content] : contents_) {
            if (!content.acknowledged) {
                ids.insert(id);
            }
        }
        return ids;
    }

    void check_all() {
        ASSERT_EQ(held(), expected());
        for (const auto& worker : workers_) {
            ASSERT_LE(worker->journal->bytes_used(), 3 * options_.size);
        }
    }

    int looks_in_vain() const {
        int looks = 0;
        for (const auto& worker : workers_) {
            looks += worker->diary.looks_in_vain;
        }
        return looks;
    }

    /// Turns until `found()`; false when that takes too long.
    bool find(const std::function<bool()>& found) {
        const auto begun = loop_.now();
        while (!found()) {
            const auto waited = loop_.now() - begun;
            if (waited > std::chrono::seconds(20)) {
                return false;
            }
            // A folder may wait until what is held already is gone.
            if (waited > milliseconds(400) && pending() > 0) {
                deliver(everything);
            }
            loop_.run_until(
                [&, count = pending(), looks = looks_in_vain()] {
                    return pending() != count || looks_in_vain() != looks;
                },
                milliseconds(20));
        }
        return true;
    }

    /// Waits until the journals have found all that others left, but for what was harmed.
    void find_all(const Harm& harm) {
        const auto is_newer = [](const auto& worker) { return !worker->diary.newer.empty(); };
        ASSERT_TRUE(find([&] {
            left_alone_ = harm.headers && std::any_of(workers_.begin(), workers_.end(), is_newer);
            const auto has = held();
            const auto expects = expected();
            return left_alone_ || std::all_of(expects.begin(), expects.end(), [&](const Uuid& id) {
                       return has.count(id) != 0 || harm.records.count(id) != 0;
                   });
        })) << "what was left was not found";
        if (!left_alone_ && harm.done) {
            settle(harm);
        } else if (!left_alone_) {
            ASSERT_EQ(held(), expected());
        }
    }

    /// Takes over as expected what the harm leaves open: a harmed record may have survived, and
    /// without the hints one that was acknowledged comes again.
    void settle(const Harm& harm) {
        // Each of them has loaded what it could, and saw nothing more that nobody held.
        ASSERT_TRUE(find([&] {
            return std::all_of(workers_.begin(), workers_.end(),
                               [](const auto& worker) { return worker->diary.looks_in_vain > 0; });
        })) << "there is always more to load";
        const auto now = held();
        bool lost = false;
        for (auto& [id, content] : contents_) {
            const bool there = now.count(id) != 0;
            lost = lost || (!there && !content.acknowledged);
            content.acknowledged = !there;
        }
        if (lost && !harm.header) {
            ASSERT_NE(first_damage(), "") << "records were lost and nobody told";
        }
    }

    std::string first_damage() const {
        for (const auto& worker : workers_) {
            if (const auto& damages = worker->diary.damages; !damages.empty()) {
                return damages[0].why;
            }
        }
        return {};
    }

    /// All workers die at once; perhaps the files are harmed before others come.
    void crash() {
        reservations_.clear();
        const auto copy = options_.path + ".copy";
        copy_files(copy);
        const auto workers = workers_.size();
        workers_.clear();
        fs::remove_all(options_.path);
        fs::rename(copy, options_.path);
        const Harm harm = below(2) == 0 ? do_harm() : Harm{};
        while (workers_.size() < std::max<std::size_t>(1, workers - below(2))) {
            start();
        }
        find_all(harm);
        harmed_ = harmed_ || harm.done;
        if (!harmed_) {
            EXPECT_EQ(first_damage(), "");
        }
    }

    /// The helpers may be at work: what is removed meanwhile is not there.
    void copy_files(const fs::path& to) {
        for (const auto& entry : fs::directory_iterator(options_.path)) {
            std::error_code gone;
            const auto folder = to / entry.path().filename();
            fs::create_directories(folder);
            for (const auto& file : fs::directory_iterator(entry.path(), gone)) {
                fs::copy_file(file.path(), folder / file.path().filename(), gone);
            }
        }
    }

    Harm do_harm() {
        std::vector<fs::path> files;
        for (const auto& entry : fs::recursive_directory_iterator(options_.path)) {
            if (entry.path().extension() == ".segment") {
                files.push_back(entry.path());
            }
        }
        if (files.empty()) {
            return {};
        }
        std::sort(files.begin(), files.end());
        const auto& file = files[below(files.size())];
        std::string bytes = contents(file);
        // Most of a file may be empty: rather hit what is used.
        const auto used = std::min(bytes.size(), bytes.find_last_not_of('\0') + 64);
        const std::size_t begin = below(used + 1);
        std::size_t end = begin + 1;
        switch (below(4)) {
            case 0:
                end = std::min(bytes.size(), end);
                flip(bytes, begin);
                break;
            case 1:
                end = std::min<std::size_t>(bytes.size(), begin + below(8'192));
                std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                          bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
                break;
            case 2:
                end = std::min<std::size_t>(bytes.size(), begin + below(300));
                for (auto at = begin; at < end; ++at) {
                    bytes[at] = static_cast<char>(dice_());
                }
                break;
            default:
                end = bytes.size();
                bytes.resize(begin);
        }
        const Harm harm = harm_of(file, begin, end);
        std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
        return harm;
    }

    void flip(std::string& bytes, std::size_t at) {
        if (at < bytes.size()) {
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        }
    }

    Harm harm_of(const fs::path& file, std::size_t begin, std::size_t end) const {
        const std::string bytes = contents(file);
        constexpr auto page = SegmentFile::page;
        Harm harm;
        harm.done = true;
        harm.header = begin < SegmentFile::header_size;
        harm.headers = begin < SegmentFile::first_frame && end > page &&
                       (begin < SegmentFile::header_size || end == bytes.size());
        constexpr std::size_t id_at = frame::overhead + 8;
        for (std::size_t at = SegmentFile::first_frame; at + id_at + 16 <= bytes.size(); at += 8) {
            Uuid id;
            std::memcpy(id.bytes.data(), bytes.data() + at + id_at, id.bytes.size());
            const auto known = contents_.find(id);
            if (known == contents_.end()) {
                continue;
            }
            std::uint32_t size;
            std::memcpy(&size, bytes.data() + at + 4, sizeof size);
            if (harm.headers || (begin < at + frame::size(size) && end > at)) {
                harm.records.insert(id);
            }
        }
        return harm;
    }

    std::mt19937_64 dice_;
    JournalOptions options_;
    PollLoop loop_;
    Random random_;
    RecordMaker maker_{random_};
    std::string domain_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::pair<Journal*, Reservation>> reservations_;
    std::unordered_map<Uuid, Content, IdHash> contents_;
    bool harmed_ = false;
    bool left_alone_ = false;  // the harm made a file of a later version
};

std::optional<std::uint64_t> setting(const char* name) {
    const char* const text = std::getenv(name);
    return text == nullptr ? std::nullopt : std::optional(std::strtoull(text, nullptr, 0));
}

void run_seed(std::uint64_t seed) {
    SCOPED_TRACE("JOURNAL_SEED=" + std::to_string(seed));
    TemporaryFolder folder;
    Model(seed, (folder.path() / "journal").string()).run();
}

/// Several, so that they run side by side.
class JournalModel : public testing::TestWithParam<int> {};

TEST_P(JournalModel, DoesWhatAPlainListDoes) {
    if (const auto seed = setting("JOURNAL_SEED")) {
        return run_seed(*seed);
    }
    Random random;
    for (auto count = setting("JOURNAL_SEEDS").value_or(150); count > 0; --count) {
        run_seed(random.next64());
        if (HasFailure()) {
            return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, JournalModel, testing::Range(0, 4));

}  // namespace
}  // namespace dns_tools::history::test
