// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_IMPL_TLS_CALLBACKS_IPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_IMPL_TLS_CALLBACKS_IPP

#include <forest/adapters/openssl/detail/tls_callbacks.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void begin_openssl() noexcept {
    ERR_clear_error();
    errno = 0;
}

FOREST_DECL FOREST_COLD bool openssl_lacked_memory() noexcept {
    bool lacked = errno == ENOMEM;
    while (const unsigned long code = ERR_get_error())
        lacked = lacked || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return lacked;
}

FOREST_DECL FOREST_COLD int tls_callbacks::verified(int acceptable,
                                                    X509_STORE_CTX* store) noexcept {
    auto* const session = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (acceptable == 0 && errno == ENOMEM && session != nullptr && of(session) != nullptr)
        of(session)->lacked_memory = true;
    return acceptable;
}

FOREST_DECL FOREST_COLD int tls_callbacks::add(SSL* ssl, SSL_SESSION* ticket) noexcept {
    auto* const known = of(ssl);
    if (known == nullptr || SSL_version(ssl) < TLS1_3_VERSION)
        return 0;
    known->last[known->count++ % tickets_per_server_max].reset(ticket);
    return 1;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
