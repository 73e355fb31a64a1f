// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_SERVER_SESSION_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_SERVER_SESSION_HPP

#include <forest/core/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

// TLS as a server, without I/O: bytes from the network go in, bytes for the network come out.
// Whoever owns the socket can then close it at any moment, from any thread, which a stream that
// reads by itself does not allow.

namespace forest {

/// Who the server is, and whom it lets in. All files are PEM.
struct tls_server_options {
    std::string certificate_file; ///< the server's certificate, with its chain
    std::string private_key_file; ///< its key
    std::string client_ca_file;   ///< when set, clients must show a certificate of this authority
};

/// What the connections of one TLS listener share. TLS 1.2 is the least.
class tls_server_context {
public:
    /// Throws std::system_error(errc::tls_configuration_invalid) that names the file that does not
    /// fit.
    explicit tls_server_context(const tls_server_options& chosen)
        : context_{SSL_CTX_new(TLS_server_method())} {
        SSL_CTX* const context = context_.get();
        require(context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1,
                "OpenSSL");
        SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
        require(SSL_CTX_use_certificate_chain_file(context, chosen.certificate_file.c_str()) == 1,
                chosen.certificate_file);
        require(SSL_CTX_use_PrivateKey_file(context, chosen.private_key_file.c_str(),
                                            SSL_FILETYPE_PEM) == 1 &&
                    SSL_CTX_check_private_key(context) == 1,
                chosen.private_key_file);
        if (chosen.client_ca_file.empty())
            return;
        require(SSL_CTX_load_verify_file(context, chosen.client_ca_file.c_str()) == 1,
                chosen.client_ca_file);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        // Without a context of its own, a resumed session with a client certificate is refused.
        require(SSL_CTX_set_session_id_context(context, session_context, sizeof session_context) ==
                    1,
                "OpenSSL");
    }

    [[nodiscard]] SSL_CTX* native_handle() const noexcept { return context_.get(); }

private:
    static constexpr unsigned char session_context[] = {'f', 'o', 'r', 'e', 's', 't'};

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

/// One TLS connection. Call `handshake` or `receive`, carry what `output` holds to the peer, and
/// feed `input` with what comes back, until they say `done`. Not thread-safe.
class tls_server_session {
public:
    enum class progress {
        done,
        wants_input, ///< feed more bytes of the peer, then call again
        closed,      ///< the peer said goodbye
        failed,      ///< the peer's certificate, its protocol or its bytes are not acceptable
    };

    explicit tls_server_session(const tls_server_context& context)
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
        SSL_set_accept_state(ssl_.get());
    }

    progress handshake() {
        ERR_clear_error();
        return outcome(SSL_do_handshake(ssl_.get()));
    }

    /// Encrypts all of `plain`, which must not be empty.
    progress send(std::string_view plain) {
        ERR_clear_error();
        std::size_t sent = 0;
        return outcome(SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &sent));
    }

    /// Decrypts into `plain`, which must not be empty, as much as there is; `received` says how
    /// much, and is above 0 when done.
    progress receive(std::span<char> plain, std::size_t& received) {
        ERR_clear_error();
        received = 0;
        std::size_t count = 0;
        progress last = progress::done;
        while (last == progress::done && received < plain.size()) {
            last = outcome(
                SSL_read_ex(ssl_.get(), plain.data() + received, plain.size() - received, &count));
            if (last == progress::done)
                received += count;
        }
        return received > 0 ? progress::done : last;
    }

    /// Says goodbye to the peer, which proves to it that nothing was cut off.
    void close() noexcept {
        ERR_clear_error();
        (void)SSL_shutdown(ssl_.get());
        ERR_clear_error();
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
};

} // namespace forest

#endif
