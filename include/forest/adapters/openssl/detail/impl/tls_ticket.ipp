// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_IMPL_TLS_TICKET_IPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_IMPL_TLS_TICKET_IPP

#include <forest/adapters/openssl/detail/tls_ticket.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD bool tls_ticket::lasts() const noexcept {
    return session && SSL_SESSION_get_protocol_version(session.get()) < TLS1_3_VERSION;
}

FOREST_DECL FOREST_COLD tls_ticket tls_ticket::copy() const noexcept {
    tls_ticket other;
    if (session && SSL_SESSION_up_ref(session.get()) == 1)
        other.session.reset(session.get());
    other.verified = verified;
    return other;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
