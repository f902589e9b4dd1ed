#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"
#include "dns/datagrams.hpp"
#include "dns/message.hpp"
#include "dns/name.hpp"
#include "dns/resolver.hpp"
#include "dns/streams.hpp"

namespace dns_tools::dns {

/// Why there is no answer where no upstream is.
inline constexpr std::string_view no_upstream = "no upstream is configured";

/// A nameserver: the ways to it, and whether it answers.
///
/// One that was down and answers a probe is on trial: it may answer probes from its cache and know
/// nothing else. It gets one lookup at a time, and until one is answered, one silence is enough.
class Upstream {
public:
    using Health = Resolver::Health;
    using TimePoint = std::chrono::steady_clock::time_point;

    Upstream(EventLoop& loop, Random& random, ResolverObserver& observer,
             const SocketAddress& address, std::size_t place, std::chrono::milliseconds timeout);

    const SocketAddress& address() const noexcept { return address_; }
    /// Among the resolver's upstreams.
    std::size_t place() const noexcept { return place_; }
    Health health() const noexcept { return health_; }
    /// None before the first.
    std::optional<TimePoint> last_answer() const noexcept { return last_answer_; }

    /// When it is to be tried again; none unless it is down.
    std::optional<TimePoint> retry_at() const noexcept;
    /// Whether that time has come. The next comes after another pause.
    bool claim_retry(TimePoint now);

    /// Whether lookups are for it as for any other. Those that it gets all the same, because there
    /// is no other, count as well.
    bool takes_lookups() const noexcept;
    /// A lookup is on its way to it.
    void asked() noexcept;
    /// That lookup did not leave this machine.
    void not_asked() noexcept;

    /// It has answered a lookup of `name`, whatever it said.
    void answered(const Name& name, TimePoint now);
    /// A lookup of `sent_at` got no answer in time. One does not count while others are answered.
    void silent(const Name& name, TimePoint sent_at, TimePoint now);
    /// There is no way to it, or nobody listens there.
    void unreachable(const Name& name, TimePoint now, std::string_view why);

    struct Question {
        std::string_view name;
        RecordType type;
    };
    /// What the next probe is to ask, once for each: for preference what it was asked for before,
    /// since servers are silent to whom and about what they choose. One name may silence a server
    /// that answers all others, so after a probe in vain the next asks for something else.
    Question probe_question();
    void probe_answered(TimePoint now);
    void probe_silent(TimePoint sent_at, TimePoint now);
    void probe_unreachable(TimePoint now, std::string_view why);

    Datagrams datagrams;
    Streams streams;

private:
    enum class Trial { none, due, under_way };

    void turn_up();
    void go_silent(TimePoint now);
    void go_down(TimePoint now, std::string_view why);

    Random& random_;
    ResolverObserver& observer_;
    SocketAddress address_;
    std::size_t place_;
    Health health_ = Health::unknown;
    unsigned silences_ = 0;       // of lookups in a row
    unsigned silent_probes_ = 0;  // in a row
    std::optional<TimePoint> last_answer_;
    std::optional<TimePoint> last_lookup_answer_;
    Trial trial_ = Trial::none;
    TimePoint trial_since_{};
    bool failed_trial_ = false;            // since it last answered a lookup, or what was one
    std::optional<Name> answered_name_;    // of the last lookup that was
    std::optional<Name> unanswered_name_;  // of the last lookup since then
    bool unanswered_is_probed_ = false;
    TimePoint retry_at_{};
    Backoff backoff_;
};

}  // namespace dns_tools::dns
