#include "nginx/journal_conf.hpp"

#include <new>
#include <string>

#include "nginx/directive.hpp"

namespace dns_tools::nginx {

namespace {

using history::JournalOptions;
using history::JournalSyncMode;

char* parse_size(ngx_conf_t* cf, const ngx_str_t& value, ngx_str_t text, JournalConf& conf) {
    const off_t size = ngx_parse_offset(&text);
    if (size == NGX_ERROR) {
        return invalid(cf, value, "size must be a number of bytes, as in 512m or 2g");
    }
    if (size < static_cast<off_t>(JournalOptions::min_size)) {
        return invalid(cf, value, "size must be 1m or more");
    }
    if (static_cast<std::uint64_t>(size) > JournalOptions::max_size) {
        return invalid(cf, value, "size must be 32g or less: it is what each worker may keep");
    }
    conf.options.size = static_cast<std::size_t>(size);
    return fine;
}

char* parse_sync(ngx_conf_t* cf, const ngx_str_t& value, ngx_str_t text, JournalConf& conf) {
    constexpr ngx_int_t shortest = 1;
    constexpr ngx_int_t longest = 60'000;

    if (view(text) == "off") {
        conf.options.sync = JournalSyncMode::off;
        return fine;
    }
    if (view(text) == "always") {
        conf.options.sync = JournalSyncMode::always;
        return fine;
    }
    const ngx_int_t ms = ngx_parse_time(&text, 0);
    if (ms < shortest || ms > longest) {
        return invalid(cf, value, "sync must be \"off\", \"always\", or a time from 1ms to 60s");
    }
    conf.options.sync = JournalSyncMode::periodic;
    conf.options.sync_interval = std::chrono::milliseconds(ms);
    return fine;
}

char* parse_full(ngx_conf_t* cf, const ngx_str_t& value, const ngx_str_t& text, JournalConf& conf) {
    if (view(text) != "reject" && view(text) != "drop") {
        return invalid(cf, value, "full must be \"reject\" or \"drop\"");
    }
    conf.drop = view(text) == "drop";
    return fine;
}

char* parse_option(ngx_conf_t* cf, const ngx_str_t& value, JournalConf& conf) {
    if (const auto size = after_prefix(value, "size=")) {
        return parse_size(cf, value, *size, conf);
    }
    if (const auto sync = after_prefix(value, "sync=")) {
        return parse_sync(cf, value, *sync, conf);
    }
    if (const auto full = after_prefix(value, "full=")) {
        return parse_full(cf, value, *full, conf);
    }
    return invalid(cf, value, "behind the path it must be size=, sync= or full=");
}

/// Has nginx make the folder when it is missing, with the workers' user as its owner.
char* add_folder(ngx_conf_t* cf, ngx_str_t name) {
    auto* path = static_cast<ngx_path_t*>(ngx_pcalloc(cf->pool, sizeof(ngx_path_t)));
    if (path == nullptr || ngx_conf_full_name(cf->cycle, &name, 0) != NGX_OK) {
        throw std::bad_alloc();
    }
    while (name.len > 1 && name.data[name.len - 1] == '/') {
        --name.len;
    }
    path->name = name;
    path->conf_file = cf->conf_file->file.name.data;
    path->line = cf->conf_file->line;
    return ngx_add_path(cf, &path) == NGX_OK ? fine : failed;
}

}  // namespace

char* parse_journal(ngx_conf_t* cf, std::optional<JournalConf>& conf) {
    if (conf) {
        return is_duplicate;
    }
    conf.emplace();
    const auto values = arguments(cf).subspan(1);
    for (const auto& value : values.subspan(1)) {
        if (char* error = parse_option(cf, value, *conf); error != fine) {
            return error;
        }
    }
    ngx_str_t path = values[0];
    if (path.len == 0 || ngx_conf_full_name(cf->cycle, &path, 0) != NGX_OK) {
        return invalid(cf, values[0], "it must be the path of a folder");
    }
    conf->options.path = view(path);
    return add_folder(cf, path);
}

}  // namespace dns_tools::nginx
