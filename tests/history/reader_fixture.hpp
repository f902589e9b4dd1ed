#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "history/reader.hpp"
#include "writer_fixture.hpp"

namespace dns_tools::history::test {

/// A waiter that keeps a copy of what it is told.
class Answer final : public ReadWaiter {
public:
    struct Row {
        std::string id;
        std::int64_t created_at;
        std::string client;
        std::string domain;
        std::vector<AddressRecord> addresses;
    };

    void rows(const Page& page) noexcept override {
        ++calls;
        next = page.next;
        for (const Record& record : page.records) {
            got.push_back({record.id.text(),
                           record.created_at.time_since_epoch().count(),
                           record.client ? record.client->text() : "",
                           std::string(record.domain),
                           {record.addresses.begin(), record.addresses.end()}});
        }
        if (then) {
            then();
        }
    }
    void failed(ReadFailure kind, std::string_view why) noexcept override {
        ++calls;
        failure = kind;
        error = why;
        if (then) {
            then();
        }
    }

    std::vector<Row> got;
    std::optional<Uuid> next;
    std::string error;
    std::optional<ReadFailure> failure;
    int calls = 0;
    std::function<void()> then;
};

class ReaderTest : public WriterTest {
protected:
    ReaderTest() { reader_options.conninfo = options.conninfo; }
    ~ReaderTest() override { reader.reset(); }

    void latest(unsigned limit, ReadWaiter& waiter) {
        HistoryQuery query;
        query.limit = limit;
        reader->read(query, waiter);
    }
    void open() { reader = std::make_unique<Reader>(loop, hosts, reader_options); }
    bool wait(const Answer& answer) {
        return eventually(loop, [&] { return answer.calls == 1; });
    }
    void make_table() {
        start();
        ASSERT_TRUE(wait_up());
    }
    void fill(std::size_t count) {
        make_table();
        append(count);
        ASSERT_TRUE(wait_written());
    }
    std::size_t reads() const {
        return postgres.count_logged(database, "execute <unnamed>: SELECT id");
    }

    ReaderOptions reader_options;
    std::unique_ptr<Reader> reader;
};

}  // namespace dns_tools::history::test
