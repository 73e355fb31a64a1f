// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_TICKET_HPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_TLS_TICKET_HPP

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cerrno>
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

// Forgets what OpenSSL has failed for before.
inline void begin_openssl() noexcept {
    ERR_clear_error();
    errno = 0;
}

// Whether OpenSSL has reported a lack of memory since; clears its errors. Some of the errors report
// only a consequence of that, and some of its functions reset errno.
inline bool openssl_lacked_memory() noexcept {
    bool lacked = errno == ENOMEM;
    while (const unsigned long told = ERR_get_error())
        lacked = lacked || ERR_GET_REASON(told) == ERR_R_MALLOC_FAILURE;
    return lacked;
}

/// The facts that OpenSSL reports only once about a session of a client.
struct told_by_openssl {
    /// The last tickets of TLS 1.3 that the server has given.
    std::array<std::unique_ptr<SSL_SESSION, tls_ticket::release>, tickets_per_server_max> last{};
    std::size_t count = 0;
    bool lacked_memory = false; ///< to verify the server

    static told_by_openssl* of(const SSL* ssl) noexcept {
        return static_cast<told_by_openssl*>(SSL_get_app_data(ssl));
    }

    /// A callback for OpenSSL. Its verdict on a certificate is not changed.
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

} // namespace forest::detail

#endif
