#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "support.hpp"

namespace dns_tools::history::test {

using namespace std::chrono_literals;

/// A writer with its queue, on a new database of the private server.
class WriterTest : public testing::Test {
protected:
    static constexpr std::size_t queue_size = 64 << 20;

    WriterTest() : database(postgres.make_database()) {
        options.conninfo = postgres.conninfo(database);
    }

    void start() {
        make();
        writer->start();
    }
    void make() { writer = std::make_unique<Writer>(loop, random, queue, hosts, diary, options); }
    void append(const Record& record) {
        ASSERT_TRUE(queue.append(queue.reserve(), record));
        writer->appended();
    }
    void append(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            append(maker.make());
        }
    }

    bool is(DatabaseState::Status status) const { return writer->state().status == status; }
    bool wait_up() {
        return eventually(loop, [this] { return is(DatabaseState::Status::up); });
    }
    bool wait_down() {
        return eventually(loop, [this] { return is(DatabaseState::Status::down); });
    }
    bool wait_written(std::chrono::milliseconds at_most = 20s) {
        return eventually(
            loop, [this] { return queue.pending() == 0; }, at_most);
    }
    std::string reason() const { return writer->state().reason; }

    Sql sql() const { return Sql(postgres.conninfo(database)); }
    std::size_t rows() const { return sql().number("SELECT count(*) FROM dns_lookups"); }

    Postgres& postgres = Postgres::shared();
    const std::string database;
    PollLoop loop;
    Random random;
    FakeHosts hosts{loop};
    Diary diary;
    MemoryQueue queue{queue_size};
    RecordMaker maker{random};
    WriterOptions options;
    std::unique_ptr<Writer> writer;
};

}  // namespace dns_tools::history::test
