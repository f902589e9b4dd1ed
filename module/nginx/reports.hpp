#pragma once

#include <string_view>

#include "base/socket_address.hpp"
#include "history/record.hpp"
#include "history/retention.hpp"
#include "nginx/ngx.hpp"
#include "nginx/outage.hpp"

namespace dns_tools::nginx {

/// Tells the error log what the resolver, the writer and the retention report.
class Reports final : public history::RetentionObserver {
public:
    explicit Reports(ngx_log_t* log) noexcept : log_(log) {}
    ngx_log_t* log() const noexcept { return log_; }

    void upstream_down(const SocketAddress& upstream, std::string_view why) noexcept;
    void upstream_up(const SocketAddress& upstream) noexcept;

    void database_up() noexcept;
    void database_down(std::string_view why) noexcept;
    void database_notice(std::string_view text) noexcept;
    /// `kept`: in the file of rejected records.
    void row_rejected(const history::Record& record, std::string_view why, bool kept) noexcept;

    /// A lookup was answered though there was no room for its record.
    void dropped() noexcept;
    /// The worker leaves this many records, which are lost unless there is a journal.
    void left_pending(std::size_t records, bool in_journal) noexcept;

    void journal_up() noexcept;
    void journal_down(std::string_view why) noexcept;
    void journal_adopted(std::size_t records) noexcept;
    void journal_damaged(std::string_view file, std::uint64_t bytes, std::string_view why) noexcept;
    void journal_sync_failed(std::string_view why) noexcept;
    void journal_newer_version(std::string_view file) noexcept;
    void journal_left_alone(std::string_view folder, std::string_view why) noexcept;
    void journal_not_set_aside(std::string_view file) noexcept;

    void old_rows_deleted(std::size_t rows) noexcept override;
    void retention_failed(std::string_view why) noexcept override;

private:
    ngx_log_t* log_;
    Outage database_outage_;
    Outage retention_outage_;
    Outage journal_outage_;
    Outage drops_;
};

}  // namespace dns_tools::nginx
