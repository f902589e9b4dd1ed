#include "nginx/worker_history.hpp"

#include <utility>

#include "api/record_json.hpp"
#include "history/memory_queue.hpp"
#include "nginx/guard.hpp"

namespace dns_tools::nginx {

namespace {

// Room for some 400,000 lookups of ordinary size.
constexpr std::size_t memory_queue_capacity = 64 * 1024 * 1024;

// How long an answer waits for PostgreSQL to commit (dns_tools_record commit).
constexpr std::chrono::seconds commit_deadline{10};

history::WriterOptions writer_options(const MainConf& conf) {
    history::WriterOptions options;
    options.conninfo = *conf.conninfo;
    options.schema = conf.schema.value_or(history::SchemaMode::create);
    return options;
}

history::ReaderOptions reader_options(const MainConf& conf) {
    history::ReaderOptions options;
    options.conninfo = conf.reads_conninfo.value_or(*conf.conninfo);
    return options;
}

/// Whoever exports many rows has time for each page of them.
history::ReaderOptions export_options(const MainConf& conf) {
    history::ReaderOptions options = reader_options(conf);
    options.read_deadline = std::chrono::seconds(30);
    return options;
}

}  // namespace

WorkerHistory::WorkerHistory(EventLoop& loop, Random& random, history::HostLookup& hosts,
                             Reports& reports, metrics::Counters* counters, const MainConf& conf)
    : reports_(reports),
      drops_(conf.journal && conf.journal->drop),
      queue_(make_queue(loop, random, conf)),
      counts_(counters, *queue_, !conf.journal),
      writer_(loop, random, *queue_, hosts, *this, writer_options(conf)),
      recorder_(loop, *queue_, writer_, commit_deadline),
      reader_(loop, hosts, reader_options(conf)),
      searches_(loop, hosts, reader_options(conf)),
      exports_(loop, hosts, export_options(conf)) {
    if (const auto keep = conf.retention.value_or(std::chrono::seconds(0)); keep.count() > 0) {
        history::RetentionOptions options;
        options.conninfo = *conf.conninfo;
        options.keep = keep;
        options.pause = history::retention_pause(keep);
        retention_ = std::make_unique<history::Retention>(loop, random, hosts, reports, options);
    }
    if (journal_ != nullptr) {
        rejected_file_.emplace(conf.journal->options.path + "/rejected");
        journal_->start();
    }
}

std::unique_ptr<history::Queue> WorkerHistory::make_queue(EventLoop& loop, Random& random,
                                                          const MainConf& conf) {
    if (!conf.journal) {
        return std::make_unique<history::MemoryQueue>(memory_queue_capacity);
    }
    history::JournalObserver& observer = *this;
    auto journal =
        std::make_unique<history::Journal>(loop, random, observer, conf.journal->options);
    journal_ = journal.get();
    return journal;
}

WorkerHistory::~WorkerHistory() {
    if (queue_->pending() == 0) {
        return;
    }
    reports_.left_pending(queue_->pending(), journal_ != nullptr);
    if (journal_ == nullptr) {
        counts_.dropped(metrics::DropReason::exit, queue_->pending());
    }
}

void WorkerHistory::start() {
    writer_.start();
    if (retention_ != nullptr) {
        retention_->start();
    }
}

void WorkerHistory::drain(std::chrono::milliseconds at_most) {
    retention_.reset();
    counts_.leave();
    if (journal_ != nullptr) {
        journal_->drain();
    }
    writer_.drain(at_most);
}

const Standing& WorkerHistory::journal_standing() noexcept {
    journal_standing_.turn(journal_->up() && !journal_->full());
    return journal_standing_;
}

void WorkerHistory::dropped() noexcept {
    const bool full = journal_ == nullptr || journal_->up();
    counts_.dropped(full ? metrics::DropReason::full : metrics::DropReason::journal_failed);
    reports_.dropped();
}

void WorkerHistory::database_up() noexcept {
    counts_.database_is_up(true);
    reports_.database_up();
}

void WorkerHistory::database_down(std::string_view why) noexcept {
    counts_.database_is_up(false);
    reports_.database_down(why);
}

void WorkerHistory::acknowledged() noexcept {
    counts_.queue_changed();
    recorder_.acknowledged();
}

void WorkerHistory::row_rejected(const history::Record& record, std::string_view why) noexcept {
    bool kept = false;
    if (rejected_file_) {
        kept = guarded(reports_.log(), false,
                       [&] { return rejected_file_->append(api::rejected_line(record, why)); });
    }
    counts_.rejected();
    reports_.row_rejected(record, why, kept);
    recorder_.refused(record);
}

void WorkerHistory::journal_up() noexcept {
    journal_standing_.turn(true);
    reports_.journal_up();
}

void WorkerHistory::journal_down(std::string_view why) noexcept {
    journal_standing_.turn(false);
    reports_.journal_down(why);
}

void WorkerHistory::journal_adopted(std::size_t records) noexcept {
    counts_.queue_changed();
    reports_.journal_adopted(records);
    guarded(reports_.log(), [this] { writer_.appended(); });
}

void WorkerHistory::journal_damaged(std::string_view file, std::uint64_t bytes,
                                    std::string_view why) noexcept {
    counts_.damaged(bytes);
    counts_.queue_changed();
    reports_.journal_damaged(file, bytes, why);
}

void WorkerHistory::journal_sync_failed(std::string_view why) noexcept {
    reports_.journal_sync_failed(why);
    recorder_.sync_failed();
}

void WorkerHistory::journal_newer_version(std::string_view file) noexcept {
    reports_.journal_newer_version(file);
}

void WorkerHistory::journal_left_alone(std::string_view folder, std::string_view why) noexcept {
    reports_.journal_left_alone(folder, why);
}

void WorkerHistory::journal_not_set_aside(std::string_view file) noexcept {
    reports_.journal_not_set_aside(file);
}

}  // namespace dns_tools::nginx
