#include "nginx/stop_signal.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "nginx/guard.hpp"

namespace dns_tools::nginx {

StopSignal::StopSignal(ngx_log_t* log, std::function<void(Kind)> stop) : stop_(std::move(stop)) {
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd == -1) {
        throw std::system_error(errno, std::generic_category(), "eventfd()");
    }
    connection_ = ngx_get_connection(fd, log);
    if (connection_ == nullptr) {
        close(fd);
        throw std::runtime_error("no free connection: worker_connections are not enough");
    }
    connection_->data = this;
    connection_->log = log;
    connection_->idle = 1;
    connection_->read->log = log;
    connection_->write->log = log;
    connection_->read->handler = [](ngx_event_t* event) noexcept {
        auto* connection = static_cast<ngx_connection_t*>(event->data);
        if (connection->close) {
            auto* self = static_cast<StopSignal*>(connection->data);
            const auto kind = connection->error ? Kind::timeout : Kind::quit;
            guarded(event->log, [self, kind] { self->stop_(kind); });
        }
    };
}

StopSignal::~StopSignal() {
    ngx_close_connection(connection_);
}

}  // namespace dns_tools::nginx
