#include "history/pg_connection.hpp"

#include <libpq-fe.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <utility>
#include <variant>
#include <vector>

#include "history/database.hpp"
#include "history/host_finder.hpp"
#include "history/host_turns.hpp"
#include "history/pg_text.hpp"
#include "history/service_variable.hpp"

namespace dns_tools::history {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

struct ClearResult {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

Parameters given(const Options& options) {
    Parameters parameters;
    for (const auto* option = options.get(); option && option->keyword; ++option) {
        if (option->val != nullptr) {
            parameters.emplace_back(option->keyword, option->val);
        }
    }
    return parameters;
}

std::string_view field(const PGresult* result, int code) {
    const char* const text = PQresultErrorField(result, code);
    return text != nullptr ? text : "";
}

/// The server's own message is preferred: libpq's text may hold more lines.
std::string_view message(const PGresult* result) {
    const auto primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
    return first_line(!primary.empty() ? primary : PQresultErrorMessage(result));
}

PgError error_of(const PGresult* result) {
    PgError error;
    error.sqlstate = field(result, PG_DIAG_SQLSTATE);
    error.kind = classify(error.sqlstate);
    error.text = message(result);
    if (!error.sqlstate.empty()) {
        error.text += " (SQLSTATE " + error.sqlstate + ")";
    }
    return error;
}

/// Whether libpq has taken a part of a TLS record alone. It takes 8 KiB at a time, a record may
/// hold 16, and the loop tells nothing of what has left the socket.
bool has_rest_of_record(PGconn* connection) {
    auto* const tls = static_cast<SSL*>(PQsslStruct(connection, "OpenSSL"));
    return tls != nullptr && SSL_pending(tls) > 0;
}

PgError connection_error(std::string text) {
    return {ErrorKind::connection, "", std::move(text)};
}

}  // namespace

std::optional<Parameters> parse_parameters(const std::string& conninfo) {
    // The message would repeat the input, so it is not asked for.
    const Options options(PQconninfoParse(conninfo.c_str(), nullptr));
    return options ? std::optional(given(options)) : std::nullopt;
}

Parameters default_parameters(const std::string& service) {
    const ServiceVariable variable(service);
    return given(Options(PQconndefaults()));
}

int PgRows::size() const noexcept {
    return PQntuples(static_cast<const PGresult*>(result_));
}

std::optional<std::string_view> PgRows::value(int row, int column) const noexcept {
    const auto* const result = static_cast<const PGresult*>(result_);
    if (PQgetisnull(result, row, column)) {
        return std::nullopt;
    }
    return std::string_view(PQgetvalue(result, row, column),
                            static_cast<std::size_t>(PQgetlength(result, row, column)));
}

class PgConnection::Impl {
public:
    Impl(EventLoop& loop, HostLookup& hosts, Owner& owner, std::string conninfo)
        : loop_(loop),
          finder_(loop, hosts),
          owner_(owner),
          conninfo_(std::move(conninfo)),
          timer_(loop.make_timer([this] { late(); })),
          task_(loop.make_task([this] { turn(); })) {}
    ~Impl() { close(); }

    void connect(milliseconds at_most);
    void close() noexcept;
    void send(std::span<const PgStatement> statements);

private:
    enum class Phase { closed, starting, resolving, connecting, connected };

    void turn();
    milliseconds time_left() const;
    void resolve();
    void resolved(std::vector<HostEntry> hosts, std::string error);
    void open();
    void poll();
    void late();
    void bound_attempt();
    bool watch(bool readable, bool writable);
    void start_pipeline();
    void ready(Readiness what);
    void proceed();
    bool drain();
    void take(Result result);
    void fail(PgError error);
    void lost();

    static void receive_notice(void* impl, const PGresult* notice) noexcept;

    EventLoop& loop_;
    HostFinder finder_;
    Owner& owner_;
    const std::string conninfo_;

    Phase phase_ = Phase::closed;
    std::unique_ptr<Timer> timer_;  // of libpq's attempt
    std::unique_ptr<Task> task_;
    Clock::time_point deadline_;

    Conninfo target_;
    HostTurns turns_;

    PGconn* connection_ = nullptr;
    std::unique_ptr<Watch> watch_;
    int fd_ = -1;

