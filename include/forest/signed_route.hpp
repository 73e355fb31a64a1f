// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIGNED_ROUTE_HPP
#define FOREST_SIGNED_ROUTE_HPP

#include <forest/core/detail/container/function_reference.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/callback_gate.hpp>
#include <forest/core/error.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/response.hpp>
#include <forest/core/verification.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// The common part of all routes: they are mounted on a server, respond to requests that a verifier
// accepts, and report their responses.

namespace forest::inline FOREST_FORM {

/// Decides whether a request is accepted. Called on the threads of the server, possibly on several
/// at once. `hmac_sha256_verifier` is a verifier. A verifier may return a `bool`, or a
/// `verification`, which has the reason for the log.
using request_verifier = std::function<verification(const server_request&)>;

/// The type of a verifier inside a route: any `request_verifier`, or one that can only be moved.
using route_verifier = detail::unique_function<verification(const server_request&)>;

/// The verifier for servers that need no signature.
inline bool accept_unsigned(const server_request&) noexcept {
    return true;
}

/// A response of a route, for logs.
struct route_answer {
    std::string_view path{};
    http_method method{};
    int status = 0;
    /// The decision of the verifier, for the log only; `hint` makes a line of the decision.
    verification verified{true};
};

namespace detail {

/// Sends a response: `give(response)`.
using response_sink = function_reference<void(const response&)>;

/// A responder that is kept, for a response that is sent later.
using kept_responder = unique_function<void(const response&)>;

/// Takes the responder of a request, for an answer that comes soon, or for one that is held. `held`
/// gets what the server calls when it ends the hold, and returns an empty function if the server
/// cannot hold this answer.
using held_keeper = function_reference<kept_responder(unique_function<void(hold_end)>)>;
struct responder_keeper {
    function_reference<kept_responder()> soon;
    held_keeper held;
};

/// Mounts a handler on a path. Throws std::system_error with the server's error if the path cannot
/// be used.
template <typename Server, typename Handler>
void mount_handler(Server& server, const std::string& path, const Handler& handler) {
    if constexpr (std::convertible_to<decltype(server.get(path, handler)), std::error_code>) {
        if (const std::error_code ec = server.get(path, handler))
            throw std::system_error(ec, path);
    } else {
        server.get(path, handler);
    }
}

} // namespace detail

/// The base of the state of a route. The route and its handler on the server share the state, so
/// that the server responds also after the route object is destroyed. `mount_route` makes a route
/// of the state. All members may be called from any thread.
class signed_route {
public:
    /// Throws std::system_error with `errc::verifier_missing` when `verify` is empty.
    signed_route(route_verifier verify, std::string path);

    signed_route(const signed_route&) = delete;
    signed_route& operator=(const signed_route&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Sets the callback that is called after each response.
    void on_answer(detail::unique_function<void(const route_answer&)> callback);

    /// Returns whether the request is accepted. A verifier that throws has not accepted it.
    [[nodiscard]] verification allows(const server_request& incoming) const noexcept;

    /// Reports a response. Exceptions of the callback are ignored: the response is on its way.
    void report(const route_answer& answer) const noexcept;

protected:
    ~signed_route();

private:
    template <server Server, std::derived_from<signed_route> State>
    friend void mount_route(Server& server, const std::shared_ptr<State>& state);

    using answer_function = detail::function_reference<void(
        const server_request&, const verification&, detail::response_sink)>;

    // Verifies a request, sends the response of `answer` or a 401, and reports it. If `answer`
    // sends none, it has kept the responder, and reports the response later.
    void serve(const server_request& incoming, answer_function answer,
               detail::response_sink respond) const;

    mutable route_verifier verify_; // never replaced
    const std::string path_;
    detail::callback_gate gate_;
    detail::shared_callback<route_answer> on_answer_;
    std::atomic<bool> listened_to_ = false; // whether a callback was set; if not, no lock is taken
};

/// Mounts a route on its path. `state` is a `signed_route` with a member
/// `answer(const server_request&, give)`, which calls `give(const response&)` once. `answer` is
/// called only for requests that the verifier accepts, and possibly on several threads at once. All
/// other requests get the same 401, so that a stranger learns nothing about the state. If the state
/// has a member `hold(request, verified, keep)`, that is called before: it may take the responder
/// with `keep`, send and report a response later, and return true. Throws std::system_error with
/// the server's error if the path cannot be used.
template <server Server, std::derived_from<signed_route> State>
void mount_route(Server& server, const std::shared_ptr<State>& state) {
    const auto handler = [state](const server_request& incoming, auto respond) {
        state->serve(
            incoming,
            [&](const server_request& request, const verification& verified,
                detail::response_sink give) {
                if constexpr (requires { &State::hold; }) {
                    const auto soon = [&respond] { return detail::kept_responder{respond}; };
                    const auto held = [&](detail::unique_function<void(hold_end)> on_end) {
                        detail::kept_responder kept;
                        if constexpr (holding_responder<decltype(respond)>) {
                            if (respond.hold(std::move(on_end)))
                                kept = respond;
                        }
                        return kept;
                    };
                    if (state->hold(request, verified, {soon, held}))
                        return;
                }
                state->answer(request, give);
            },
            [&respond](const response& answer) { respond(answer); });
    };
    detail::mount_handler(server, state->path(), handler);
}

namespace detail {

// The message of a deduction that finds no constructor says little. This check says which operation
// a server lacks (B22: a type that is no server does not compile).
template <typename Server>
struct route_policy {
    static_assert(server<Server>);
    using server_type = Server;
};

} // namespace detail

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/impl/signed_route.ipp>
#endif

#endif
