// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_TICKET_HPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_TICKET_HPP

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <memory>

// The ticket by which a client resumes a session with a server that it has already verified, for
// about a tenth of the work of a full handshake.

namespace forest::detail {

/// A session that can be resumed. It must be offered only to the server that it was made with,
/// because another server would gain that server's trust.
struct tls_ticket {
    struct release {
        void operator()(SSL_SESSION* ended) const noexcept { SSL_SESSION_free(ended); }
    };

    std::unique_ptr<SSL_SESSION, release> session{}; ///< null: there is none
    /// When the server last showed its certificate, which it does not when it resumes.
    std::chrono::steady_clock::time_point verified{};

    /// Whether there is a session that can be resumed. Another user of the same session may have
    /// made it unusable.
    explicit operator bool() const noexcept {
        return session && SSL_SESSION_is_resumable(session.get()) == 1;
    }

    /// Whether it can be used again and again, like the tickets of TLS 1.2. A ticket of TLS 1.3
    /// serves once, so that an observer of the network cannot see that two sessions belong to one
    /// client; therefore a server gives several.
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

} // namespace forest::detail

#endif