    bool broken_ = false;                // libpq took no more
    std::size_t outstanding_ = 0;        // requests not completed
    Result rows_;                        // of the oldest request
    std::size_t changed_ = 0;            // by the oldest request
    std::optional<PgError> error_;       // of the oldest request
    std::optional<PgError> last_words_;  // of a server that ends the session
};

PgConnection::PgConnection(EventLoop& loop, HostLookup& hosts, Owner& owner, std::string conninfo)
    : impl_(std::make_unique<Impl>(loop, hosts, owner, std::move(conninfo))) {}

PgConnection::~PgConnection() = default;

void PgConnection::connect(milliseconds at_most) {
    impl_->connect(at_most);
}

void PgConnection::close() noexcept {
    impl_->close();
}

void PgConnection::send(std::span<const PgStatement> statements) {
    impl_->send(statements);
}

void PgConnection::Impl::connect(milliseconds at_most) {
    deadline_ = loop_.now() + at_most;
    phase_ = Phase::starting;
    task_->post();
}

void PgConnection::Impl::close() noexcept {
    phase_ = Phase::closed;
    timer_->disarm();
    finder_.cancel();
    watch_.reset();
    fd_ = -1;
    PQfinish(std::exchange(connection_, nullptr));
    broken_ = false;
    outstanding_ = 0;
    rows_.reset();
    changed_ = 0;
    error_.reset();
    last_words_.reset();
}

void PgConnection::Impl::fail(PgError error) {
    close();
    owner_.disconnected(error);
}

/// What a public call left for the loop to do, so that the owner is not called from inside it.
void PgConnection::Impl::turn() {
    if (phase_ == Phase::starting) {
        try {
            resolve();
        } catch (const std::bad_alloc&) {
            fail(connection_error("out of memory"));
        }
    } else if (phase_ == Phase::connected) {
        proceed();
    }
}

/// Of the attempt to connect.
milliseconds PgConnection::Impl::time_left() const {
    return std::max(std::chrono::ceil<milliseconds>(deadline_ - loop_.now()), milliseconds(0));
}

void PgConnection::Impl::resolve() {
    auto parsed = Conninfo::parse(conninfo_);
    if (auto* wrong = std::get_if<std::string>(&parsed)) {
        return fail({ErrorKind::configuration, "", std::move(*wrong)});
    }
    target_ = std::move(std::get<Conninfo>(parsed));

    phase_ = Phase::resolving;
    finder_.find(target_.hosts, time_left(),
                 [this](std::vector<HostEntry> hosts, std::string error) {
                     resolved(std::move(hosts), std::move(error));
                 });
}

void PgConnection::Impl::resolved(std::vector<HostEntry> hosts, std::string error) {
    if (hosts.empty() && !target_.hosts.empty()) {
        return fail(connection_error(std::move(error)));
    }
    turns_.begin(std::move(hosts), loop_.now(), deadline_);
    timer_->arm(time_left(), OnExit::abandon);
    open();
}

/// Starts libpq on the hosts that are left of this attempt.
void PgConnection::Impl::open() {
    phase_ = Phase::connecting;
    const auto parameters = with_hosts(target_.parameters, turns_.hosts());
    std::vector<const char*> names;
    std::vector<const char*> values;
    const auto add = [&](const char* name, const char* value) {
        names.push_back(name);
        values.push_back(value);
    };
    for (const auto& [name, value] : parameters) {
        add(name.c_str(), value.c_str());
    }
    // Of a name given twice libpq takes the last value.
    add("client_encoding", "UTF8");
    add("gssencmode", "disable");  // its handshake blocks
    add("fallback_application_name", "dns-tools");
    add(nullptr, nullptr);

    connection_ = PQconnectStartParams(names.data(), values.data(), 0);
    if (connection_ == nullptr) {
        return fail(connection_error("out of memory"));
    }
    PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);  // or no SQLSTATE is told while connecting
    PQsetNoticeReceiver(connection_, receive_notice, this);
    if (PQstatus(connection_) == CONNECTION_BAD) {
        return lost();
    }
    bound_attempt();
    if (!watch(false, true)) {
        fail(connection_error("the worker has no room for another connection"));
    }
}

void PgConnection::Impl::poll() {
    // libpq may close the socket and open another, which may get the same number; a watch that
    // wants nothing is off the loop in either case.
    if (!watch_->want(false, false)) {
        return fail(connection_error("the event loop refuses the connection"));
    }
    const auto status = PQconnectPoll(connection_);
    if (status == PGRES_POLLING_OK) {
        return start_pipeline();
    }
    if (status == PGRES_POLLING_FAILED) {
        return lost();
    }
    bound_attempt();
    if (!watch(status == PGRES_POLLING_READING, status == PGRES_POLLING_WRITING)) {
        fail(connection_error("the worker has no room for another connection"));
    }
}

/// Moves the timer when libpq has turned to another host.
void PgConnection::Impl::bound_attempt() {
    const HostEntry trying{PQhost(connection_), PQhostaddr(connection_), PQport(connection_)};
    if (const auto time = turns_.turn_to(trying, loop_.now())) {
        timer_->arm(*time, OnExit::abandon);
    }
}

void PgConnection::Impl::late() {
    if (!turns_.skip(loop_.now())) {
        return fail(connection_error("the database did not answer in time"));
    }
    watch_.reset();
    fd_ = -1;
    PQfinish(std::exchange(connection_, nullptr));
    open();
}

bool PgConnection::Impl::watch(bool readable, bool writable) {
    const int fd = PQsocket(connection_);
    if (watch_ == nullptr || fd != fd_) {
        watch_.reset();
        watch_ = loop_.watch(fd, [this](Readiness what) { ready(what); });
        fd_ = fd;
    }
    return watch_ != nullptr && watch_->want(readable, writable);
}

