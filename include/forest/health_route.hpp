// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_ROUTE_HPP
#define FOREST_HEALTH_ROUTE_HPP

#include <forest/core/check_report.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/route_check.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/routes/check_runner.hpp>
#include <forest/detail/routes/health_route_state.hpp>
#include <forest/detail/routes/held_answers.hpp>
#include <forest/detail/routes/mounted_health_route.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>
#include <forest/version.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

// The other side of a check: a route that reports to authenticated clients whether the server is
// healthy (B20).

namespace forest::inline FOREST_FORM {

/// The paths of a health route, the version that it reports, and how it holds answers.
struct route_options {
    std::string path = "/forest/health";
    std::string version{forest::version}; ///< of the application

    /// Paths for orchestrators. Each answers 200 "yes" or 503 "no", at once, to anybody, and
    /// reveals nothing else. Empty: there is no such path. `live_path` says yes while the process
    /// answers. `ready_path` says yes while the health route would answer 200, by the results so
    /// far. `startup_path` says yes from the first moment on in which that was so.
    std::string live_path{};
    std::string ready_path{};
    std::string startup_path{};

    /// For how long the route holds a healthy answer until there is news (B48: held answers). It
    /// does so for accepted clients that ask for it, on servers that can: `asio_server` and
    /// `sim::memory_server`. From 1 s to 240 s; a fraction of a second is dropped. 0: never.
    duration hold_max{};

    /// How many answers the route holds at a time, at least 1. Further requests are answered at
    /// once. Each held answer keeps a connection of the server.
    std::size_t held_max = detail::hold_limits{}.held_max;

    /// The same for one address of clients, at least 1, so that one of them does not take all
    /// places. All clients behind a proxy have the address of the proxy.
    std::size_t held_per_address_max = detail::hold_limits{}.held_per_address_max;
};

/// Responds to the health checks of a server.
///
/// From examples/programs/warehouse/warehouse.cpp:
///     asio_server server{io.get_executor()};
///     basic_health_route health{
///         server, verify, {.version = settings.version, .hold_max = settings.hold_max}};
///     schema_watch watch = watch_database(io, settings);
///     basic_schema_route schema{
///         server, verify, sha1_hex, watch.schema(), {.hold_max = settings.hold_max}};
///     if (settings.verbose) {
///         health.on_answer(cli::answer_log{true});
///         schema.on_answer(cli::answer_log{true});
///     }
///
/// A request that the verifier accepts gets 200 `{"status":"ok","version":…}`, or 503 with `"fail"`
/// while the application says that it is not healthy, or 503 with `"stopping"` after `drain()`
/// (B21: the answers of a route). All other requests get the same 401. Checks that the application
/// has added make the answer 503 `"fail"` while one of them fails (B28: the route's own checks).
///
/// **Thread safety:** all members may be called from any thread. The route never blocks a thread of
/// the server.
///
/// **Lifetime:** the server responds also after the route object is destroyed. Until the server
/// drops the route, it keeps the verifier, the checks and the callback of `on_answer`, and calls
/// them.
///
/// **Errors:** the constructor throws std::system_error with `errc::verifier_missing`, or with the
/// server's error if a path cannot be used. It also throws what the server throws. `add_check`
/// throws std::system_error for a check that cannot be added. The constructor, `add_check` and
/// `on_answer` may throw std::bad_alloc; the other members throw nothing. A verifier that throws
/// has not accepted the request. A check that throws has failed.
template <typename Server>
class basic_health_route {
    static_assert(server<Server>);

public:
    /// Mounts the route. Throws std::system_error with `errc::verifier_missing`, with
    /// `errc::path_invalid` if two paths are equal, with `errc::invalid_hold_max`,
    /// `errc::invalid_held_max` or `errc::invalid_held_per_address_max`, or with the server's error
    /// if a path cannot be used.
    basic_health_route(Server& server, route_verifier verify, route_options options = {})
        : state_{detail::health_route_state::make(
              std::move(verify), std::move(options.path), options.version,
              {options.hold_max, options.held_max, options.held_per_address_max})} {
        detail::mount_health_route(server, state_, options.live_path, options.ready_path,
                                   options.startup_path);
    }

