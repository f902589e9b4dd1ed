#pragma once

#include <optional>

#include "history/journal_options.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// What dns_tools_journal says.
struct JournalConf {
    history::JournalOptions options;
    bool drop = false;  ///< full=drop: answer and lose the record rather than refuse
};

/// Reads the directive's arguments; nginx makes the folder, and gives it to the workers' user.
/// Returns what the function of a directive returns.
char* parse_journal(ngx_conf_t* cf, std::optional<JournalConf>& conf);

}  // namespace dns_tools::nginx
