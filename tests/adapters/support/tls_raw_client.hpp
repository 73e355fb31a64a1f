// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_TLS_RAW_CLIENT_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_TLS_RAW_CLIENT_HPP

#include <adapters/support/raw_client.hpp>
#include <adapters/support/test_certificates.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>
#include <sys/time.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// As raw_client, over TLS.

namespace forest::test {

/// The port at the end of a URL.
inline std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1));
}

/// A blocking TLS connection that trusts one authority. Failures show as empty answers; what takes
/// longer than raw_client's patience fails.
class tls_raw_client {
public:
    tls_raw_client(std::uint16_t port, const std::string& ca_file,
                   const std::optional<certificate_files>& own = {})
        : client_{port}, context_{SSL_CTX_new(TLS_client_method())} {
        // OpenSSL writes to sockets that the peer has closed.
        std::signal(SIGPIPE, SIG_IGN);
        SSL_CTX_load_verify_file(context_.get(), ca_file.c_str());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        if (own) {
            SSL_CTX_use_certificate_chain_file(context_.get(), own->certificate.c_str());
            SSL_CTX_use_PrivateKey_file(context_.get(), own->key.c_str(), SSL_FILETYPE_PEM);
        }
        const timeval patience{raw_client::patience.count() / 1000, 0};
        ::setsockopt(client_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), client_.native_handle());
        connected_ = SSL_connect(ssl_.get()) == 1;
    }

    bool send(std::string_view bytes) {
        return connected_ &&
               SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
    }

    /// What the server sends at once in answer to a request.
    std::string ask(std::string_view request) {
        send(request);
        std::string answer;
        read_some(answer);
        return answer;
    }

    std::string read_to_end() {
        std::string all;
        while (read_some(all))
            ;
        return all;
    }

    /// Whether the server ended the connection as TLS asks for.
    [[nodiscard]] bool goodbye() const {
        return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    }

private:
    bool read_some(std::string& to) {
        char bytes[16384];
        ERR_clear_error();
        const int count = connected_ ? SSL_read(ssl_.get(), bytes, sizeof bytes) : 0;
        if (count > 0)
            to.append(bytes, static_cast<std::size_t>(count));
        return count > 0;
    }

    struct release {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };

    raw_client client_;
    std::unique_ptr<SSL_CTX, release> context_;
    std::unique_ptr<SSL, release> ssl_;
    bool connected_ = false;
};

} // namespace forest::test

#endif
