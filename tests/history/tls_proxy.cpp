#include "tls_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace dns_tools::test {

namespace {

using Tls = std::unique_ptr<SSL, decltype(&SSL_free)>;

constexpr std::size_t largest_record = 16'384;

/// A key and a certificate for it that nobody trusts.
void make_certificate(SSL_CTX* context) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    if (SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        throw std::runtime_error("no certificate for the proxy");
    }
}

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {
        if (fd < 0) {
            throw std::runtime_error("the proxy gets no descriptor");
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(fd_); }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

}  // namespace

class TlsProxy::Impl {
public:
    explicit Impl(const Postgres& postgres)
        : socket_(postgres.folder() / (".s.PGSQL." + std::to_string(postgres.port()))) {
        make_certificate(context_.get());
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            listen(listening_.get(), 5) != 0) {
            throw std::runtime_error("the proxy cannot listen");
        }
        getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~Impl() {
        eventfd_write(stop_.get(), 1);
        thread_.join();
    }

    std::uint16_t port = 0;

private:
    void run() {
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        while (wait(listening_.get(), -1) >= 0) {
            const Descriptor client(accept(listening_.get(), nullptr, nullptr));
            serve(client);
        }
    }

    /// The first of the two that can be read; -1 when it is time to stop.
    int wait(int first, int second) const {
        pollfd fds[] = {{stop_.get(), POLLIN, 0}, {first, POLLIN, 0}, {second, POLLIN, 0}};
        while (poll(fds, 3, -1) < 0) {
        }
        return fds[0].revents != 0 ? -1 : fds[1].revents != 0 ? first : second;
    }

    void serve(const Descriptor& client) {
        char asks_for_tls[8];
        if (recv(client.get(), asks_for_tls, sizeof asks_for_tls, MSG_WAITALL) !=
                sizeof asks_for_tls ||
            send(client.get(), "S", 1, MSG_NOSIGNAL) != 1) {
            return;
        }
        const Tls tls(SSL_new(context_.get()), SSL_free);
        SSL_set_fd(tls.get(), client.get());
        const Descriptor server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_.copy(address.sun_path, sizeof address.sun_path - 1);
        if (SSL_accept(tls.get()) != 1 ||
            connect(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            return;
        }

        std::string said;  // by the server, and not handed on yet
        for (;;) {
            const int ready = wait(client.get(), server.get());
            if (ready < 0 || !(ready == client.get() ? hand_up(tls.get(), server.get())
                                                     : hand_down(server.get(), tls.get(), said))) {
                return;
            }
        }
    }

    /// False at the end.
    static bool hand_up(SSL* client, int server) {
        char bytes[largest_record];
        do {
            const int size = SSL_read(client, bytes, sizeof bytes);
            if (size <= 0 ||
                send(server, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL) != size) {
                return false;
            }
        } while (SSL_pending(client) > 0);
        return true;
    }

    static bool hand_down(int server, SSL* client, std::string& said) {
        char bytes[65'536];
        const auto size = recv(server, bytes, sizeof bytes, 0);
        if (size <= 0) {
            return false;
        }
        said.append(bytes, static_cast<std::size_t>(size));
        // ReadyForQuery: its size, and the state of the transaction.
        constexpr std::string_view end_of_request{"Z\0\0\0\5", 5};
        if (said.size() < 6 || said.substr(said.size() - 6, 5) != end_of_request) {
            return true;
        }
        std::string_view rest = said;
        while (!rest.empty()) {
            const auto odd = rest.size() % largest_record;
            const auto record = rest.substr(0, odd != 0 ? odd : largest_record);
            if (SSL_write(client, record.data(), static_cast<int>(record.size())) <= 0) {
                return false;
            }
            rest.remove_prefix(record.size());
        }
        said.clear();
        return true;
    }

    const std::string socket_;
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{
        SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
    const Descriptor listening_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const Descriptor stop_{eventfd(0, EFD_CLOEXEC)};
    std::thread thread_;
};

TlsProxy::TlsProxy(const Postgres& postgres) : impl_(std::make_unique<Impl>(postgres)) {}

TlsProxy::~TlsProxy() = default;

std::uint16_t TlsProxy::port() const noexcept {
    return impl_->port;
}

}  // namespace dns_tools::test
