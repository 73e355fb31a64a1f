// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_ROUTE_HPP
#define FOREST_HEALTH_ROUTE_HPP

#include <forest/core/callback_gate.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/json.hpp>
#include <forest/policy/server.hpp>
#include <forest/version.hpp>

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// The other side of a check: a route that tells whoever is allowed to ask that the server is well
// (B20).

namespace forest {

/// Decides whether a request may be answered; called from the server's threads, possibly from
/// several at once. `hmac_sha256_verifier` is one.
using request_verifier = std::function<bool(const server_request&)>;

/// The verifier for servers that ask for no signature.
inline bool accept_unsigned(const server_request&) noexcept {
    return true;
}

/// What a route answers with, and where.
struct route_options {
    std::string path = "/forest/health";
    std::string version{forest::version}; ///< of the application, told to its callers
};

/// One answer that a route gave, for logs.
struct route_answer {
    std::string_view path{};
    http_method method{};
    int status = 0;
};

/// Mounts the health check on a server. It answers 200 `{"status":"ok","version":…}`, or 503 with
/// `"stopping"` once drained (B21), to requests that the verifier accepts, and the same 401 to all
/// others. It never blocks the server's thread. All members may be called from any thread; the
/// answers outlive the route object.
template <server Server>
class basic_health_route {
public:
    /// Mounts the route. Throws std::system_error with `errc::verifier_missing`, or with the
    /// server's error if the path cannot be used.
    basic_health_route(Server& server, request_verifier verify, route_options options = {})
        : state_{std::make_shared<state>(std::move(verify), std::move(options))} {
        if (!state_->verify)
            throw std::system_error(make_error_code(errc::verifier_missing));
        const auto handler = [state = state_](const server_request& asked, auto respond) {
            const int status = state->answer(asked, respond);
            state->tell({asked.path, asked.method, status});
        };
        if constexpr (std::convertible_to<decltype(server.get(state_->path, handler)),
                                          std::error_code>) {
            if (const std::error_code ec = server.get(state_->path, handler))
                throw std::system_error(ec, state_->path);
        } else {
            server.get(state_->path, handler);
        }
    }

    /// Announces the end: from now on the answer is 503 `{"status":"stopping"}`. Idempotent.
    void drain() noexcept { state_->draining = true; }

    [[nodiscard]] bool draining() const noexcept { return state_->draining; }

    [[nodiscard]] const std::string& path() const noexcept { return state_->path; }

    /// Called after each answer, on the server's threads, possibly on several at once; what it
    /// throws is dropped, because the answer has been given.
    void on_answer(std::function<void(const route_answer&)> callback) {
        state_->gate.set(state_->on_answer, std::move(callback));
    }

private:
    struct state {
        state(request_verifier&& by, route_options&& options)
            : verify{std::move(by)}, path{std::move(options.path)}, ok_body{body("ok",
                                                                                 options.version)},
              stopping_body{body("stopping", options.version)} {}

        static std::string body(std::string_view status, std::string_view release) {
            return "{\"status\":" + json_quote(status) + ",\"version\":" + json_quote(release) +
                   "}";
        }

        template <typename Responder>
        int answer(const server_request& asked, Responder& respond) {
            response answer;
            (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
            // Before anything else: a stranger must not even learn whether the server is draining.
            if (!allowed(asked)) {
                answer.status = 401;
                answer.body = R"({"error":"Unauthorized"})";
            } else if (draining) {
                answer.status = 503;
                answer.body = stopping_body;
            } else {
                answer.body = ok_body;
            }
            respond(std::as_const(answer));
            return answer.status;
        }

        bool allowed(const server_request& asked) const noexcept {
            try {
                return verify(asked);
            } catch (...) { // A verifier that cannot decide has not accepted.
                return false;
            }
        }

        void tell(const route_answer& given) const noexcept {
            try {
                if (const auto callback = gate.get(on_answer))
                    (*callback)(given);
            } catch (...) { // See on_answer.
            }
        }

        const request_verifier verify;
        const std::string path;
        const std::string ok_body;
        const std::string stopping_body;
        std::atomic<bool> draining = false;
        callback_gate gate;
        shared_callback<route_answer> on_answer;
    };

    std::shared_ptr<state> state_;
};

namespace detail {

// A deduction that finds no constructor says little; this says which operation a server lacks
// (B22).
template <typename Server>
struct route_policy {
    static_assert(server<Server>);
    using server_type = Server;
};

} // namespace detail

template <typename Server>
basic_health_route(Server&, request_verifier, route_options = {})
    -> basic_health_route<typename detail::route_policy<Server>::server_type>;

} // namespace forest

#endif
