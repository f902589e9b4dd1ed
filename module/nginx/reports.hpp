#pragma once

#include <string_view>

#include "dns/resolver.hpp"
#include "history/record.hpp"
#include "history/retention.hpp"
#include "nginx/ngx.hpp"
#include "nginx/outage.hpp"

namespace dns_tools::nginx {

/// Tells the error log what the resolver, the writer and the retention report.
class Reports final : public dns::ResolverObserver, public history::RetentionObserver {
public:
    explicit Reports(ngx_log_t* log) noexcept : log_(log) {}

    void upstream_down(const SocketAddress& upstream, std::string_view why) noexcept override;
    void upstream_up(const SocketAddress& upstream) noexcept override;

    void database_up() noexcept;
    void database_down(std::string_view why) noexcept;
    void database_notice(std::string_view text) noexcept;
    void row_rejected(const history::Record& record, std::string_view why) noexcept;

    void old_rows_deleted(std::size_t rows) noexcept override;
    void retention_failed(std::string_view why) noexcept override;

private:
    ngx_log_t* log_;
    Outage database_outage_;
    Outage retention_outage_;
};

}  // namespace dns_tools::nginx
