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

void Reports::row_rejected(const history::Record& record, std::string_view why) noexcept {
    char id[Uuid::text_size];
    record.id.write(id);
    const Printable reason(why);
    ngx_log_error(NGX_LOG_ERR, log_, 0,
                  "dns_tools: the database refuses the lookup %*s of \"%*s\", it is not saved: %*s",
                  sizeof id, id, DNS_TOOLS_FORMAT_ARGS(record.domain),
                  DNS_TOOLS_FORMAT_ARGS(reason.text()));
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
