#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ip_address.hpp"

namespace dns_tools::history {

/// Connection parameters by libpq's names.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// One server to try: an entry of libpq's host, hostaddr and port lists. Each part may be empty.
struct HostEntry {
    std::string host;
    std::string address;
    std::string port;

    friend bool operator==(const HostEntry&, const HostEntry&) = default;
};

/// Whether libpq would look the host up by itself, and block while it does.
bool needs_lookup(const HostEntry& entry);

/// What a connection string, the environment and a service file ask for together.
struct Conninfo {
    /// What the connection string says, but for the hosts. libpq adds the environment by itself.
    Parameters parameters;
    /// In the order to be tried; none: libpq's own default, a UNIX socket.
    std::vector<HostEntry> hosts;

    /// The conninfo, or what is wrong with it: a text that holds no part of the input.
    static std::variant<Conninfo, std::string> parse(std::string_view text);
};

/// The entries with one of their own for each address that was found, `addresses[i]` being those
/// of `hosts[i]`. An entry that needs a lookup and has no address is left out.
std::vector<HostEntry> with_addresses(const std::vector<HostEntry>& hosts,
                                      const std::vector<std::vector<IpAddress>>& addresses);

/// `parameters` with libpq's three lists made of `hosts`.
Parameters with_hosts(Parameters parameters, const std::vector<HostEntry>& hosts);

}  // namespace dns_tools::history
