// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_SERVER_HPP
#define FOREST_POLICY_SERVER_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/response.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// The HTTP server of a route: it passes a GET to a handler and takes the answer later.

namespace forest::inline FOREST_FORM {

/// A request to a route; valid during the handler only.
struct server_request {
    http_method method = http_method::get; ///< `get` or `head`
    std::string_view path{};               ///< without query
    field_view fields{};
    wall_time received{}; ///< the server's wall clock

    /// The address from which the connection came. Null: the server does not know it, or the
    /// connection has none, such as one of a unix socket.
    std::optional<ip_address> peer{};
};

/// Why a server ends the hold of an answer.
enum class hold_end : std::uint8_t {
    client_gone, ///< the connection is closed; an answer has no effect any more
    answer_now,  ///< the server needs the connection for another client, or stops: answer at once
};

namespace detail {
struct server_handler_archetype {
    template <typename Responder>
    void operator()(const server_request&, Responder respond) const {
        respond(response{});
    }
};
} // namespace detail

/// A server calls a handler for each GET and HEAD of a path, and sends the response that the
/// handler passes to the responder. A model promises what the type system cannot check:
///
/// - the handler may be called from any thread, and from several at once;
/// - the responder can be copied and kept, and may be called from any thread, at once or later.
/// Only its first call sends a response; if it is destroyed without a call, the server sends 500;
/// - the response to HEAD has the fields of the response to GET and no body;
/// - the server itself responds to paths without a handler.
///
/// See docs/reference/server.md; the minimal model is tests/archetypes/server.hpp.
template <typename T>
concept server = requires(T& server, std::string path, detail::server_handler_archetype handler) {
    server.get(path, handler);
};

/// A responder whose answer may be held for minutes (B48: held answers). `respond.hold(on_end)`
/// says that the answer comes much later: limits on the time of an answer do not apply to it. The
/// server calls `on_end(end)` at most once, outside its locks and from any thread, unless the
/// answer was given before. The call may come on another thread before `hold` has returned.
/// `on_end` must not throw. Returns false, and calls nothing, if the request is answered already,
/// its connection is closed or the server stops.
template <typename T>
concept holding_responder = requires(T& respond, detail::unique_function<void(hold_end)> on_end) {
    { respond.hold(std::move(on_end)) } -> std::same_as<bool>;
};

/// A server that also has a clock. `clock()` returns a clock on the execution context of the
/// server; each has its own waits. A health route on such a server lets a request wait until the
/// checks of the application have ended (B28: the route's own checks).
template <typename T>
concept timed_server = server<T> && requires(T& server) {
    { server.clock() } -> clock;
};

/// A server on which routes can hold answers (B48). `T::responder` is the type of its responders.
template <typename T>
concept holding_server = timed_server<T> && holding_responder<typename T::responder>;

} // namespace forest::inline FOREST_FORM

#endif
