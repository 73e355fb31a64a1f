// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_SESSION_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_SESSION_HPP

#include <forest/adapters/openssl/detail/tls_callbacks.hpp>
#include <forest/adapters/openssl/detail/tls_ticket.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/detail/http/first_bytes.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// TLS without I/O: bytes from the network go in, bytes for the network come out. The owner of the
// socket can then close it at any moment, from any thread, which a stream that reads by itself does
// not allow.

namespace forest {

/// One TLS connection. Call `handshake`, `send` or `receive`, carry what `output` holds to the
/// peer, and feed `input` with what comes back, until they say `done`. Not thread-safe.
class tls_session {
public:
    enum class progress {
        done,
        wants_input, ///< feed more bytes of the peer, then call again
        closed,      ///< the peer said goodbye
        failed,      ///< see `failure()`
    };

    /// The client's side. Verifies that the peer is the host of `target`, and names it in the
    /// handshake (SNI, RFC 6066). `known`, if there is one, comes from an earlier session of the
    /// same context with the same origin; a server that does not know it makes a full handshake.
    tls_session(const tls_context& context, const url& target, const detail::tls_ticket& known = {})
        : tls_session{context} {
        SSL_set_connect_state(ssl_.get());
        SSL_set_app_data(ssl_.get(), (given_ = std::make_unique<detail::tls_callbacks>()).get());
        std::string host{target.host()};
        detail::begin_openssl();
        usable_ = target.is_ip_literal()
                      ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1
                      : SSL_set1_host(ssl_.get(), host.c_str()) == 1 &&
                            SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                     TLSEXT_NAMETYPE_host_name, host.data()) == 1;
        if (!usable_)
            (void)fail();
        if (known && SSL_set_session(ssl_.get(), known.session.get()) == 1)
            verified_ = known.verified;
    }

    /// The server's side.
    explicit tls_session(const tls_context& context) : ssl_{SSL_new(context.native_handle())} {
        BIO* const input = BIO_new(BIO_s_mem());
        BIO* const output = BIO_new(BIO_s_mem());
        if (ssl_ == nullptr || input == nullptr || output == nullptr) {
            BIO_free(input);
            BIO_free(output);
            throw std::bad_alloc();
        }
        SSL_set_bio(ssl_.get(), input, output); // which owns both from here
        BIO_set_mem_eof_return(input, -1);
        SSL_set_accept_state(ssl_.get());
    }

    progress handshake() {
        detail::begin_openssl();
        return usable_ ? outcome(SSL_do_handshake(ssl_.get())) : progress::failed;
    }

