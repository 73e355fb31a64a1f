// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_TRANSPORT_HPP
#define FOREST_POLICY_TRANSPORT_HPP

#include <forest/core/fields.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

// Carries a check to the server and its answer back.

namespace forest::inline FOREST_FORM {

/// One request. It stays valid and unchanged until the handler is called or the GET is cancelled.
struct request {
    url target{};
    /// Sent unchanged, after the fields of the transport. A field replaces that of the transport
    /// with the same name, such as `Host`.
    header_fields fields{};
    message_limits limits{};       ///< a larger answer is `errc::response_too_large`
    bool fresh_connection = false; ///< a kept connection must not be used for this request
    std::string method{};          ///< such as `HEAD`; empty: `GET`. See transport_abilities
    std::string body{};            ///< sent with its length; see transport_abilities
};

/// The end of a GET. Its members are valid only during the handler, so nothing has to be copied.
struct reply {
    std::error_code error{}; ///< an `errc`; when set, no usable answer came
    int status = 0;          ///< 0 when no status line came
    field_view fields{};     ///< the header section of the answer
    std::string_view body{}; ///< decoded from its transfer coding
    field_view trailers{};   ///< the fields behind the body; see transport_abilities
    phase_timings timings{};
    /// The number of connections that were opened or tried for this GET: 0 if a kept connection was
    /// used, more than 1 if a name has several addresses.
    unsigned connections_opened = 1;
    /// The request went over a kept connection that the server closed before the first byte of an
    /// answer. That says nothing about the server. A transport never sends one signature twice, so
    /// the sender of the request signs it again and sends it over a fresh connection.
    bool send_again = false;
    /// The request was signed. The sender of the request sets it; a transport does not change it.
    bool signature_sent = false;
};

/// What a transport can do besides a GET. A transport that has a static constant `abilities` of
/// this type can do what is set there; another one only performs GETs. A probe has the same type
/// for what it needs. A client refuses a probe and a transport that do not fit at compile time.
struct transport_abilities {
    bool methods = false;  ///< sends `request::method`
    bool bodies = false;   ///< sends `request::body`
    bool trailers = false; ///< fills `reply::trailers`
};

namespace detail {
struct reply_handler_archetype {
    void operator()(const reply&) const {}
};
} // namespace detail

/// A transport performs one request at a time, here called GET. A model promises what the type
/// system cannot check:
///
/// - the handler is called exactly once, never from inside `async_get` or `cancel`, and at the
/// latest at the timeout;
/// - `cancel()` makes a pending GET end with `errc::operation_canceled`; without a pending GET it
/// does nothing;
/// - the handler runs on the execution context of the clock that the client was given;
/// - `async_get` and `cancel` may be called from any thread from which the application calls the
/// client;
/// - every error is an `errc`; when `async_get` throws, the handler is not called.
///
/// See docs/reference/transport.md; the minimal model is tests/archetypes/transport.hpp.
template <typename T>
concept transport =
    std::move_constructible<T> && requires(T& transport, const request& get, duration timeout,
                                           detail::reply_handler_archetype handler) {
        transport.async_get(get, timeout, handler);
        transport.cancel();
    };

/// What the transport `T` can do besides a GET.
template <transport T>
inline constexpr transport_abilities abilities_of = [] {
    if constexpr (requires { T::abilities; })
        return transport_abilities{T::abilities};
    else
        return transport_abilities{};
}();

/// A transport may say whether a GET that it begins now finds a kept connection. With a kept
/// connection, a fleet begins a check even while no connection may be opened. A model makes two
/// promises. All transports from one source return the same value, even during a GET. A kept
/// connection that a GET uses does not count.
template <typename T>
concept connection_keeper = transport<T> && requires(const T& transport, const url& target) {
    { transport.keeps_connection_to(target) } noexcept -> std::same_as<bool>;
};

/// A transport may say how many descriptors this process may have. A fleet refuses more held
/// targets than that (B52). The number may change while the process runs.
template <typename T>
concept descriptor_counter = transport<T> && requires {
    { T::descriptors_max() } noexcept -> std::same_as<std::size_t>;
};

/// A transport may support hedged requests. When a kept connection has been silent for half of the
/// timeout, it may be half open: this side does not know that the other side is gone. Then the same
/// check is sent a second time, newly signed, over a fresh connection. A model makes two promises.
/// `waits_on_kept_connection()` returns whether a GET is pending that uses a kept connection, and
/// no byte of an answer has come; it is called on the execution context of the clock. `another()`
/// returns a transport that does what this one does, and may be used at the same time; it may throw
/// std::bad_alloc.
template <typename T>
concept hedging_transport = transport<T> && requires(T& transport, const T& constant) {
    { constant.waits_on_kept_connection() } noexcept -> std::same_as<bool>;
    { transport.another() } -> std::same_as<T>;
};

} // namespace forest::inline FOREST_FORM

#endif
