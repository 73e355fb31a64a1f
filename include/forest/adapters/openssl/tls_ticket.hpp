// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_TICKET_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_TICKET_HPP

#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>

// What a client needs to resume a session with a server that it has already verified, for about a
// tenth of the work of a full handshake.

namespace forest {

/// A session that can be resumed. Whoever offers it to a server but the one that it was agreed with
/// gives that one's trust away.
struct tls_ticket {
    struct release {
        void operator()(SSL_SESSION* ended) const noexcept { SSL_SESSION_free(ended); }
    };

    std::unique_ptr<SSL_SESSION, release> session{}; ///< null: there is none
    /// When the server last showed its certificate, which it does not when it resumes.
    std::chrono::steady_clock::time_point verified{};

    /// Whether there is one that can be resumed. Whoever shares it may have spoilt it meanwhile.
    explicit operator bool() const noexcept {
        return session && SSL_SESSION_is_resumable(session.get()) == 1;
    }

    /// Whether it can be used again and again, as those of TLS 1.2 can. One of TLS 1.3 serves once,
    /// so that who watches the network cannot tell that two sessions are of one client; therefore
    /// a server gives several.
    [[nodiscard]] bool lasts() const noexcept {
        return session && SSL_SESSION_get_protocol_version(session.get()) < TLS1_3_VERSION;
    }

    /// The same session once more.
    [[nodiscard]] tls_ticket copy() const noexcept {
        tls_ticket other;
        if (session && SSL_SESSION_up_ref(session.get()) == 1)
            other.session.reset(session.get());
        other.verified = verified;
        return other;
    }
};

/// How many tickets of one server are of use: as many checks of it as begin at a time can resume.
inline constexpr std::size_t tickets_per_server_max = 8;

namespace detail {

/// The last tickets of TLS 1.3 that a server has given in one session, which OpenSSL tells only
/// once.
struct given_tickets {
    std::array<std::unique_ptr<SSL_SESSION, tls_ticket::release>, tickets_per_server_max> last{};
    std::size_t count = 0;

    /// For OpenSSL. Answers whether the ticket has been taken.
    static int add(SSL* ssl, SSL_SESSION* ticket) noexcept {
        auto* const of = static_cast<given_tickets*>(SSL_get_app_data(ssl));
        if (of == nullptr || SSL_version(ssl) < TLS1_3_VERSION)
            return 0;
        of->last[of->count++ % of->last.size()].reset(ticket);
        return 1;
    }
};

} // namespace detail

} // namespace forest

#endif
