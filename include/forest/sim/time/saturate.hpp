// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_SATURATE_HPP
#define FOREST_SIM_TIME_SATURATE_HPP

#include <forest/core/time.hpp>

#include <cassert>
#include <cstdint>

// Sums of simulated time. Options may ask for a year between two checks and a plan may last for a
// century, so that a few of them together do not fit into 64 bits of nanoseconds.

namespace forest::sim {

/// The sum of two durations that are not negative, or `duration::max()`.
[[nodiscard]] constexpr duration saturating_sum(duration one, duration other) noexcept {
    assert(one >= duration::zero() && other >= duration::zero());
    return other > duration::max() - one ? duration::max() : one + other;
}

/// So many times a duration that is not negative, or `duration::max()`.
[[nodiscard]] constexpr duration saturating_product(std::int64_t times, duration of) noexcept {
    assert(times >= 0 && of >= duration::zero());
    return of > duration::zero() && times > duration::max() / of ? duration::max() : times * of;
}

} // namespace forest::sim

#endif
