#pragma once

#include "api/history_request.hpp"
#include "nginx/ngx.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

/// Answers a request with any number of rows, a page at a time: the next one is read when the one
/// before has left for the client, so that neither the database nor the worker's memory holds more
/// than a page. Returns what the content handler returns.
ngx_int_t start_export(ngx_http_request_t* r, api::Method method, api::HistoryRequest asked,
                       WorkerHistory& history);

}  // namespace dns_tools::nginx
