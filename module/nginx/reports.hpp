#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "dns/resolver.hpp"
#include "history/record.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// Tells the error log what the resolver and the writer report.
class Reports final : public dns::ResolverObserver {
public:
    explicit Reports(ngx_log_t* log) noexcept : log_(log) {}

    void upstream_down(const SocketAddress& upstream, std::string_view why) noexcept override;
    void upstream_up(const SocketAddress& upstream) noexcept override;

    void database_up() noexcept;
    void database_down(std::string_view why) noexcept;
    void database_notice(std::string_view text) noexcept;
    void row_rejected(const history::Record& record, std::string_view why) noexcept;

private:
    ngx_log_t* log_;
    bool database_is_down_ = false;
    std::chrono::steady_clock::time_point last_told_{};
    unsigned untold_ = 0;
};

}  // namespace dns_tools::nginx
