#include "postgres.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace dns_tools::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// The folder of the newest server that is installed.
fs::path find_programs() {
    fs::path newest;
    for (const char* const root :
         {"/usr/lib/postgresql", "/usr/local/pgsql", "/usr/local", "/usr"}) {
        std::error_code none;
        std::vector<fs::path> folders{fs::path(root) / "bin"};
        for (const auto& entry : fs::directory_iterator(root, none)) {
            folders.push_back(entry.path() / "bin");
        }
        for (const auto& folder : folders) {
            if (fs::exists(folder / "initdb", none) && folder > newest) {
                newest = folder;
            }
        }
        if (!newest.empty()) {
            return newest;
        }
    }
    throw std::runtime_error("no PostgreSQL server is installed");
}

/// The server refuses to run as root.
const passwd* server_user() {
    if (geteuid() != 0) {
        return nullptr;
    }
    const passwd* const user = getpwnam("postgres");
    if (user == nullptr) {
        throw std::runtime_error("there is no user postgres to run the server as");
    }
    return user;
}

std::uint16_t free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    close(fd);
    return ntohs(address.sin_port);
}

pid_t parent_of(const fs::path& process) {
    std::ifstream file(process / "stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto name_end = text.rfind(')');
    // proc(5): pid (name) state ppid …
    return name_end == text.npos ? -1 : std::atoi(text.c_str() + name_end + 4);
}

}  // namespace

class PostgresEnvironment final : public testing::Environment {
public:
    void TearDown() override { Postgres::instance().reset(); }
};

namespace {
const testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new PostgresEnvironment);
}

Sql::Sql(const std::string& conninfo) {
    PGconn* const connection = PQconnectdb(conninfo.c_str());
    connection_ = {connection, [](void* held) { PQfinish(static_cast<PGconn*>(held)); }};
    if (PQstatus(connection) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection));
    }
    PQsetNoticeReceiver(
        connection, [](void*, const PGresult*) {}, nullptr);
}

Sql::Rows Sql::run(const std::string& sql) {
    auto* const connection = static_cast<PGconn*>(connection_.get());
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection, sql.c_str()),
                                                               PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        throw std::runtime_error(PQerrorMessage(connection));
    }
    Rows rows(static_cast<std::size_t>(PQntuples(result.get())));
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        for (int column = 0; column < PQnfields(result.get()); ++column) {
            rows[static_cast<std::size_t>(row)].emplace_back(PQgetvalue(result.get(), row, column));
        }
    }
    return rows;
}

std::string Sql::value(const std::string& sql) {
    return run(sql).at(0).at(0);
}

std::unique_ptr<Postgres>& Postgres::instance() {
    static std::unique_ptr<Postgres> postgres;
    return postgres;
}

Postgres& Postgres::shared() {
    if (instance() == nullptr) {
        instance().reset(new Postgres);
    }
    return *instance();
}

Postgres::Postgres() : programs_(find_programs()) {
    std::string pattern = fs::temp_directory_path() / "dns-tools-postgres-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("mkdtemp() failed");
    }
    folder_ = pattern;
    if (const passwd* const user = server_user()) {
        if (chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error("chown() failed");
        }
    }
    const char* const made = getenv("TEST_POSTGRES_TEMPLATE");
    const pid_t child =
        made != nullptr
            ? spawn({"/bin/cp", "-R", made, folder_ / "data"}, folder_ / "cp.log")
            : spawn({programs_ / "initdb", "--pgdata", folder_ / "data", "--username", "postgres",
                     "--auth-local", "trust", "--auth-host", "scram-sha-256", "--encoding", "UTF8",
                     "--locale", "C", "--no-sync"},
                    folder_ / "initdb.log");
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) {
        throw std::runtime_error("the cluster cannot be made");
    }
    port_ = free_port();
    start();
}

Postgres::~Postgres() {
    stop();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

pid_t Postgres::spawn(const std::vector<std::string>& command, const std::string& output) const {
    const passwd* const user = server_user();
    std::vector<char*> arguments;
    for (const auto& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);

    const pid_t child = fork();
    if (child != 0) {
        return child;
    }
    if (user != nullptr &&
        (setgid(user->pw_gid) != 0 || initgroups(user->pw_name, user->pw_gid) != 0 ||
         setuid(user->pw_uid) != 0)) {
        _exit(126);
    }
    // After the change of user, which would clear it.
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int log = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (chdir(folder_.c_str()) != 0) {
        _exit(126);
    }
    setsid();
    execv(arguments[0], arguments.data());
    _exit(127);
}

void Postgres::start() {
    const std::vector<std::string> settings = {
        "listen_addresses=127.0.0.1",
        "port=" + std::to_string(port_),
        "unix_socket_directories=" + folder_.string(),
        "fsync=off",
        "shared_buffers=32MB",
        "max_connections=60",
        "log_line_prefix=%d|",
    };
    std::vector<std::string> command = {programs_ / "postgres", "-D", folder_ / "data"};
    for (const auto& setting : settings) {
        command.insert(command.end(), {"-c", setting});
    }
    postmaster_ = spawn(command, folder_ / "server.log");
    wait_until_ready();
}

void Postgres::wait_until_ready() const {
    const auto deadline = Clock::now() + 30s;
    while (PQping(conninfo("postgres").c_str()) != PQPING_OK) {
        if (Clock::now() > deadline || waitpid(postmaster_, nullptr, WNOHANG) != 0) {
            throw std::runtime_error("PostgreSQL does not start");
        }
        std::this_thread::sleep_for(10ms);
    }
}

void Postgres::stop() {
    if (postmaster_ == -1) {
        return;
    }
    if (frozen_) {
        thaw();
    }
    kill(postmaster_, SIGINT);  // fast shutdown: sessions are ended
    const auto deadline = Clock::now() + 10s;
    while (waitpid(postmaster_, nullptr, WNOHANG) == 0) {
        if (Clock::now() > deadline) {
            kill(postmaster_, SIGQUIT);
            waitpid(postmaster_, nullptr, 0);
            break;
        }
        std::this_thread::sleep_for(5ms);
    }
    postmaster_ = -1;
}

std::vector<pid_t> Postgres::processes() const {
    std::vector<pid_t> all{postmaster_};
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const int pid = std::atoi(entry.path().filename().c_str());
        if (pid > 0 && parent_of(entry.path()) == postmaster_) {
            all.push_back(pid);
        }
    }
    return all;
}

void Postgres::freeze() {
    frozen_ = true;
    for (const pid_t pid : processes()) {
        kill(pid, SIGSTOP);
    }
}

void Postgres::thaw() {
    for (const pid_t pid : processes()) {
        kill(pid, SIGCONT);
    }
    frozen_ = false;
}

std::string Postgres::make_database() {
    const auto name = "test_" + std::to_string(++databases_);
    Sql(conninfo("postgres")).run("CREATE DATABASE " + name);
    return name;
}

std::string Postgres::conninfo(const std::string& database, const std::string& user) const {
    return "host=" + folder_.string() + " port=" + std::to_string(port_) + " dbname=" + database +
           " user=" + user;
}

std::size_t Postgres::count_logged(const std::string& database, std::string_view text) const {
    std::ifstream log(folder_ / "server.log");
    std::size_t count = 0;
    for (std::string line; std::getline(log, line);) {
        count += line.starts_with(database + "|") && line.find(text) != line.npos ? 1 : 0;
    }
    return count;
}

}  // namespace dns_tools::test
