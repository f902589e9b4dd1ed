#include "nginx/reports.hpp"

#include "nginx/printable.hpp"

namespace dns_tools::nginx {

void Reports::upstream_down(const SocketAddress& upstream, std::string_view why) noexcept {
    const auto address = upstream.text();
    const Printable reason(why);
    ngx_log_error(NGX_LOG_WARN, log_, 0, "dns_tools: nameserver %*s does not answer: %*s",
                  DNS_TOOLS_FORMAT_ARGS(address), DNS_TOOLS_FORMAT_ARGS(reason.text()));
}

void Reports::upstream_up(const SocketAddress& upstream) noexcept {
    const auto address = upstream.text();
    ngx_log_error(NGX_LOG_NOTICE, log_, 0, "dns_tools: nameserver %*s answers again",
                  DNS_TOOLS_FORMAT_ARGS(address));
}

void Reports::database_up() noexcept {
    if (database_outage_.ended()) {
        ngx_log_error(NGX_LOG_NOTICE, log_, 0, "dns_tools: the database takes lookups again");
    }
}

void Reports::database_down(std::string_view why) noexcept {
    const auto untold = database_outage_.failed();
    if (!untold) {
        return;
    }
    const Printable reason(why);
    ngx_log_error(NGX_LOG_ERR, log_, 0,
                  "dns_tools: the database does not take lookups: %*s (%ui more failures since the "
                  "last such line); they stay queued",
                  DNS_TOOLS_FORMAT_ARGS(reason.text()), static_cast<ngx_uint_t>(*untold));
}

void Reports::database_notice(std::string_view text) noexcept {
    const Printable notice(text);
    ngx_log_error(NGX_LOG_INFO, log_, 0, "dns_tools: the database says: %*s",
                  DNS_TOOLS_FORMAT_ARGS(notice.text()));
}

void Reports::row_rejected(const history::Record& record, std::string_view why,
                           bool kept) noexcept {
    char id[Uuid::text_size];
    record.id.write(id);
    const Printable reason(why);
    ngx_log_error(NGX_LOG_ERR, log_, 0,
                  "dns_tools: the database refuses the lookup %*s of \"%*s\", it is %s: %*s",
                  sizeof id, id, DNS_TOOLS_FORMAT_ARGS(record.domain),
                  kept ? "set aside in the journal's file \"rejected\"" : "not saved",
                  DNS_TOOLS_FORMAT_ARGS(reason.text()));
}

void Reports::dropped() noexcept {
    if (const auto untold = drops_.failed()) {
        ngx_log_error(NGX_LOG_ERR, log_, 0,
                      "dns_tools: a lookup is answered but not saved: the journal has no room "
                      "(%ui more since the last such line)",
                      static_cast<ngx_uint_t>(*untold));
    }
}

void Reports::left_pending(std::size_t records, bool in_journal) noexcept {
    if (in_journal) {
        ngx_log_error(NGX_LOG_NOTICE, log_, 0,
                      "dns_tools: %uz lookups stay in the journal for another worker", records);
    } else {
        ngx_log_error(NGX_LOG_ERR, log_, 0,
                      "dns_tools: %uz lookups that were answered are not saved: the worker exits "
                      "before the database has taken them",
                      records);
    }
}

void Reports::journal_up() noexcept {
    if (journal_outage_.ended()) {
        ngx_log_error(NGX_LOG_NOTICE, log_, 0, "dns_tools: the journal has room again");
    }
}

void Reports::journal_down(std::string_view why) noexcept {
    if (const auto untold = journal_outage_.failed()) {
        const Printable reason(why);
        ngx_log_error(NGX_LOG_ERR, log_, 0,
                      "dns_tools: the journal cannot make room: %*s (%ui more failures since the "
                      "last such line)",
                      DNS_TOOLS_FORMAT_ARGS(reason.text()), static_cast<ngx_uint_t>(*untold));
    }
}

void Reports::journal_adopted(std::size_t records) noexcept {
    ngx_log_error(NGX_LOG_NOTICE, log_, 0,
                  "dns_tools: took over %uz lookups that another worker left in the journal",
                  records);
}

void Reports::journal_damaged(std::string_view file, std::uint64_t bytes,
                              std::string_view why) noexcept {
    const Printable reason(why);
    ngx_log_error(NGX_LOG_ERR, log_, 0,
                  "dns_tools: %uL bytes of the journal's \"%*s\" are lost: %*s", bytes,
                  DNS_TOOLS_FORMAT_ARGS(file), DNS_TOOLS_FORMAT_ARGS(reason.text()));
}

void Reports::journal_sync_failed(std::string_view why) noexcept {
    const Printable reason(why);
    ngx_log_error(NGX_LOG_ERR, log_, 0,
                  "dns_tools: the journal could not be brought to the disk: %*s",
                  DNS_TOOLS_FORMAT_ARGS(reason.text()));
}

void Reports::journal_newer_version(std::string_view file) noexcept {
    ngx_log_error(
        NGX_LOG_ERR, log_, 0,
        "dns_tools: the journal's \"%*s\" is of a newer version of this module; it is left "
        "as it is",
        DNS_TOOLS_FORMAT_ARGS(file));
}

void Reports::journal_left_alone(std::string_view folder, std::string_view why) noexcept {
    const Printable reason(why);
    ngx_log_error(NGX_LOG_ERR, log_, 0, "dns_tools: the journal's \"%*s\" is left as it is: %*s",
                  DNS_TOOLS_FORMAT_ARGS(folder), DNS_TOOLS_FORMAT_ARGS(reason.text()));
}

void Reports::journal_not_set_aside(std::string_view file) noexcept {
    ngx_log_error(
        NGX_LOG_ERR, log_, 0,
        "dns_tools: the journal's \"%*s\", of which the disk cannot read all, is removed: "
        "the files that are set aside already take its whole size",
        DNS_TOOLS_FORMAT_ARGS(file));
}

void Reports::old_rows_deleted(std::size_t) noexcept {
    if (retention_outage_.ended()) {
        ngx_log_error(NGX_LOG_NOTICE, log_, 0, "dns_tools: old lookups are deleted again");
    }
}

void Reports::retention_failed(std::string_view why) noexcept {
    const auto untold = retention_outage_.failed();
    if (!untold) {
        return;
    }
    const Printable reason(why);
    ngx_log_error(NGX_LOG_ERR, log_, 0,
                  "dns_tools: old lookups are not deleted: %*s (%ui more failures since the last "
                  "such line)",
                  DNS_TOOLS_FORMAT_ARGS(reason.text()), static_cast<ngx_uint_t>(*untold));
}

}  // namespace dns_tools::nginx
