// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_CONTEXT_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_CONTEXT_HPP

#include <forest/adapters/openssl/detail/tls_callbacks.hpp>
#include <forest/adapters/openssl/tls_options.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <new>
#include <string>
#include <system_error>

// The state that many TLS connections share: the trusted authorities, and the certificate of this
// side.

namespace forest::inline FOREST_FORM {

/// Certificates, keys and authorities, read once. A client always verifies the server, and its name
/// by RFC 9525 (B41: certificates). The oldest version is TLS 1.2. If a file cannot be used, both
/// constructors throw std::system_error(errc::tls_configuration_invalid) with its name. If OpenSSL
/// finds no memory, they throw std::bad_alloc.
class tls_context {
public:
    explicit tls_context(const tls_options& options);

    explicit tls_context(const tls_server_options& options);

    [[nodiscard]] SSL_CTX* native_handle() const noexcept { return context_.get(); }

private:
    explicit tls_context(const SSL_METHOD* method);

    static SSL_CTX* begin(const SSL_METHOD* method);

    using opened_file = detail::owner<BIO, &BIO_free>;

    // OpenSSL itself opens files without close-on-exec. Returns null if the file cannot be opened.
    static opened_file open(const std::string& name);

    void trust(const std::string& ca_file);

    // Adds the certificates and the revocation lists of a file. Returns whether there are some.
    [[nodiscard]] bool add_authorities(BIO* file);

    // Takes the first certificate of a file as that of this side, and the others as its chain.
    [[nodiscard]] bool use_chain(BIO* file);

    void identify(const std::string& certificate_file, const std::string& private_key_file);

    static void require(bool holds, const std::string& subject);

    static constexpr unsigned char session_context[] = {'f', 'o', 'r', 'e', 's', 't'};

    detail::owner<SSL_CTX, &SSL_CTX_free> context_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/tls_context.ipp>
#endif

#endif
