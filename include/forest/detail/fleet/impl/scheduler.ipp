// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_IMPL_SCHEDULER_IPP
#define FOREST_DETAIL_FLEET_IMPL_SCHEDULER_IPP

#include <forest/detail/fleet/scheduler.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL fleet_limits::fleet_limits(const fleet_options& settings) noexcept
    : in_flight_max_{settings.checks_in_flight_max},
      bounded_{settings.connections_per_second_max > 0},
      connections_{settings.connections_per_second_max, settings.tick} {}

FOREST_DECL auto fleet_limits::with_connection(steady_time now) noexcept -> std::optional<permit> {
    return connections_.take(now) ? std::optional{permit{&connections_}} : std::nullopt;
}

FOREST_DECL void fleet_limits::settle(unsigned paid, unsigned opened, steady_time now) noexcept {
    if (opened > paid)
        connections_.debit(opened - paid, now);
    for (; opened < paid; ++opened)
        connections_.give_back();
}

FOREST_DECL void fleet_queues::wait_for(obstacle cause, target_id id) {
    if (!cause)
        return for_connection_.push(id);
    auto found = std::find_if(for_origins_.begin(), for_origins_.end(),
                              [&](const auto& each) { return each.first == *cause; });
    if (found != for_origins_.end())
        return found->second.push(id);
    waiting_line<target_id> queue;
    queue.push(id);
    for_origins_.emplace_back(*cause, std::move(queue));
}

FOREST_DECL bool fleet_queues::empty() const noexcept {
    return ready_.empty() && for_connection_.empty() && for_origins_.empty();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
