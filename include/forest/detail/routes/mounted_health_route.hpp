// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_MOUNTED_HEALTH_ROUTE_HPP
#define FOREST_DETAIL_ROUTES_MOUNTED_HEALTH_ROUTE_HPP

#include <forest/core/error.hpp>
#include <forest/core/response.hpp>
#include <forest/detail/routes/health_route_state.hpp>
#include <forest/detail/routes/hold_clock.hpp>
#include <forest/detail/routes/route_clock.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

// Mounts a health route on a server, and gives it the clock of the server if there is one.

namespace forest::inline FOREST_FORM::detail {

/// The state of a route, with the clock of its server. The handlers on the server own it: the clock
/// must not outlive the execution context, which outlives the server. The route itself may.
template <clock Clock>
class timed_health_route final {
public:
    timed_health_route(std::shared_ptr<health_route_state> state, Clock clock)
        : state_{std::move(state)}, clock_{std::move(clock)} {
        state_->checks().use(&clock_);
    }
    timed_health_route(const timed_health_route&) = delete;
    timed_health_route& operator=(const timed_health_route&) = delete;
    ~timed_health_route() { state_->checks().use(nullptr); }

    [[nodiscard]] health_route_state* state() const noexcept { return state_.get(); }

private:
    const std::shared_ptr<health_route_state> state_;
    server_clock<Clock> clock_;
};

/// Mounts the route, and the probes whose path is not empty. Throws like `mount_route`.
template <server Server>
void mount_health_route(Server& server, std::shared_ptr<health_route_state> state,
                        const std::string& live, const std::string& ready,
                        const std::string& startup) {
    const std::string* const paths[] = {&state->path(), &live, &ready, &startup};
    for (const std::string* const path : paths) {
        for (const std::string* const other : paths) {
            if (path != other && !path->empty() && *path == *other)
                throw std::system_error(make_error_code(errc::path_invalid), *path);
        }
    }
    if constexpr (timed_server<Server>) {
        using timed = timed_health_route<decltype(server.clock())>;
        const auto owner = std::make_shared<timed>(state, server.clock());
        state = std::shared_ptr<health_route_state>{owner, owner->state()};
    }
    state = with_hold_clock(server, std::move(state));
    mount_route(server, state);
    const auto mount_probe = [&](const std::string& path, probe_kind kind) {
        if (!path.empty())
            mount_handler(server, path, [state, kind](const server_request&, auto respond) {
                state->probe(kind, [&respond](const response& answer) { respond(answer); });
            });
    };
    mount_probe(live, probe_kind::live);
    mount_probe(ready, probe_kind::ready);
    mount_probe(startup, probe_kind::startup);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
