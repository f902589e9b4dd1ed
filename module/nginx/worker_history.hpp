#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "history/journal.hpp"
#include "history/reader.hpp"
#include "history/recorder.hpp"
#include "history/rejected_file.hpp"
#include "history/retention.hpp"
#include "history/writer.hpp"
#include "nginx/history_counts.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/reports.hpp"
#include "nginx/standing.hpp"

namespace dns_tools::nginx {

/// What only a worker with a database has: the queue of records, and all that moves them into the
/// database, deletes them and reads them back.
class WorkerHistory final : private history::WriterObserver, private history::JournalObserver {
public:
    /// Takes a folder of the journal at once.
    WorkerHistory(EventLoop& loop, Random& random, history::HostLookup& hosts, Reports& reports,
                  metrics::Counters* counters, const MainConf& conf);
    /// Says what becomes of the records that the database has not taken.
    ~WorkerHistory() override;

    /// Connects. To be called from the loop.
    void start();
    /// The worker is leaving: it stays for the database no longer than `at_most`.
    void drain(std::chrono::milliseconds at_most);

    history::Recorder& recorder() noexcept { return recorder_; }
    /// For what the primary key alone finds.
    history::Reader& reader() noexcept { return reader_; }
    /// For what may take long; it holds up nothing else.
    history::Reader& searches() noexcept { return searches_; }
    history::Reader& exports() noexcept { return exports_; }
    unsigned exports_under_way = 0;
    const history::DatabaseState& database() const noexcept { return writer_.state(); }
    /// Null without dns_tools_journal.
    const history::Journal* journal() const noexcept { return journal_; }
    /// Of the journal: down while it keeps no record, because it cannot or because it is full.
    const Standing& journal_standing() noexcept;

    /// Whether a lookup that there is no room for is answered all the same.
    bool drops() const noexcept { return drops_; }
    /// One was.
    void dropped() noexcept;
    /// The recorder has kept this record.
    void appended(const history::Record& record) noexcept { counts_.appended(record.created_at); }

private:
    std::unique_ptr<history::Queue> make_queue(EventLoop& loop, Random& random,
                                               const MainConf& conf);

    void database_up() noexcept override;
    void database_down(std::string_view why) noexcept override;
    void database_notice(std::string_view text) noexcept override {
        reports_.database_notice(text);
    }
    void rows_written(std::size_t rows) noexcept override { counts_.written(rows); }
    void batch_committed(std::chrono::nanoseconds took) noexcept override {
        counts_.committed(took);
    }
    void acknowledged() noexcept override;
    void row_rejected(const history::Record& record, std::string_view why) noexcept override;

    void journal_up() noexcept override;
    void journal_down(std::string_view why) noexcept override;
    void journal_adopted(std::size_t records) noexcept override;
    void journal_left(std::size_t records, std::optional<UnixMicros> oldest) noexcept override {
        counts_.left(records, oldest);
    }
    void journal_damaged(std::string_view file, std::uint64_t bytes,
                         std::string_view why) noexcept override;
    void journal_synced() noexcept override { recorder_.synced(); }
    void journal_sync_failed(std::string_view why) noexcept override;
    void journal_newer_version(std::string_view file) noexcept override;
    void journal_left_alone(std::string_view folder, std::string_view why) noexcept override;
    void journal_not_set_aside(std::string_view file) noexcept override;

    Reports& reports_;
    const bool drops_;
    Standing journal_standing_;
    history::Journal* journal_ = nullptr;  // the queue, when it is one
    std::optional<history::RejectedFile> rejected_file_;
    std::unique_ptr<history::Queue> queue_;
    HistoryCounts counts_;
    history::Writer writer_;
    history::Recorder recorder_;
    history::Reader reader_;
    history::Reader searches_;
    history::Reader exports_;
    std::unique_ptr<history::Retention> retention_;  // null without one, and once leaving
};

}  // namespace dns_tools::nginx
