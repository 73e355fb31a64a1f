// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_HOLD_CLOCK_HPP
#define FOREST_DETAIL_ROUTES_HOLD_CLOCK_HPP

#include <forest/detail/routes/route_clock.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/server.hpp>

#include <memory>
#include <utility>

// Gives a route that holds answers the clock of its server.

namespace forest::inline FOREST_FORM::detail {

/// The state of a route, with the clock for its held answers. The handlers on the server own it:
/// the clock must not outlive the execution context, which outlives the server. The route itself
/// may.
template <typename State, clock Clock>
class holding_route_owner {
public:
    holding_route_owner(std::shared_ptr<State> state, Clock clock)
        : state_{std::move(state)}, clock_{std::move(clock)} {
        state_->hold_with(&clock_);
    }
    holding_route_owner(const holding_route_owner&) = delete;
    holding_route_owner& operator=(const holding_route_owner&) = delete;
    ~holding_route_owner() { state_->hold_with(nullptr); }

private:
    const std::shared_ptr<State> state_;
    server_clock<Clock> clock_;
};

/// Returns the state for the handlers on the server: with a clock if the route holds answers and
/// the server can hold them.
template <server Server, typename State>
std::shared_ptr<State> with_hold_clock(Server& server, std::shared_ptr<State> state) {
    if constexpr (holding_server<Server>) {
        if (state->holder() != nullptr) {
            using owner_type = holding_route_owner<State, decltype(server.clock())>;
            State* const held = state.get();
            return {std::make_shared<owner_type>(std::move(state), server.clock()), held};
        }
    }
    return state;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
