#include "dns/streams.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace dns_tools::dns {

namespace {

// From the third on, c-ares 1.32 and later derive from the answers how long others are waited for,
// which may be as little as 250 ms.
constexpr unsigned answers_a_line = 2;

}  // namespace

/// A channel of c-ares with its one connection.
struct Streams::Line {
    std::unique_ptr<AresChannel> channel;
    std::set<std::uint16_t> ids;  // of the flights on it
    unsigned answers = 0;
    bool retired = false;
};

/// What c-ares holds of a flight. It outlives a flight that was cancelled.
class StreamCall final : public AresChannel::Sender {
public:
    StreamCall(Streams& streams, Streams::Line& line, Flight& flight)
        : streams_(streams), line_(line), flight_(&flight) {
        flight.call_ = this;
    }

    void ended(AresChannel::Ending ending, std::span<const std::uint8_t> message,
               std::string_view why) noexcept override {
        const std::unique_ptr<StreamCall> self(this);
        Flight* flight = flight_;
        if (flight == nullptr || streams_.closing_) {
            return;
        }
        leave();
        const bool answered = ending == AresChannel::Ending::answered;
        line_.retired = line_.retired || !answered || ++line_.answers >= answers_a_line;
        if (line_.retired && line_.ids.empty()) {
            streams_.sweep_->post();
        }
        if (!answered) {
            flight->broke(Trouble::unsent, why);
        } else if (!flight->arrived(message)) {
            flight->broke(Trouble::unsent, "its answer over TCP belongs to another question");
        }
    }

    /// The flight is told nothing more.
    Streams::Line& leave() {
        line_.ids.erase(flight_->id_);
        flight_->call_ = nullptr;
        flight_ = nullptr;
        return line_;
    }

private:
    Streams& streams_;
    Streams::Line& line_;
    Flight* flight_;
};

Streams::Streams(EventLoop& loop, Random& random, const SocketAddress& upstream,
                 std::chrono::milliseconds timeout)
    : loop_(loop),
      random_(random),
      upstream_(upstream),
      timeout_(timeout),
      sweep_(loop.make_task([this] { sweep(); })) {}

Streams::~Streams() {
    closing_ = true;
    lines_.clear();
}

void Streams::send(Flight& flight) {
    if (lines_.empty() || lines_.back()->retired) {
        // c-ares must not be faster than the flights' own deadlines.
        auto channel = AresChannel::over_tcp(loop_, upstream_, 2 * timeout_);
        if (channel == nullptr) {
            flight.broke(Trouble::unsent, "c-ares cannot open a channel");
            return;
        }
        lines_.push_back(std::make_unique<Line>());
        lines_.back()->channel = std::move(channel);
    }
    auto& line = *lines_.back();
    // An id of a query under way may not be used again (RFC 7766 §6.2.1).
    do {
        flight.id_ = random_.next16();
    } while (!line.ids.insert(flight.id_).second);
    flight.message.set_id(flight.id_);
    auto* call = new StreamCall(*this, line, flight);  // c-ares ends it, once and always
    line.channel->send(flight.message.bytes(), *call);
}

void Streams::cancel(Flight& flight) {
    if (flight.call_ != nullptr) {
        flight.call_->leave().retired = true;
        sweep();
    }
}

/// Closes retired connections that nobody waits on.
void Streams::sweep() {
    std::erase_if(lines_, [](const auto& line) { return line->retired && line->ids.empty(); });
}

}  // namespace dns_tools::dns
