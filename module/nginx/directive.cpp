#include "nginx/directive.hpp"

namespace dns_tools::nginx {

char* invalid(ngx_conf_t* cf, const ngx_str_t& value, std::string_view what_is_right) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid value \"%V\" in \"%V\" directive: %*s",
                       &value, &arguments(cf)[0], DNS_TOOLS_FORMAT_ARGS(what_is_right));
    return failed;
}

std::optional<ngx_str_t> after_prefix(const ngx_str_t& text, std::string_view prefix) noexcept {
    if (!view(text).starts_with(prefix)) {
        return std::nullopt;
    }
    return ngx_string_of(view(text).substr(prefix.size()));
}

}  // namespace dns_tools::nginx
