// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_ROUTE_HPP
#define FOREST_HEALTH_ROUTE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/json/json_string.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>
#include <forest/version.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// The other side of a check: a route that tells whoever is allowed to ask that the server is well
// (B20).

namespace forest {

/// What a route answers with, and where.
struct route_options {
    std::string path = "/forest/health";
    std::string version{forest::version}; ///< of the application, told to its callers
};

/// Mounts the health check on a server. It answers 200 `{"status":"ok","version":…}`, 503 with
/// `"fail"` while the application says that it is not well, or 503 with `"stopping"` once drained
/// (B21), to requests that the verifier accepts, and the same 401 to all others. It never blocks
/// the server's thread. All members may be called from any thread; the answers outlive the route
/// object.
template <server Server>
class basic_health_route {
public:
    /// Mounts the route. Throws std::system_error with `errc::verifier_missing`, or with the
    /// server's error if the path cannot be used.
    basic_health_route(Server& server, route_verifier verify, route_options options = {})
        : state_{std::make_shared<state>(std::move(verify), std::move(options))} {
        mount_route(server, state_);
    }

    // Says what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_route(Server&, const route_verifier&,
                       const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Announces the end: from now on the answer is 503 `{"status":"stopping"}`. Idempotent.
    void drain() noexcept { state_->draining = true; }

    [[nodiscard]] bool draining() const noexcept { return state_->draining; }

    /// Says whether the application can do its work; a route begins as healthy. While it is not,
    /// the answer is 503 `{"status":"fail"}`, which a client counts as an ordinary failure
    /// (`errc::unexpected_status`) and not as a farewell. A drained route says `"stopping"` all the
    /// same.
    void set_healthy(bool healthy) noexcept { state_->healthy = healthy; }

    /// What `set_healthy` said last.
    [[nodiscard]] bool healthy() const noexcept { return state_->healthy; }

    [[nodiscard]] const std::string& path() const noexcept { return state_->path(); }

    /// Called after each answer, on the server's threads, possibly on several at once; what it
    /// throws is dropped, because the answer has been given.
    void on_answer(detail::unique_function<void(const route_answer&)> callback) {
        state_->on_answer(std::move(callback));
    }

private:
    struct state final : signed_route {
        state(route_verifier&& verify, route_options&& options)
            : signed_route{std::move(verify), std::move(options.path)},
              ok_body{body("ok", options.version)},
              fail_body{body("fail", options.version)},
              stopping_body{body("stopping", options.version)} {}

        static std::string body(std::string_view status, std::string_view release) {
            return "{\"status\":" + detail::json_quote(status) +
                   ",\"version\":" + detail::json_quote(release) + "}";
        }

        template <typename Give>
        void answer(const server_request&, const Give& give) const {
            // Read once: status and body must say the same while another thread changes them.
            const std::string& chosen = draining ? stopping_body : healthy ? ok_body : fail_body;
            response answer;
            answer.status = &chosen == &ok_body ? 200 : 503;
            answer.body = chosen;
            (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
            give(answer);
        }

        const std::string ok_body;
        const std::string fail_body;
        const std::string stopping_body;
        std::atomic<bool> draining = false;
        std::atomic<bool> healthy = true;
    };

    std::shared_ptr<state> state_;
};

template <typename Server>
basic_health_route(Server&, route_verifier, route_options = {})
    -> basic_health_route<typename detail::route_policy<Server>::server_type>;

} // namespace forest

#endif
