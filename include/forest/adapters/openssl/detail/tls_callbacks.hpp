// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_CALLBACKS_HPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_CALLBACKS_HPP

#include <forest/adapters/openssl/detail/tls_ticket.hpp>
#include <forest/form.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>

// The callbacks that OpenSSL calls during a session: for each verified certificate, and for each
// ticket from the server.

namespace forest::inline FOREST_FORM::detail {

// Clears the earlier errors of OpenSSL.
inline void begin_openssl() noexcept {
    ERR_clear_error();
    errno = 0;
}

// Returns whether OpenSSL has reported a lack of memory since `begin_openssl`, and clears its
// errors. Some of its errors report only a consequence of the lack, and some of its functions reset
// errno.
inline bool openssl_lacked_memory() noexcept {
    bool lacked = errno == ENOMEM;
    while (const unsigned long code = ERR_get_error())
        lacked = lacked || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return lacked;
}

/// The data about one session of a client that OpenSSL reports only by callbacks, and only once.
struct tls_callbacks {
    /// The last tickets of TLS 1.3 from the server.
    std::array<std::unique_ptr<SSL_SESSION, tls_ticket::release>, tickets_per_server_max> last{};
    std::size_t count = 0;
    bool lacked_memory = false; ///< for verifying the server

    static tls_callbacks* of(const SSL* ssl) noexcept {
        return static_cast<tls_callbacks*>(SSL_get_app_data(ssl));
    }

    /// A callback for OpenSSL. It does not change the verdict on a certificate.
    static int verified(int acceptable, X509_STORE_CTX* store) noexcept {
        auto* const session = static_cast<const SSL*>(
            X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        if (acceptable == 0 && errno == ENOMEM && session != nullptr && of(session) != nullptr)
            of(session)->lacked_memory = true;
        return acceptable;
    }

    /// A callback for OpenSSL. Returns whether the ticket was taken.
    static int add(SSL* ssl, SSL_SESSION* ticket) noexcept {
        auto* const known = of(ssl);
        if (known == nullptr || SSL_version(ssl) < TLS1_3_VERSION)
            return 0;
        known->last[known->count++ % known->last.size()].reset(ticket);
        return 1;
    }
};

} // namespace forest::inline FOREST_FORM::detail

#endif