    /// Encrypts all of `plain`, which must not be empty.
    progress send(std::string_view plain) {
        detail::begin_openssl();
        std::size_t sent = 0;
        return outcome(SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &sent));
    }

    /// Decrypts into `plain`, which must not be empty, as much as there is; `received` says how
    /// much, and is above 0 when done.
    progress receive(std::span<char> plain, std::size_t& received) {
        received = 0;
        progress last = progress::done;
        while (last == progress::done && received < plain.size()) {
            detail::begin_openssl();
            std::size_t count = 0;
            last = outcome(
                SSL_read_ex(ssl_.get(), plain.data() + received, plain.size() - received, &count));
            received += count;
        }
        return received > 0 ? progress::done : last;
    }

    /// Why it has failed: `errc::tls_failed`, because the peer's certificate, its protocol or its
    /// bytes are not acceptable; or what the peer's first bytes or its alert show:
    /// `plain_http_expected`, `http2_only` or `other_protocol`; or `local_resources_exhausted`,
    /// when OpenSSL has found no memory.
    [[nodiscard]] errc failure() const noexcept { return failure_; }

    /// Bytes that came from the peer. False if there is no memory for them; then the session is
    /// broken.
    bool input(std::span<const char> bytes) {
        const std::size_t missing = std::min(first_.size() - first_count_, bytes.size());
        std::copy_n(bytes.begin(), missing, first_.begin() + first_count_);
        first_count_ += missing;
        const auto size = static_cast<int>(bytes.size());
        return BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), size) == size;
    }

    /// Bytes for the peer; valid until the next call of anything but this.
    [[nodiscard]] std::string_view output() const noexcept {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
        return size > 0 ? std::string_view{bytes, static_cast<std::size_t>(size)}
                        : std::string_view{};
    }

    /// Forgets the output, because it has been sent.
    void output_sent() noexcept { (void)BIO_reset(SSL_get_wbio(ssl_.get())); }

    /// Whether every byte of the peer has been used: nothing is left that an answer to a later
    /// request could be confused with.
    [[nodiscard]] bool idle() const noexcept {
        return SSL_has_pending(ssl_.get()) == 0 && BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) == 0;
    }

    /// Whether the handshake, which is done, resumed the session that was known.
    [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

    /// Gives away what resumes this session later, for the client's side: calls `keep(tls_ticket)`
    /// for each ticket, the oldest first. A server of TLS 1.3 sends them behind the handshake, so
    /// ask when the peer's answer has been received. None if the server does not resume; the last
    /// one is void if this session ends without a `goodbye`.
    template <typename Keep>
    void take_tickets(Keep&& keep) {
        const auto verified = resumed() ? verified_ : std::chrono::steady_clock::now();
        const auto offer = [&](SSL_SESSION* owned) {
            detail::tls_ticket found{
                .session = std::unique_ptr<SSL_SESSION, detail::tls_ticket::release>{owned},
                .verified = verified};
            if (found)
                keep(std::move(found));
        };
        if (SSL_version(ssl_.get()) < TLS1_3_VERSION)
            return offer(SSL_get1_session(ssl_.get()));
        auto& last = given_->last;
        for (std::size_t index = 0; index < last.size(); ++index)
            offer(last[(given_->count + index) % last.size()].release());
    }

    /// Adds the end of the session to the output, which proves to the peer that nothing was cut
    /// off. False when there is none: the session has not begun, or is broken.
    bool goodbye() noexcept {
        if (SSL_is_init_finished(ssl_.get()) != 1)
            return false;
        ERR_clear_error();
        const int said = SSL_shutdown(ssl_.get());
        ERR_clear_error();
        return said >= 0;
    }

private:
    progress outcome(int result) noexcept {
        // OpenSSL may get over it now and fail for it later.
        lacked_memory_ = lacked_memory_ || errno == ENOMEM;
        if (result == 1)
            return progress::done;
        switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return progress::wants_input;
        case SSL_ERROR_ZERO_RETURN: return progress::closed;
        default: break;
        }
        return fail();
    }

    progress fail() noexcept {
        const int reason = ERR_GET_REASON(ERR_peek_last_error()); // before they are read
        if (lacked_memory_ || detail::openssl_lacked_memory() || (given_ && given_->lacked_memory))
            failure_ = errc::local_resources_exhausted;
        else if (reason == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)
            failure_ = errc::http2_only; // It insists on what was not offered (RFC 7301, 3.2).
        else
            failure_ = detail::instead_of_tls({first_.data(), first_count_});
        ERR_clear_error();
        if (failure_ == errc::plain_http_expected && SSL_is_server(ssl_.get()) == 1)
            (void)BIO_write(SSL_get_wbio(ssl_.get()), not_tls.data(),
                            static_cast<int>(not_tls.size()));
        return progress::failed;
    }

    // The alert protocol_version (RFC 8446, 6), for a client that speaks HTTP and no TLS: OpenSSL
    // says nothing to that.
    static constexpr std::string_view not_tls{"\x15\x03\x01\x00\x02\x02\x46", 7};

    struct release {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    std::unique_ptr<detail::tls_callbacks> given_; // which `ssl_` knows
    std::unique_ptr<SSL, release> ssl_;
    std::array<char, 5> first_{}; // bytes of the peer: the header of its first record
    std::size_t first_count_ = 0;
    errc failure_ = errc::tls_failed;
    bool usable_ = true;
    bool lacked_memory_ = false;                     // in a call
    std::chrono::steady_clock::time_point verified_; // if what was known is resumed
};

} // namespace forest

#endif
