// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_FLEET_STATISTICS_IPP
#define FOREST_CORE_IMPL_FLEET_STATISTICS_IPP

#include <forest/core/fleet_statistics.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL void fleet_statistics::count(event_kind kind) noexcept {
    const bool failed = kind == event_kind::check_failed;
    const bool undecided = kind == event_kind::check_inconclusive;
    checks += failed || undecided || kind == event_kind::check_succeeded ? 1 : 0;
    failures += failed ? 1 : 0;
    inconclusive += undecided ? 1 : 0;
}

FOREST_DECL void fleet_statistics::merge(const fleet_statistics& other) noexcept {
    checks += other.checks;
    failures += other.failures;
    inconclusive += other.inconclusive;
    unresolved += other.unresolved;
    held += other.held;
    held_now += other.held_now;
    lateness.merge(other.lateness);
}

} // namespace forest::inline FOREST_FORM

#endif