void PgConnection::Impl::start_pipeline() {
    timer_->disarm();
    if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
        return lost();
    }
    if (!watch(true, false)) {
        return fail(connection_error("the worker has no room for another connection"));
    }
    phase_ = Phase::connected;
    owner_.connected();
}

void PgConnection::Impl::send(std::span<const PgStatement> statements) {
    constexpr int binary = 1;
    bool sent = true;
    for (const PgStatement& statement : statements) {
        std::array<Oid, max_parameters> types;
        std::array<const char*, max_parameters> values;
        std::array<int, max_parameters> lengths;
        std::array<int, max_parameters> formats;
        int count = 0;
        for (const PgParameter& parameter : statement.parameters) {
            const auto i = static_cast<std::size_t>(count++);
            types[i] = parameter.type;
            values[i] = parameter.value.data();
            lengths[i] = static_cast<int>(parameter.value.size());
            formats[i] = binary;
        }
        sent =
            sent && PQsendQueryParams(connection_, statement.sql, count, types.data(),
                                      values.data(), lengths.data(), formats.data(), binary) == 1;
    }
    if (sent && PQpipelineSync(connection_) == 1) {
        ++outstanding_;
    } else {
        broken_ = true;
    }
    task_->post();
}

void PgConnection::Impl::ready(Readiness what) {
    if (phase_ == Phase::connecting) {
        return poll();
    }
    if (what == Readiness::readable && PQconsumeInput(connection_) != 1) {
        // What the server said last may have come with the end of the connection.
        if (drain()) {
            lost();
        }
        return;
    }
    proceed();
}

/// Writes what there is to write and hands out the results that are there. libpq may have read them
/// while it wrote, and then the loop tells nothing of them.
void PgConnection::Impl::proceed() {
    const int flushed = PQflush(connection_);
    while (has_rest_of_record(connection_) && PQconsumeInput(connection_) == 1) {
    }
    if (!drain()) {
        return;
    }
    if (broken_ || flushed < 0 || PQstatus(connection_) == CONNECTION_BAD) {
        return lost();
    }
    if (!watch_->want(true, flushed == 1)) {
        fail(connection_error("the event loop refuses the connection"));
    }
}

/// False when the owner closed the connection meanwhile.
bool PgConnection::Impl::drain() {
    // A null result stands behind each statement's results; two in a row mean that libpq has given
    // up the requests together with the connection.
    bool ended = false;
    // PQisBusy() also reads what a server says unasked.
    while (!PQisBusy(connection_) && outstanding_ > 0) {
        Result result(PQgetResult(connection_));
        if (result == nullptr && std::exchange(ended, true)) {
            break;
        }
        if (result != nullptr) {
            ended = false;
            take(std::move(result));
        }
        if (phase_ != Phase::connected) {
            return false;
        }
    }
    return true;
}

void PgConnection::Impl::take(Result result) {
    switch (PQresultStatus(result.get())) {
        case PGRES_TUPLES_OK:
            rows_ = std::move(result);
            return;
        case PGRES_FATAL_ERROR:
            if (!error_) {
                error_ = error_of(result.get());
            }
            return;
        case PGRES_PIPELINE_SYNC: {
            --outstanding_;
            const auto error = std::exchange(error_, std::nullopt);
            const auto rows = std::move(rows_);
            const auto changed = std::exchange(changed_, 0);
            owner_.completed(error ? &*error : nullptr, PgRows(rows.get(), changed));
            return;
        }
        case PGRES_COMMAND_OK:
            changed_ += std::strtoul(PQcmdTuples(result.get()), nullptr, 10);
            return;
        default:  // PGRES_PIPELINE_ABORTED, behind an error
            return;
    }
}

/// The connection is broken or was not made; the best reason there is goes to the owner.
void PgConnection::Impl::lost() {
    PgError error = connection_error("");
    if (phase_ == Phase::connecting) {
        auto failure = read_connect_failure(PQerrorMessage(connection_));
        error = {classify(failure.sqlstate), std::move(failure.sqlstate), std::move(failure.text)};
    } else if (last_words_ || error_) {
        error = std::move(last_words_ ? *last_words_ : *error_);
    } else {
        error.text = first_line(PQerrorMessage(connection_));
    }
    if (error.text.empty()) {
        error.text = "the connection to the database was lost";
    }
    fail(std::move(error));
}

void PgConnection::Impl::receive_notice(void* impl, const PGresult* notice) noexcept {
    auto& self = *static_cast<Impl*>(impl);
    const auto severity = field(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != "FATAL" && severity != "PANIC") {
        return self.owner_.notice(message(notice));
    }
    // The connection ends right after it.
    try {
        self.last_words_ = error_of(notice);
    } catch (const std::bad_alloc&) {
        self.last_words_.reset();  // nothing may be thrown through libpq
    }
}

std::string client_library_version() {
    const int version = PQlibVersion();
    return std::to_string(version / 10000) + '.' + std::to_string(version % 10000);
}

}  // namespace dns_tools::history
