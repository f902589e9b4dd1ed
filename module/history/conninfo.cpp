#include "history/conninfo.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "history/database.hpp"
#include "history/pg_connection.hpp"

namespace dns_tools::history {

namespace {

constexpr std::string_view malformed_uri =
    "libpq cannot read the connection URI; it has the form "
    "postgresql://user@host:port/database?option=value, and in a user name or a password the "
    "characters @ : / ? # % are written as %40 %3A %2F %3F %23 %25";

constexpr std::string_view malformed_list =
    "libpq cannot read the connection string; it is either a list such as "
    "\"host=db.example.com dbname=tools user=tools\", with options that libpq knows and quotes ' "
    "around values that hold spaces, or a URI that begins with postgresql://";

constexpr std::string_view second_at =
    "the connection URI has an @ where none can be; in a user name, a password or the name of a "
    "database an @ must be written as %40 and a / as %2F";

constexpr std::string_view bad_host =
    "a host of the connection string is no host name, address or socket folder; "
    "in a URI, an @ : or / inside the password must be written as %40, %3A or %2F";

constexpr std::string_view bad_port =
    "a port of the connection string is no number from 1 to 65535; "
    "in a URI, an @ : or / inside the password must be written as %40, %3A or %2F";

bool is_uri(std::string_view text) {
    return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

/// Whether there is an @ behind the one that ends the password for libpq, or behind the / that ends
/// the hosts. Then libpq has perhaps taken a part of the password for a host or a database.
bool has_second_at(std::string_view uri) {
    uri.remove_prefix(uri.find("://") + 3);
    const auto end = std::min(uri.find_first_of("@/"), uri.size());
    uri.remove_prefix(std::min(end + 1, uri.size()));
    return uri.substr(0, uri.find('?')).find('@') != uri.npos;
}

bool is_socket_folder(std::string_view host) {
    return host.starts_with('/') || host.starts_with('@');
}

/// An IP address, an IPv6 one also with its zone.
bool is_address(std::string_view host) {
    return IpAddress::parse(host.substr(0, host.find('%'))).has_value();
}

/// A password that was not encoded may end up where libpq expects a host or a port, and from there
/// in a message, so neither is used before it looks like one.
bool plausible_host(std::string_view host) {
    return is_socket_folder(host) || std::all_of(host.begin(), host.end(), [](unsigned char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '-' || c == '_' || c == ':' || c == '%' || c >= 0x80;
           });
}

bool plausible_port(std::string_view port) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
    return port.empty() || (error == std::errc() && end == port.data() + port.size() &&
                            value >= 1 && value <= 65'535);
}

/// libpq's comma lists: an empty text is one empty element.
std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const auto comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == list.npos) {
            return parts;
        }
        list.remove_prefix(comma + 1);
    }
}

std::string_view find(const Parameters& parameters, std::string_view name) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& parameter) { return parameter.first == name; });
    return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view first_given(std::string_view preferred, std::string_view otherwise) {
    return preferred.empty() ? otherwise : preferred;
}

/// The host, hostaddr and port lists as one, or what is wrong with them.
std::variant<std::vector<HostEntry>, std::string> combine(std::string_view host_list,
                                                          std::string_view address_list,
                                                          std::string_view port_list) {
    const auto hosts = split(host_list);
    const auto addresses = split(address_list);
    const auto ports = split(port_list);
    if (host_list.empty() && address_list.empty()) {
        return std::vector<HostEntry>();
    }
    if (!host_list.empty() && !address_list.empty() && hosts.size() != addresses.size()) {
        return "host and hostaddr of the connection list different numbers of servers";
    }
    const auto count = std::max(hosts.size(), addresses.size());
    if (ports.size() != 1 && ports.size() != count) {
        return "the connection's list of ports is neither one port nor as long as the list of "
               "hosts";
    }

    std::vector<HostEntry> entries(count);
    for (std::size_t i = 0; i < count; ++i) {
        entries[i] = {host_list.empty() ? "" : hosts[i], address_list.empty() ? "" : addresses[i],
                      ports.size() == 1 ? ports[0] : ports[i]};
        if (!plausible_host(entries[i].host) || !plausible_host(entries[i].address)) {
            return std::string(bad_host);
        }
        if (!plausible_port(entries[i].port)) {
            return std::string(bad_port);
        }
    }
    return entries;
}

}  // namespace

bool needs_lookup(const HostEntry& entry) {
    return entry.address.empty() && !entry.host.empty() && !is_socket_folder(entry.host) &&
           !is_address(entry.host);
}

std::variant<Conninfo, std::string> Conninfo::parse(std::string_view text) {
    auto given = text.find('\0') == text.npos ? parse_parameters(std::string(text)) : std::nullopt;
    if (!given) {
        return std::string(is_uri(text) ? malformed_uri : malformed_list);
    }
    if (is_uri(text) && has_second_at(text)) {
        return std::string(second_at);
    }

    const auto defaults = default_parameters(std::string(find(*given, "service")));
    const auto effective = [&](std::string_view name) {
        return first_given(find(*given, name), find(defaults, name));
    };
    auto hosts = combine(effective("host"), effective("hostaddr"), effective("port"));
    if (auto* wrong = std::get_if<std::string>(&hosts)) {
        return std::move(*wrong);
    }

    Conninfo conninfo;
    conninfo.hosts = std::move(std::get<std::vector<HostEntry>>(hosts));
    std::erase_if(*given, [&](const auto& parameter) {
        const bool listed =
            parameter.first == "host" || parameter.first == "hostaddr" || parameter.first == "port";
        return listed && !conninfo.hosts.empty();
    });
    conninfo.parameters = std::move(*given);
    return conninfo;
}

std::vector<HostEntry> with_addresses(const std::vector<HostEntry>& hosts,
                                      const std::vector<std::vector<IpAddress>>& addresses) {
    std::vector<HostEntry> entries;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        if (!needs_lookup(hosts[i])) {
            const bool bare = hosts[i].address.empty() && is_address(hosts[i].host);
            entries.push_back(hosts[i]);
            entries.back().address = bare ? hosts[i].host : hosts[i].address;
            continue;
        }
        for (const IpAddress& address : addresses[i]) {
            entries.push_back({hosts[i].host, address.text(), hosts[i].port});
        }
    }
    return entries;
}

Parameters with_hosts(Parameters parameters, const std::vector<HostEntry>& hosts) {
    if (hosts.empty()) {
        return parameters;
    }
    const auto join = [&](std::string HostEntry::*part) {
        std::string list;
        for (const HostEntry& entry : hosts) {
            list += entry.*part;
            list += ',';
        }
        list.pop_back();
        return list;
    };
    parameters.emplace_back("host", join(&HostEntry::host));
    parameters.emplace_back("hostaddr", join(&HostEntry::address));
    parameters.emplace_back("port", join(&HostEntry::port));
    return parameters;
}

std::optional<std::string> check_conninfo(std::string_view conninfo) {
    auto parsed = Conninfo::parse(conninfo);
    if (auto* wrong = std::get_if<std::string>(&parsed)) {
        return std::move(*wrong);
    }
    return std::nullopt;
}

}  // namespace dns_tools::history
