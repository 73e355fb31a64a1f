// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_CALLBACKS_HPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_CALLBACKS_HPP

#include <forest/adapters/openssl/detail/tls_ticket.hpp>
#include <forest/form.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <cstddef>

// The callbacks that OpenSSL calls during a session: for each verified certificate, and for each
// ticket from the server.

namespace forest::inline FOREST_FORM::detail {

// Clears the earlier errors of OpenSSL.
FOREST_DECL void begin_openssl() noexcept;

// Returns whether OpenSSL has reported a lack of memory since `begin_openssl`, and clears its
// errors. Some of its errors report only a consequence of the lack, and some of its functions reset
// errno.
FOREST_DECL bool openssl_lacked_memory() noexcept;

/// The data about one session of a client that OpenSSL reports only by callbacks, and only once.
struct tls_callbacks {
    /// The last tickets of TLS 1.3 from the server.
    owner<SSL_SESSION, &SSL_SESSION_free> last[tickets_per_server_max];
    std::size_t count = 0;
    bool lacked_memory = false; ///< for verifying the server

    static tls_callbacks* of(const SSL* ssl) noexcept {
        return static_cast<tls_callbacks*>(SSL_get_app_data(ssl));
    }

    /// A callback for OpenSSL. It does not change the verdict on a certificate.
    static int verified(int acceptable, X509_STORE_CTX* store) noexcept;

    /// A callback for OpenSSL. Returns whether the ticket was taken.
    static int add(SSL* ssl, SSL_SESSION* ticket) noexcept;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/detail/impl/tls_callbacks.ipp>
#endif

#endif
