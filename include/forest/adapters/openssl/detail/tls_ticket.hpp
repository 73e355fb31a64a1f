// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_TICKET_HPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_TICKET_HPP

#include <forest/core/detail/container/owner.hpp>
#include <forest/form.hpp>

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>

// A ticket with which a client resumes a session with a server that it has already verified. To
// resume a session needs about a tenth of the work of a full handshake.

namespace forest::inline FOREST_FORM::detail {

/// A session that can be resumed. It must be offered only to the server of that session: another
/// server would be trusted in its place.
struct tls_ticket {
    owner<SSL_SESSION, &SSL_SESSION_free> session{}; ///< null: there is none
    /// When the server showed its certificate for the last time. A server shows none when a session
    /// is resumed.
    std::chrono::steady_clock::time_point verified{};

    /// Whether there is a session that can be resumed. Another user of the same session may have
    /// made it unusable.
    explicit operator bool() const noexcept {
        return session && SSL_SESSION_is_resumable(session.get()) == 1;
    }

    /// Returns whether the ticket can be used many times, like the tickets of TLS 1.2. A ticket of
    /// TLS 1.3 is used only once: otherwise an observer of the network could see that two sessions
    /// belong to the same client. So a server sends several tickets.
    [[nodiscard]] bool lasts() const noexcept;

    /// Returns a copy of the ticket, for the same session.
    [[nodiscard]] tls_ticket copy() const noexcept;
};

/// How many tickets are kept for one server. When more checks of a server begin together, the
/// others make a full handshake.
inline constexpr std::size_t tickets_per_server_max = 8;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/detail/impl/tls_ticket.ipp>
#endif

#endif
