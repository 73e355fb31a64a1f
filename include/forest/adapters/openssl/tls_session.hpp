// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_SESSION_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_SESSION_HPP

#include <forest/adapters/openssl/detail/tls_callbacks.hpp>
#include <forest/adapters/openssl/detail/tls_ticket.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/detail/http/first_bytes.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// TLS without I/O: bytes from the network go in, bytes for the network come out. So the owner of
// the socket can close it at any moment, from any thread. A stream that reads by itself would not
// allow that.

namespace forest::inline FOREST_FORM {

/// One TLS connection. Call `handshake`, `send` or `receive`, send the bytes of `output` to the
/// peer, and pass the bytes from the peer to `input`, until the result is `done`. After `failed`,
/// these three return nothing else. Not thread-safe.
class tls_session {
public:
    enum class progress {
        done,
        wants_input, ///< pass more bytes to `input`, then call again
        closed,      ///< the peer has ended the session
        failed,      ///< see `failure()`
    };

    /// The client's side. It verifies that the peer is the host of `target`, and names that host in
    /// the handshake (SNI, RFC 6066), unless it is an address. It uses `url::server_name`. `known`
    /// may be a ticket from an earlier session of the same context with the same origin. If the
    /// server does not know the ticket, it makes a full handshake.
    tls_session(const tls_context& context, const url& target,
                const detail::tls_ticket& known = {});

    /// The server's side.
    explicit tls_session(const tls_context& context);

    progress handshake();

    /// Encrypts all of `plain`, which must not be empty.
    progress send(std::string_view plain);

    /// Decrypts the available bytes into `plain`, which must not be empty. `received` is their
    /// number, and is above 0 when done. An end or a failure behind them is the result of the next
    /// call.
    progress receive(std::span<char> plain, std::size_t& received);

    /// Returns why the session has failed. `errc::tls_failed` means that the certificate, the
    /// protocol or the bytes of the peer are not acceptable. `plain_http_expected`, `http2_only`
    /// and `other_protocol` come from the peer's first bytes or its alert.
    /// `local_resources_exhausted` means that OpenSSL has found no memory.
    [[nodiscard]] errc failure() const noexcept { return failure_; }

    /// Takes bytes from the peer. Returns false if there is no memory for them; then the session is
    /// broken.
    bool input(std::span<const char> bytes);

    /// Returns the bytes for the peer; valid until the next call of another member.
    [[nodiscard]] std::string_view output() const noexcept;

    /// Forgets the output, because it has been sent.
    void output_sent() noexcept { (void)BIO_reset(SSL_get_wbio(ssl_.get())); }

    /// Returns whether the session works and every byte of the peer has been used. If so, no byte
    /// is left that could be taken for the answer to a later request.
    [[nodiscard]] bool idle() const noexcept;

    /// Returns whether the finished handshake has resumed the known session.
    [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

    /// For the client's side, after the handshake: returns when the first certificate of the peer's
    /// chain expires.
    [[nodiscard]] std::chrono::system_clock::time_point valid_until() const noexcept;

    /// For the client's side: returns the number of tickets that can resume this session later, and
    /// moves them into `room`, the oldest first. A server of TLS 1.3 sends tickets after the
    /// handshake, so call this when the peer's answer has been received. There are no tickets if
    /// the server does not resume sessions. The last ticket is void if this session ends without a
    /// `goodbye`.
    std::size_t take_tickets(detail::tls_ticket (&room)[detail::tickets_per_server_max]);

    /// Adds the end of the session to the output. It proves to the peer that nothing was cut off.
    /// Returns false if the session has not begun or is broken.
    bool goodbye() noexcept;

private:
    progress progress_of(int result) noexcept;

    progress fail() noexcept;

    // The alert protocol_version (RFC 8446, 6), for a client that sends HTTP without TLS: OpenSSL
    // itself sends nothing to such a client.
    static constexpr std::string_view not_tls{"\x15\x03\x01\x00\x02\x02\x46", 7};

    detail::owner<detail::tls_callbacks> given_; // `ssl_` has a pointer to it
    detail::owner<SSL, &SSL_free> ssl_;
    std::array<char, 5> first_{}; // bytes of the peer: the header of its first record
    std::size_t first_count_ = 0;
    errc failure_ = errc::tls_failed;
    bool usable_ = true;
    bool lacked_memory_ = false;                     // in any call so far
    std::chrono::steady_clock::time_point verified_; // if the known session is resumed
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/tls_session.ipp>
#endif

#endif
