#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dns_tools::test {

/// A session that blocks, for what a test does beside the code it tests. Any error throws.
class Sql {
public:
    explicit Sql(const std::string& conninfo);

    using Rows = std::vector<std::vector<std::string>>;
    /// Runs statements; the rows of the last one, with NULL as an empty text.
    Rows run(const std::string& sql);
    /// The only value of the only row.
    std::string value(const std::string& sql);
    std::size_t number(const std::string& sql) { return std::stoul(value(sql)); }

private:
    std::shared_ptr<void> connection_;
};

/// A private PostgreSQL, on a UNIX socket (anybody is let in) and on a loopback port (SCRAM), in a
/// folder of its own. It ends with the test program, also when that crashes. TEST_POSTGRES_TEMPLATE
/// may name a cluster to copy, which takes a tenth of the time of initdb.
class Postgres {
public:
    /// The one of this test program, started when first needed.
    static Postgres& shared();

    ~Postgres();

    void start();
    void stop();
    /// Stops or continues the postmaster and all its children, as a machine that hangs does.
    void freeze();
    void thaw();

    /// Makes an empty database; its name.
    std::string make_database();
    std::string conninfo(const std::string& database, const std::string& user = "postgres") const;
    std::uint16_t port() const { return port_; }
    const std::filesystem::path& folder() const { return folder_; }

    /// How often the server's log tells of a statement of this database that holds the text.
    std::size_t count_logged(const std::string& database, std::string_view text) const;

private:
    Postgres();

    friend class PostgresEnvironment;
    static std::unique_ptr<Postgres>& instance();

    pid_t spawn(const std::vector<std::string>& command, const std::string& output) const;
    std::vector<pid_t> processes() const;
    void wait_until_ready() const;

    std::filesystem::path programs_;
    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    pid_t postmaster_ = -1;
    bool frozen_ = false;
    unsigned databases_ = 0;
};

}  // namespace dns_tools::test
