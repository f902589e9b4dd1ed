#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "nginx/ngx.hpp"

/// What the functions that read a directive's arguments share.
namespace dns_tools::nginx {

/// What such a function returns.
inline char* const fine = NGX_CONF_OK;
inline char* const failed = reinterpret_cast<char*>(NGX_CONF_ERROR);  // the error is logged
inline char* const is_duplicate = const_cast<char*>("is duplicate");

/// The directive's name and its arguments.
inline std::span<ngx_str_t> arguments(ngx_conf_t* cf) noexcept {
    return {static_cast<ngx_str_t*>(cf->args->elts), cf->args->nelts};
}

/// Says which value of the directive is wrong, and what would be right. Returns `failed`.
char* invalid(ngx_conf_t* cf, const ngx_str_t& value, std::string_view what_is_right);

/// What stands behind `prefix`, which ends in "="; none when the text begins with something else.
std::optional<ngx_str_t> after_prefix(const ngx_str_t& text, std::string_view prefix) noexcept;

}  // namespace dns_tools::nginx
