#include <gtest/gtest.h>

#include <algorithm>

#include "writer_fixture.hpp"

namespace dns_tools::history::test {
namespace {

/// A queue from which records disappear, as they do from a journal whose disk fails.
class LossyQueue final : public Queue {
public:
    void lose(Uuid id) { lost_.insert(id); }

    Reservation reserve() override { return queue_.reserve(); }
    bool append(Reservation reservation, const Record& record) override {
        return queue_.append(std::move(reservation), record);
    }
    Position begin() const noexcept override { return queue_.begin(); }
    Position end() const noexcept override { return queue_.end(); }
    Position durable() const noexcept override { return queue_.durable(); }
    std::optional<UnixMicros> oldest() const noexcept override { return queue_.oldest(); }
    double fill_ratio() const noexcept override { return queue_.fill_ratio(); }
    /// Those that are lost are not pending once they were not found.
    std::size_t pending() const noexcept override { return queue_.pending() - missed_.size(); }
    Position read(Position from, Position until, std::size_t max_records, std::size_t,
                  std::vector<Record>& out) override {
        for (std::size_t records = 0; records < max_records && from < until;) {
            std::vector<Record> one;
            from = queue_.read(from, until, 1, 1, one);
            if (lost_.count(one.at(0).id) != 0) {
                missed_.insert(one[0].id);
            } else {
                out.push_back(one[0]);
                ++records;
            }
        }
        ++reads;
        return from;
    }
    void acknowledge(Position until) override {
        std::vector<Record> records;
        queue_.read(queue_.begin(), until, ~std::size_t{0}, ~std::size_t{0}, records);
        for (const auto& record : records) {
            missed_.erase(record.id);
        }
        queue_.acknowledge(until);
    }

    int reads = 0;

private:
    void release(std::size_t) noexcept override {}

    MemoryQueue queue_{64 << 20};
    std::set<Uuid> lost_;
    std::set<Uuid> missed_;
};

class WriterLosses : public WriterTest {
protected:
    ~WriterLosses() override { writer.reset(); }

    void SetUp() override {
        writer = std::make_unique<Writer>(loop, random, lossy, hosts, diary, options);
        writer->start();
        ASSERT_TRUE(wait_up());
        holder = std::make_unique<Sql>(postgres.conninfo(database));
        holder->run("BEGIN");
        holder->run("LOCK TABLE dns_lookups");
        for (int i = 0; i < 1'000; ++i) {
            const auto record = maker.make(i == 10 ? "poison.test" : "example.com");
            ids.push_back(record.id);
            ASSERT_TRUE(lossy.append(lossy.reserve(), record));
        }
        writer->appended();
        // Four batches are on their way.
        ASSERT_TRUE(eventually(loop, [&] { return lossy.reads >= 4; }));
    }
    void lose(std::size_t begin, std::size_t end) {
        std::for_each(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                      ids.begin() + static_cast<std::ptrdiff_t>(end),
                      [&](const Uuid& id) { lossy.lose(id); });
    }
    /// Their connection ends, so that they are read again.
    void send_again() {
        sql().run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
            "'dns-tools'");
        ASSERT_TRUE(wait_down());
        holder->run("ROLLBACK");
    }
    bool wait_empty() {
        return eventually(loop,
                          [&] { return lossy.pending() == 0 && lossy.begin() == lossy.end(); });
    }

    LossyQueue lossy;
    std::unique_ptr<Sql> holder;
    std::vector<Uuid> ids;
};

TEST_F(WriterLosses, OfWholeBatchesAreSkipped) {
    lose(250, 600);
    send_again();
    EXPECT_TRUE(wait_empty());
    EXPECT_EQ(rows(), 650U);
    EXPECT_EQ(diary.written, 650U);
    EXPECT_LT(lossy.reads, 100);
}

TEST_F(WriterLosses, OfAllThereIsLeaveNothingToDo) {
    lose(0, 1'000);
    send_again();
    EXPECT_TRUE(wait_empty());
    EXPECT_EQ(rows(), 0U);
    EXPECT_LT(lossy.reads, 100);
}

TEST_F(WriterLosses, OfARowThatTheDatabaseRefusesRejectNoOther) {
    holder->run("ALTER TABLE dns_lookups ADD CONSTRAINT sound CHECK (domain <> 'poison.test')");
    lose(10, 11);
    holder->run("COMMIT");
    EXPECT_TRUE(wait_empty());
    EXPECT_EQ(rows(), 999U);
    EXPECT_TRUE(diary.rejected.empty());
}

}  // namespace
}  // namespace dns_tools::history::test
