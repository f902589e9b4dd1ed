#include "dns/attempt.hpp"

#include <new>

#include "dns/query.hpp"
#include "dns/upstream.hpp"

namespace dns_tools::dns {

bool Attempt::arrived(std::span<const std::uint8_t> answer) noexcept {
    if (query_ == nullptr) {
        if (!is_answer(answer, message)) {
            return false;
        }
        end(Outcome::answered);
        return true;
    }
    try {
        switch (read_answer(answer, message, query_->answer)) {
            case Reading::not_an_answer:
                return false;
            case Reading::truncated:
                why = "a truncated answer";
                end(over_tcp ? Outcome::failed : Outcome::truncated);
                return true;
            case Reading::format_error:
                why = query_->answer.detail;
                end(Outcome::format_error);
                return true;
            case Reading::failed:
                why = query_->answer.detail;
                end(Outcome::failed);
                return true;
            case Reading::answered:
                end(Outcome::answered);
                return true;
        }
    } catch (const std::bad_alloc&) {
        end(Outcome::failed);
    }
    return true;
}

void Attempt::broke(Trouble trouble, std::string_view cause) noexcept {
    try {
        why = cause;
    } catch (const std::bad_alloc&) {
        why.clear();
    }
    end(trouble == Trouble::refused ? Outcome::refused : Outcome::unsent);
}

void Attempt::end(Outcome how) noexcept {
    outcome = how;
    owner_.ended(*this);
}

std::string Attempt::description(std::chrono::milliseconds timeout) const {
    const auto place = upstream->address().text();
    switch (outcome) {
        case Outcome::timed_out:
            return "no answer from " + place + (over_tcp ? " over TCP" : "") + " within " +
                   std::to_string(timeout.count()) + " ms";
        case Outcome::refused:
            return "cannot reach " + place + ": " + why;
        case Outcome::unsent:
            return "cannot ask " + place + (over_tcp ? " over TCP: " : ": ") + why;
        default:
            return why + " from " + place;
    }
}

}  // namespace dns_tools::dns
