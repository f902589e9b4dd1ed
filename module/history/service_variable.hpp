#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace dns_tools::history {

/// Sets PGSERVICE for as long as it lives. libpq has no other way to ask for a service's values.
class ServiceVariable {
public:
    explicit ServiceVariable(const std::string& service) : set_(!service.empty()) {
        if (set_) {
            const char* const before = std::getenv(name);
            before_ = before ? std::optional<std::string>(before) : std::nullopt;
            setenv(name, service.c_str(), 1);
        }
    }
    ~ServiceVariable() {
        if (set_ && before_) {
            setenv(name, before_->c_str(), 1);
        } else if (set_) {
            unsetenv(name);
        }
    }

private:
    static constexpr const char* name = "PGSERVICE";
    bool set_;
    std::optional<std::string> before_;
};

}  // namespace dns_tools::history
