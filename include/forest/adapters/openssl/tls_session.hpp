// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_SESSION_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_SESSION_HPP

#include <forest/core/error.hpp>
#include <forest/core/url.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

// TLS as a client, without I/O: bytes from the network go in, bytes for the network come out.
// Whoever owns the socket can then close it at any moment, from any thread, which a stream that
// reads by itself does not allow.

namespace forest {

/// Whom to trust, and who we are. All files are PEM; an empty name means the default.
struct tls_options {
    std::string ca_file = {}; ///< authorities to trust instead of the system's
    std::string certificate_file =
        {}; ///< our certificate, with its chain, for servers that ask for one
    std::string private_key_file = {}; ///< its key; needed with `certificate_file`
};

/// What the connections of one transport share. Always verifies; TLS 1.2 is the least.
class tls_client_context {
public:
    /// Throws std::system_error(errc::tls_configuration_invalid) that names the file that does not
    /// fit.
    explicit tls_client_context(const tls_options& chosen)
        : context_{SSL_CTX_new(TLS_client_method())} {
        SSL_CTX* const context = context_.get();
        require(context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1,
                "OpenSSL");
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
        if (chosen.ca_file.empty())
            require(SSL_CTX_set_default_verify_paths(context) == 1, "the system's authorities");
        else
            require(SSL_CTX_load_verify_file(context, chosen.ca_file.c_str()) == 1, chosen.ca_file);
        require(chosen.certificate_file.empty() == chosen.private_key_file.empty(),
                "a certificate and its key belong together");
        if (chosen.certificate_file.empty())
            return;
        require(SSL_CTX_use_certificate_chain_file(context, chosen.certificate_file.c_str()) == 1,
                chosen.certificate_file);
        require(SSL_CTX_use_PrivateKey_file(context, chosen.private_key_file.c_str(),
                                            SSL_FILETYPE_PEM) == 1 &&
                    SSL_CTX_check_private_key(context) == 1,
                chosen.private_key_file);
    }

    [[nodiscard]] SSL_CTX* native_handle() const noexcept { return context_.get(); }

private:
    static void require(bool holds, const std::string& subject) {
        ERR_clear_error();
        if (!holds)
            throw std::system_error(make_error_code(errc::tls_configuration_invalid), subject);
    }

    struct release {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };

    std::unique_ptr<SSL_CTX, release> context_;
};

/// One TLS connection. Call `handshake`, `send` or `receive`, carry what `output` holds to the
/// peer, and feed `input` with what comes back, until they say `done`. Not thread-safe.
class tls_session {
public:
    enum class progress {
        done,
        wants_input, ///< feed more bytes of the peer, then call again
        closed,      ///< the peer said goodbye
        failed,      ///< the peer's certificate, its protocol or its bytes are not acceptable
    };

    /// Verifies that the peer is the host of `target`, and names it in the handshake (SNI, RFC
    /// 6066).
    tls_session(const tls_client_context& context, const url& target)
        : ssl_{SSL_new(context.native_handle())} {
        BIO* const input = BIO_new(BIO_s_mem());
        BIO* const output = BIO_new(BIO_s_mem());
        if (ssl_ == nullptr || input == nullptr || output == nullptr) {
            BIO_free(input);
            BIO_free(output);
            throw std::bad_alloc();
        }
        SSL_set_bio(ssl_.get(), input, output); // which owns both from here
        BIO_set_mem_eof_return(input, -1);
        SSL_set_connect_state(ssl_.get());
        const std::string host{target.host()};
        usable_ = target.is_ip_literal()
                      ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1
                      : SSL_set1_host(ssl_.get(), host.c_str()) == 1 &&
                            SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1;
    }

    progress handshake() {
        ERR_clear_error();
        return usable_ ? outcome(SSL_do_handshake(ssl_.get())) : progress::failed;
    }

    /// Encrypts all of `plain`, which must not be empty.
    progress send(std::string_view plain) {
        ERR_clear_error();
        std::size_t sent = 0;
        return outcome(SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &sent));
    }

    /// Decrypts into `plain` and sets `received`, which is above 0 when done.
    progress receive(std::span<char> plain, std::size_t& received) {
        ERR_clear_error();
        received = 0;
        return outcome(SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &received));
    }

    /// Bytes that came from the peer.
    void input(std::span<const char> bytes) {
        BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    }

    /// Bytes for the peer; valid until the next call of anything but this.
    [[nodiscard]] std::string_view output() const noexcept {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
        return size > 0 ? std::string_view{bytes, static_cast<std::size_t>(size)}
                        : std::string_view{};
    }

    /// Forgets the output, because it has been sent.
    void output_sent() noexcept { (void)BIO_reset(SSL_get_wbio(ssl_.get())); }

    /// Whether every byte of the peer has been used: nothing is left that an answer to a later
    /// request could be confused with.
    [[nodiscard]] bool idle() const noexcept {
        return SSL_pending(ssl_.get()) == 0 && BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) == 0;
    }

    /// Puts the end of the session into the output. False when there is nothing to be sent: the
    /// session has not begun or is broken, or earlier output has not been sent in full.
    bool goodbye() noexcept {
        if (SSL_is_init_finished(ssl_.get()) != 1 || !output().empty())
            return false;
        ERR_clear_error();
        (void)SSL_shutdown(ssl_.get());
        ERR_clear_error();
        return !output().empty();
    }

private:
    progress outcome(int result) noexcept {
        if (result == 1)
            return progress::done;
        switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return progress::wants_input;
        case SSL_ERROR_ZERO_RETURN:
            return progress::closed;
        default:
            ERR_clear_error();
            return progress::failed;
        }
    }

    struct release {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    std::unique_ptr<SSL, release> ssl_;
    bool usable_ = false;
};

} // namespace forest

#endif
