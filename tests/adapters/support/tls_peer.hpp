// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_TLS_PEER_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_TLS_PEER_HPP

#include <adapters/support/bad_peer.hpp>
#include <adapters/support/test_certificates.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

// The server side of TLS for scripts: OpenSSL's own blocking calls on the accepted socket.

namespace forest::test {

/// One TLS connection, as a script sees it.
class tls_peer_connection {
public:
    tls_peer_connection(SSL_CTX* context, int descriptor) : ssl_{SSL_new(context)} {
        SSL_set_fd(ssl_.get(), descriptor);
    }

    [[nodiscard]] bool handshake() { return SSL_accept(ssl_.get()) == 1; }

    /// Whether the handshake resumed a session that was made before.
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

    /// The name that the client asked for; empty when it named none.
    [[nodiscard]] std::string server_name() const {
        const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
        return name == nullptr ? std::string{} : std::string{name};
    }

    /// Reads one header section. Empty when the client has left before its end.
    std::string read_request() {
        std::string text;
        std::array<char, 4096> bytes;
        while (text.find("\r\n\r\n") == std::string::npos) {
            std::size_t count = 0;
            if (SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &count) != 1)
                return {};
            text.append(bytes.data(), count);
        }
        return text;
    }

    bool send(std::string_view bytes) {
        std::size_t count = 0;
        return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) == 1;
    }

    /// Sends two records that arrive together.
    void send_together(std::string_view first, std::string_view second) {
        cork(1);
        send(first);
        send(second);
        cork(0);
    }

    /// Sends an answer and, right behind it, asks for another handshake, as TLS 1.2 allows.
    void send_and_renegotiate(std::string_view bytes) {
        cork(1);
        send(bytes);
        SSL_renegotiate(ssl_.get());
        SSL_do_handshake(ssl_.get());
        cork(0);
    }

    /// Says that it uses other keys from now on, which TLS 1.3 allows at any time. False when the
    /// client has left.
    bool update_keys() {
        return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
               SSL_do_handshake(ssl_.get()) == 1;
    }

    /// Says goodbye, which makes the end of the stream believable.
    void goodbye() { SSL_shutdown(ssl_.get()); }

    /// Whether the client says goodbye before it leaves.
    [[nodiscard]] bool ends_with_goodbye() {
        std::array<char, 4096> bytes;
        int result = 0;
        while ((result = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))) > 0)
            ;
        return SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN;
    }

private:
    // While it is on, what is sent waits for what is sent next.
    void cork(int on) {
        ::setsockopt(SSL_get_fd(ssl_.get()), IPPROTO_TCP, TCP_CORK, &on, sizeof on);
    }

    struct release {
        void operator()(SSL* ssl) const noexcept {
            SSL_free(ssl);
            ERR_clear_error();
        }
    };

    std::unique_ptr<SSL, release> ssl_;
};

/// How a TLS server introduces itself, and whether it asks who the client is.
struct tls_identity {
    certificate_files files;
    std::string client_ca_file; ///< empty: clients need no certificate
    int version_max = 0;        ///< TLS1_2_VERSION, for example; 0: the newest there is
};

/// A script for bad_peer that runs `plan` behind the handshake. A client that fails it is still
/// listened to until it leaves, so that no reset destroys the alert on its way.
[[nodiscard]] inline bad_peer::script over_tls(const tls_identity& identity,
                                               std::function<void(tls_peer_connection&)> plan) {
    // OpenSSL writes without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    const std::shared_ptr<SSL_CTX> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
    if (context == nullptr ||
        SSL_CTX_use_certificate_chain_file(context.get(), identity.files.certificate.c_str()) !=
            1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), identity.files.key.c_str(), SSL_FILETYPE_PEM) !=
            1)
        throw std::runtime_error{"the server's certificate cannot be used"};
    SSL_CTX_set_max_proto_version(context.get(), identity.version_max);
    if (!identity.client_ca_file.empty()) {
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           nullptr);
        if (SSL_CTX_load_verify_file(context.get(), identity.client_ca_file.c_str()) != 1)
            throw std::runtime_error{"the authority of the clients cannot be used"};
    }
    return [context, plan = std::move(plan)](peer_connection& client) {
        tls_peer_connection secured{context.get(), client.native_handle()};
        if (secured.handshake())
            return plan(secured);
        client.finish_sending();
        client.wait_for_close();
    };
}

} // namespace forest::test

#endif
