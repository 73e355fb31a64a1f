// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_TRANSPORT_HPP
#define FOREST_POLICY_TRANSPORT_HPP

#include <forest/core/fields.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>

#include <concepts>
#include <string_view>
#include <system_error>

// What carries a check to the server and its answer back.

namespace forest {

/// One GET to perform. It stays valid and unchanged until the handler is called.
struct request {
    url target{};
    header_fields fields{};        ///< to be sent as they are, after the transport's own
    message_limits limits{};       ///< beyond them the answer is `errc::response_too_large`
    bool fresh_connection = false; ///< a kept connection must not be used for this request
};

/// How the GET ended. Everything in it is valid during the handler only, so that nothing need be
/// copied.
struct reply {
    std::error_code error{}; ///< an `errc`; when set, no answer came that could be used
    int status = 0;          ///< 0 when no status line came
    field_view fields{};     ///< the header section of the answer
    std::string_view body{}; ///< decoded from its transfer coding
    phase_timings timings{};
    /// Opened or tried for this GET: 0 over a kept one, more when a name has several addresses or a
    /// kept one turned out to be dead.
    unsigned connections_opened = 1;
    /// The request was signed. Set by who made the request; a transport leaves it as it is.
    bool signature_sent = false;
};

/// The verdict on a reply that came at `local`, the wall clock. A refused signature is told as what
/// it is even if the rest of its answer cannot be used (B11).
[[nodiscard]] inline verdict conclude(const reply& answer, wall_time local) noexcept {
    verdict result = judge(answer.status, answer.fields, answer.body, local);
    if (answer.error && result.error != errc::unauthorized)
        result.error = answer.error;
    result.timings = answer.timings;
    result.signature_sent = answer.signature_sent;
    return result;
}

namespace detail {
struct reply_handler_archetype {
    void operator()(const reply&) const {}
};
} // namespace detail

/// A transport performs one GET at a time. What the type system cannot check, a model promises:
///
/// - the handler is called exactly once, never from inside `async_get` or `cancel`, and at the
/// latest at the timeout;
/// - `cancel()` makes a pending GET end with `errc::operation_canceled`; without one it does
/// nothing;
/// - the handler runs on the execution context of the clock that the client was given;
/// - `async_get` and `cancel` may be called from any thread from which the application calls the
/// client;
/// - every error is one of `errc`; an `async_get` that throws does not call the handler.
///
/// See docs/reference/transport.md; the minimal model is tests/archetypes/transport.hpp.
template <typename T>
concept transport =
    std::move_constructible<T> && requires(T& transport, const request& what, duration timeout,
                                           detail::reply_handler_archetype handler) {
        transport.async_get(what, timeout, handler);
        transport.cancel();
    };

/// A transport may say whether a GET that it begins now finds a kept connection. A fleet then lets
/// such a check begin even while it may open no connection. What a model promises: it answers the
/// same as any other that was made by the same source, also while it performs a GET; and a kept
/// connection that a GET has taken waits for no other.
template <typename T>
concept connection_keeper = transport<T> && requires(const T& transport, const url& target) {
    { transport.keeps_connection_to(target) } noexcept -> std::same_as<bool>;
};

} // namespace forest

#endif
