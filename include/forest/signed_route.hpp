// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIGNED_ROUTE_HPP
#define FOREST_SIGNED_ROUTE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/callback_gate.hpp>
#include <forest/core/error.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/verification.hpp>
#include <forest/policy/server.hpp>

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// What all routes have in common: they are mounted on a server, they answer those whom a verifier
// accepts, and they tell what they answered.

namespace forest {

/// Decides whether a request may be answered; called from the server's threads, possibly from
/// several at once. `hmac_sha256_verifier` is one. It may return a `bool`, or a `verification`,
/// which has the reason for the log.
using request_verifier = std::function<verification(const server_request&)>;

/// A verifier as a route keeps it: any `request_verifier`, or one that can only be moved.
using route_verifier = detail::unique_function<verification(const server_request&)>;

/// The verifier for servers that ask for no signature.
inline bool accept_unsigned(const server_request&) noexcept {
    return true;
}

/// One answer that a route gave, for logs.
struct route_answer {
    std::string_view path{};
    http_method method{};
    int status = 0;
    /// What the verifier decided; `hint` makes a line of it. It is for the log alone.
    verification verified{true};
};

/// The base of a route's state, which the route and its handler on the server share, so that the
/// answers outlive the route object. Only `mount_route` makes a route of it. All members may be
/// called from any thread.
class signed_route {
public:
    /// Throws std::system_error with `errc::verifier_missing` when `verify` is empty.
    signed_route(route_verifier verify, std::string path)
        : verify_{std::move(verify)}, path_{std::move(path)} {
        if (!verify_)
            throw std::system_error(make_error_code(errc::verifier_missing));
    }

    signed_route(const signed_route&) = delete;
    signed_route& operator=(const signed_route&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// What is called after each answer.
    void on_answer(detail::unique_function<void(const route_answer&)> callback) {
        if (callback)
            listened_to_ = true;
        gate_.set(on_answer_, std::move(callback));
    }

    /// Whether the request may be answered. A verifier that throws has not accepted.
    [[nodiscard]] verification allows(const server_request& asked) const noexcept {
        try {
            return verify_(asked);
        } catch (...) { // It cannot decide.
            return refusal::undecided;
        }
    }

    /// Tells of an answer. What the callback throws is dropped: the answer has been given.
    void tell(const route_answer& given) const noexcept {
        if (!listened_to_)
            return;
        try {
            if (const auto callback = gate_.get(on_answer_))
                (*callback)(given);
        } catch (...) { // As said above.
        }
    }

protected:
    ~signed_route() = default;

private:
    mutable route_verifier verify_; // is never replaced
    const std::string path_;
    detail::callback_gate gate_;
    detail::shared_callback<route_answer> on_answer_;
    std::atomic<bool> listened_to_ = false; // since a callback was set; spares the others the lock
};

/// Mounts a route on its path. `state` is a `signed_route` with a member
/// `answer(const server_request&, give)`, which calls `give(const response&)` once; it is asked
/// only when the verifier accepts, and possibly by several threads at once. Everybody else gets the
/// same 401, so that a stranger learns nothing of the state. Throws std::system_error with the
/// server's error if the path cannot be used.
template <server Server, std::derived_from<signed_route> State>
void mount_route(Server& server, const std::shared_ptr<State>& state) {
    const auto handler = [state](const server_request& asked, auto respond) {
        int status = 0;
        const auto give = [&](const response& answer) {
            respond(answer);
            status = answer.status;
        };
        const verification verified = state->allows(asked);
        if (verified) {
            state->answer(asked, give);
        } else {
            response refusal;
            refusal.status = 401;
            refusal.body = R"({"error":"Unauthorized"})";
            (void)refusal.fields.add("Cache-Control", "no-store"); // It fits.
            give(std::as_const(refusal));
        }
        state->tell({asked.path, asked.method, status, verified});
    };
    if constexpr (std::convertible_to<decltype(server.get(state->path(), handler)),
                                      std::error_code>) {
        if (const std::error_code ec = server.get(state->path(), handler))
            throw std::system_error(ec, state->path());
    } else {
        server.get(state->path(), handler);
    }
}

namespace detail {

// A deduction that finds no constructor says little; this says which operation a server lacks
// (B22).
template <typename Server>
struct route_policy {
    static_assert(server<Server>);
    using server_type = Server;
};

} // namespace detail

} // namespace forest

#endif
