// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_POLLED_ROUTE_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_POLLED_ROUTE_IPP

#include <forest/core/detail/logic/polled_route.hpp>
#include <forest/core/error.hpp>

#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL polled_route::polled_route(datasource_mode mode) noexcept
    : mode_{mode},
      polls_schema_{mode == datasource_mode::schema_poll},
      first_fetch_{mode == datasource_mode::automatic} {}

FOREST_DECL bool polled_route::checked(const verdict& result) noexcept {
    missing_ = mode_ == datasource_mode::automatic && is_route_missing(result.status);
    polls_schema_ = polls_schema_ || (missing_ && schema_came_);
    return missing_ && schema_came_;
}

FOREST_DECL route_action polled_route::recovered() noexcept {
    // The answer to the running check may be from before the outage.
    owed_again_ = trying_;
    return trying_ ? route_action::none : try_health();
}

FOREST_DECL route_action polled_route::tried(const verdict& result) noexcept {
    trying_ = false;
    const bool again = std::exchange(owed_again_, false);
    if (result.healthy() || result.error == errc::stopping) {
        polls_schema_ = false;
        return route_action::none;
    }
    return again ? try_health() : route_action::wait;
}

FOREST_DECL route_action polled_route::try_health() noexcept {
    if (!searches())
        return route_action::none;
    trying_ = true;
    return route_action::try_health;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
