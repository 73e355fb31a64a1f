// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_TLS_SESSION_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_TLS_SESSION_IPP

#include <forest/adapters/openssl/tls_session.hpp>

#include <openssl/x509.h>

#include <algorithm>
#include <ctime>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD tls_session::tls_session(const tls_context& context, const url& target,
                                                 const detail::tls_ticket& known)
    : tls_session{context} {
    SSL_set_connect_state(ssl_.get());
    given_.reset(new detail::tls_callbacks);
    SSL_set_app_data(ssl_.get(), given_.get());
    std::string host{target.server_name()};
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

FOREST_DECL FOREST_COLD tls_session::tls_session(const tls_context& context)
    : ssl_{SSL_new(context.native_handle())} {
    BIO* const input = BIO_new(BIO_s_mem());
    BIO* const output = BIO_new(BIO_s_mem());
    if (!ssl_ || input == nullptr || output == nullptr) {
        BIO_free(input);
        BIO_free(output);
        throw std::bad_alloc();
    }
    SSL_set_bio(ssl_.get(), input, output); // now `ssl_` owns both
    BIO_set_mem_eof_return(input, -1);
    SSL_set_accept_state(ssl_.get());
}

FOREST_DECL auto tls_session::handshake() -> progress {
    detail::begin_openssl();
    return usable_ ? progress_of(SSL_do_handshake(ssl_.get())) : progress::failed;
}

FOREST_DECL auto tls_session::send(std::string_view plain) -> progress {
    if (!usable_)
        return progress::failed;
    detail::begin_openssl();
    std::size_t sent = 0;
    return progress_of(SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &sent));
}

FOREST_DECL auto tls_session::receive(std::span<char> plain, std::size_t& received) -> progress {
    received = 0;
    progress last = usable_ ? progress::done : progress::failed;
    while (last == progress::done && received < plain.size()) {
        detail::begin_openssl();
        std::size_t count = 0;
        last = progress_of(
            SSL_read_ex(ssl_.get(), plain.data() + received, plain.size() - received, &count));
        received += count;
    }
    return received > 0 ? progress::done : last;
}

FOREST_DECL bool tls_session::input(std::span<const char> bytes) {
    const std::size_t missing = std::min(first_.size() - first_count_, bytes.size());
    std::copy_n(bytes.begin(), missing, first_.begin() + first_count_);
    first_count_ += missing;
    const auto size = static_cast<int>(bytes.size());
    return BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), size) == size;
}

FOREST_DECL std::string_view tls_session::output() const noexcept {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
    return size > 0 ? std::string_view{bytes, static_cast<std::size_t>(size)} : std::string_view{};
}

FOREST_DECL bool tls_session::idle() const noexcept {
    return usable_ && SSL_has_pending(ssl_.get()) == 0 &&
           BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) == 0;
}

FOREST_DECL FOREST_COLD std::size_t
tls_session::take_tickets(detail::tls_ticket (&room)[detail::tickets_per_server_max]) {
    const bool one = SSL_version(ssl_.get()) < TLS1_3_VERSION;
    const auto verified = resumed() ? verified_ : std::chrono::steady_clock::now();
    std::size_t count = 0;
    for (std::size_t index = 0; index < (one ? 1 : detail::tickets_per_server_max); ++index) {
        const std::size_t place = (given_->count + index) % detail::tickets_per_server_max;
        room[count].session.reset(one ? SSL_get1_session(ssl_.get())
                                      : given_->last[place].release());
        room[count].verified = verified;
        if (room[count])
            ++count;
    }
    return count;
}

FOREST_DECL FOREST_COLD std::chrono::system_clock::time_point
tls_session::valid_until() const noexcept {
    constexpr int year_max = 2200 - 1900; // later times do not fit into the clock
    auto first = std::chrono::system_clock::time_point::max();
    const auto consider = [&first](const X509* certificate) {
        std::tm end{};
        if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1 ||
            end.tm_year > year_max)
            return;
        first = std::min(first, std::chrono::system_clock::from_time_t(::timegm(&end)));
    };
    consider(SSL_get0_peer_certificate(ssl_.get()));
    const STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl_.get());
    for (int index = 0; chain != nullptr && index < sk_X509_num(chain); ++index)
        consider(sk_X509_value(chain, index));
    return first;
}

FOREST_DECL FOREST_COLD bool tls_session::goodbye() noexcept {
    if (SSL_is_init_finished(ssl_.get()) != 1)
        return false;
    ERR_clear_error();
    const int said = SSL_shutdown(ssl_.get());
    ERR_clear_error();
    return said >= 0;
}

FOREST_DECL auto tls_session::progress_of(int result) noexcept -> progress {
    // OpenSSL may continue without the memory now, and fail later for this reason.
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

FOREST_DECL FOREST_COLD auto tls_session::fail() noexcept -> progress {
    const int reason = ERR_GET_REASON(ERR_peek_last_error()); // before the errors are read
    // Behind a fatal alert, OpenSSL itself reports the orderly end of the session at the next call.
    usable_ = false;
    if (lacked_memory_ || detail::openssl_lacked_memory() || (given_ && given_->lacked_memory))
        failure_ = errc::local_resources_exhausted;
    else if (reason == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)
        failure_ = errc::http2_only; // The server requires a protocol that was not offered (RFC
                                     // 7301, 3.2).
    else
        failure_ = detail::instead_of_tls({first_.data(), first_count_});
    ERR_clear_error();
    if (failure_ == errc::plain_http_expected && SSL_is_server(ssl_.get()) == 1)
        (void)BIO_write(SSL_get_wbio(ssl_.get()), not_tls.data(), static_cast<int>(not_tls.size()));
    return progress::failed;
}

} // namespace forest::inline FOREST_FORM

#endif
