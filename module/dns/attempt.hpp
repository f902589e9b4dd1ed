#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/list.hpp"
#include "dns/flight.hpp"

namespace dns_tools::dns {

class Upstream;
struct Query;

/// One query sent to one upstream, until it is known how that ended. It notes what happens and
/// tells its owner, who acts on it later, outside c-ares.
class Attempt final : public Flight, public ListNode {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    enum class Outcome {
        none,          ///< under way
        answered,      ///< the answer is there
        truncated,     ///< the answer is to be had over TCP
        format_error,  ///< the upstream could not read the query
        failed,        ///< the upstream answered, not usefully
        refused,       ///< nobody listens at the upstream
        unsent,        ///< this machine could not send it, or a connection broke
        timed_out,
    };

    /// Hears of attempts that have ended.
    class Owner {
    public:
        virtual void ended(Attempt& attempt) noexcept = 0;

    protected:
        ~Owner() = default;
    };

    /// For a query, whose answer receives what is read. Without one any response to the question
    /// will do.
    Attempt(Owner& owner, Query* query) noexcept : query_(query), owner_(owner) {}

    Query* query() const noexcept { return query_; }

    bool arrived(std::span<const std::uint8_t> message) noexcept override;
    void broke(Trouble trouble, std::string_view why) noexcept override;
    void end(Outcome how) noexcept;

    /// What the upstream did, for a person; for an outcome other than `answered`.
    std::string description(std::chrono::milliseconds timeout) const;

    Upstream* upstream = nullptr;
    bool over_tcp = false;
    TimePoint sent_at{};
    TimePoint deadline{};
    TimePoint departed{};  // by a finer clock than the loop's; only while queries are timed
    Outcome outcome = Outcome::none;
    std::string why;  // of `failed`, `refused` and `unsent`

private:
    Query* query_;
    Owner& owner_;
};

}  // namespace dns_tools::dns