    // Makes the compiler say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_route(Server&, const route_verifier&,
                       const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Adds a check. When a request comes and the last result is older than `options.cache_for`,
    /// the route calls `check(report)` on a thread of the server. The check must not block: it
    /// begins its work and returns, and calls `report(result)` when it knows, from any thread. A
    /// check never runs twice at a time. The answer waits for the results, at most for the
    /// deadlines, if the server is a `timed_server`; otherwise it has the last results so far.
    ///
    /// Throws std::system_error: `errc::check_name_invalid` for a name that is empty, longer than
    /// 128 bytes or used already, `errc::check_function_missing`, `errc::invalid_check_deadline`,
    /// `errc::invalid_check_cache_for`. Then no check is added, and the others stay.
    ///
    /// From tests/assemblies/health_route_checks_test.cpp:
    ///     route.add_check("queue", [&](const check_report& report) {
    ///         queue.async_length([report](int length) { report(length < 1000); });
    ///     });
    template <typename Check>
    void add_check(std::string name, Check&& check, const check_options& options = {}) {
        static_assert(
            std::invocable<std::decay_t<Check>&, check_report>,
            "a check takes a check_report; one that blocks and returns its result needs a "
            "pool: add_check(name, post_to{pool}, check)");
        state_->checks().add(std::move(name), std::forward<Check>(check), options);
    }

    /// Adds a check that blocks. `post(function)` gets a function that can only be moved, and calls
    /// it later on a thread of a pool, where it calls `check()`. The result is a `bool` or a
    /// `check_result`; an exception is a failure. `post_to` (`forest/adapters/asio/post_to.hpp`)
    /// posts to an Asio executor. Throws like the function above.
    ///
    /// From examples/recipes/route_checks.cpp:
    ///     const auto ping = [&] { return db.ping(); };
    ///     route.add_check("db", forest::post_to{pool}, ping, {.cache_for = 100ms});
    template <typename Post, std::invocable Check>
        requires(std::convertible_to<std::invoke_result_t<Check&>, check_result>)
    void add_check(std::string name, Post&& post, Check&& check,
                   const check_options& options = {}) {
        static_assert(std::invocable<std::decay_t<Post>&, detail::unique_function<void()>>,
                      "the pool of a check is a callable that takes a function which can only be "
                      "moved, such as post_to{pool}");
        state_->checks().add(
            std::move(name),
            detail::pooled_check(std::forward<Post>(post), std::forward<Check>(check)), options);
    }

    // These make the compiler say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    void add_check(const std::string&, const detail::any_member&,
                   const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    void add_check(const std::string&, const detail::any_member&, const detail::any_member&,
                   const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Announces the end: from now on the response is 503 `{"status":"stopping"}`. Held answers are
    /// sent now, by this thread. Further calls do nothing.
    void drain() noexcept { state_->drain(); }

    [[nodiscard]] bool draining() const noexcept { return state_->draining(); }

    /// Sets whether the application can do its work; a route begins as healthy. While it is not
    /// healthy, the response is 503 `{"status":"fail"}`, also if all checks pass. A client treats
    /// it as an ordinary failure (`errc::unexpected_status`) and no announcement of an end. After
    /// `drain()` the status is `"stopping"` in both cases. Held answers are sent by this thread.
    void set_healthy(bool healthy) noexcept { state_->set_healthy(healthy); }

    /// Returns the last argument of `set_healthy`.
    [[nodiscard]] bool healthy() const noexcept { return state_->healthy(); }

    /// Returns how many answers are held now.
    [[nodiscard]] std::size_t held() const noexcept {
        return state_->holder() != nullptr ? state_->holder()->size() : 0;
    }

    [[nodiscard]] const std::string& path() const noexcept { return state_->path(); }

    /// Called after each response to the path, on the threads of the server, possibly on several at
    /// once. A response that has waited for checks is reported on the thread of the last result.
    /// Its exceptions are ignored, because the response is on its way.
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
