// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_CONTEXT_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_CONTEXT_HPP

#include <forest/adapters/openssl/detail/tls_callbacks.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <new>
#include <string>
#include <system_error>

// The state that many TLS connections share: the trusted authorities, and the certificate of this
// side.

namespace forest::inline FOREST_FORM {

/// TLS as a client. All files are PEM; an empty name means the default.
struct tls_options {
    std::string ca_file{};          ///< authorities to trust instead of the system's
    std::string certificate_file{}; ///< the client's certificate and its chain, for servers that
                                    ///< ask for one
    std::string private_key_file{}; ///< its key; needed with `certificate_file`
};

/// TLS as a server. All files are PEM.
struct tls_server_options {
    std::string certificate_file{}; ///< the server's certificate, with its chain
    std::string private_key_file{}; ///< its key
    std::string client_ca_file{};   ///< when set, clients must show a certificate of this authority
};

/// Certificates, keys and authorities, read once. A client always verifies the server. The oldest
/// version is TLS 1.2. If a file cannot be used, both constructors throw
/// std::system_error(errc::tls_configuration_invalid) with its name. If OpenSSL finds no memory,
/// they throw std::bad_alloc.
class tls_context {
public:
    explicit tls_context(const tls_options& options) : tls_context{TLS_client_method()} {
        SSL_CTX_set_verify(native_handle(), SSL_VERIFY_PEER, &detail::tls_callbacks::verified);
        // A tls_client keeps the sessions that it began.
        SSL_CTX_set_session_cache_mode(native_handle(),
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(native_handle(), &detail::tls_callbacks::add);
        if (options.ca_file.empty())
            require(SSL_CTX_set_default_verify_paths(native_handle()) == 1,
                    "the system's authorities");
        else
            trust(options.ca_file);
        require(options.certificate_file.empty() == options.private_key_file.empty(),
                "a certificate and its key belong together");
        if (!options.certificate_file.empty())
            identify(options.certificate_file, options.private_key_file);
    }

    explicit tls_context(const tls_server_options& options) : tls_context{TLS_server_method()} {
        SSL_CTX_set_options(native_handle(),
                            SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
        identify(options.certificate_file, options.private_key_file);
        if (options.client_ca_file.empty())
            return;
        trust(options.client_ca_file);
        SSL_CTX_set_verify(native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           nullptr);
        // Without a session id context, OpenSSL refuses to resume a session with a client
        // certificate.
        require(SSL_CTX_set_session_id_context(native_handle(), session_context,
                                               sizeof session_context) == 1,
                "OpenSSL");
    }

    [[nodiscard]] SSL_CTX* native_handle() const noexcept { return context_.get(); }

private:
    explicit tls_context(const SSL_METHOD* method) : context_{begin(method)} {
        require(context_ != nullptr &&
                    SSL_CTX_set_min_proto_version(native_handle(), TLS1_2_VERSION) == 1,
                "OpenSSL");
        SSL_CTX_set_mode(native_handle(), SSL_MODE_RELEASE_BUFFERS);
    }

    static SSL_CTX* begin(const SSL_METHOD* method) {
        detail::begin_openssl();
        return SSL_CTX_new(method);
    }

    void trust(const std::string& ca_file) {
        require(SSL_CTX_load_verify_file(native_handle(), ca_file.c_str()) == 1, ca_file);
    }

    void identify(const std::string& certificate_file, const std::string& private_key_file) {
        require(SSL_CTX_use_certificate_chain_file(native_handle(), certificate_file.c_str()) == 1,
                certificate_file);
        require(SSL_CTX_use_PrivateKey_file(native_handle(), private_key_file.c_str(),
                                            SSL_FILETYPE_PEM) == 1 &&
                    SSL_CTX_check_private_key(native_handle()) == 1,
                private_key_file);
    }

    static void require(bool holds, const std::string& subject) {
        if (detail::openssl_lacked_memory()) // The certificates may be incomplete.
            throw std::bad_alloc{};
        if (!holds)
            throw std::system_error(make_error_code(errc::tls_configuration_invalid), subject);
    }

    static constexpr unsigned char session_context[] = {'f', 'o', 'r', 'e', 's', 't'};

    struct release {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };

    std::unique_ptr<SSL_CTX, release> context_;
};

} // namespace forest::inline FOREST_FORM

#endif
