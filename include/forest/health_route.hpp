// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_ROUTE_HPP
#define FOREST_HEALTH_ROUTE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/detail/routes/health_route_state.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>
#include <forest/version.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

// The other side of a check: a route that reports to authenticated clients whether the server is
// healthy (B20).

namespace forest::inline FOREST_FORM {

/// The path of a health route, and the version that it reports.
struct route_options {
    std::string path = "/forest/health";
    std::string version{forest::version}; ///< of the application
};

/// Responds to the health checks of a server.
///
/// From examples/programs/warehouse/warehouse.cpp:
///     asio_server server{io.get_executor()};
///     basic_health_route health{server, verify, {.version = settings.version}};
///     schema_watch watch = watch_database(io, settings);
///     basic_schema_route schema{server, verify, sha1_hex, watch.schema()};
///     if (settings.verbose) {
///         health.on_answer(cli::answer_log{true});
///         schema.on_answer(cli::answer_log{true});
///     }
///
/// A request that the verifier accepts gets 200 `{"status":"ok","version":…}`, or 503 with `"fail"`
/// while the application says that it is not healthy, or 503 with `"stopping"` after `drain()`
/// (B21: the answers of a route). All other requests get the same 401.
///
/// **Thread safety:** all members may be called from any thread. The route never blocks a thread of
/// the server.
///
/// **Lifetime:** the server responds also after the route object is destroyed. Until the server
/// drops the route, it keeps the verifier and the callback of `on_answer`, and calls them.
///
/// **Errors:** the constructor throws std::system_error with `errc::verifier_missing`, or with the
/// server's error if the path cannot be used. It also throws what the server throws. The
/// constructor and `on_answer` may throw std::bad_alloc; the other members throw nothing. A
/// verifier that throws has not accepted the request.
template <typename Server>
class basic_health_route {
    static_assert(server<Server>);

public:
    /// Mounts the route. Throws std::system_error with `errc::verifier_missing`, or with the
    /// server's error if the path cannot be used.
    basic_health_route(Server& server, route_verifier verify, route_options options = {})
        : state_{detail::health_route_state::make(std::move(verify), std::move(options.path),
                                                  options.version)} {
        mount_route(server, state_);
    }

    // Makes the compiler say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_route(Server&, const route_verifier&,
                       const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Announces the end: from now on the response is 503 `{"status":"stopping"}`. Further calls do
    /// nothing.
    void drain() noexcept { state_->draining = true; }

    [[nodiscard]] bool draining() const noexcept { return state_->draining; }

    /// Sets whether the application can do its work; a route begins as healthy. While it is not
    /// healthy, the response is 503 `{"status":"fail"}`. A client treats it as an ordinary failure
    /// (`errc::unexpected_status`) and no announcement of an end. After `drain()` the status is
    /// `"stopping"` in both cases.
    void set_healthy(bool healthy) noexcept { state_->healthy = healthy; }

    /// Returns the last argument of `set_healthy`.
    [[nodiscard]] bool healthy() const noexcept { return state_->healthy; }

    [[nodiscard]] const std::string& path() const noexcept { return state_->path(); }

    /// Called after each response, on the threads of the server, possibly on several at once. Its
    /// exceptions are ignored, because the response is on its way.
    void on_answer(detail::unique_function<void(const route_answer&)> callback) {
        state_->on_answer(std::move(callback));
    }

private:
    std::shared_ptr<detail::health_route_state> state_;
};

template <typename Server>
basic_health_route(Server&, route_verifier, route_options = {})
    -> basic_health_route<typename detail::route_policy<Server>::server_type>;

} // namespace forest::inline FOREST_FORM

#endif
