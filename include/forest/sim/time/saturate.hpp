// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_SATURATE_HPP
#define FOREST_SIM_TIME_SATURATE_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <cassert>
#include <cstdint>

// Sums of simulated time. An interval may be a year and a plan may last for a century, so a sum of
// a few durations may not fit into 64 bits of nanoseconds.

namespace forest::inline FOREST_FORM::sim {

/// The sum of two durations that are not negative, or `duration::max()`.
[[nodiscard]] constexpr duration saturating_sum(duration left, duration right) noexcept {
    assert(left >= duration::zero() && right >= duration::zero());
    return right > duration::max() - left ? duration::max() : left + right;
}

/// The product of a number and a duration that are not negative, or `duration::max()`.
[[nodiscard]] constexpr duration saturating_product(std::int64_t factor, duration span) noexcept {
    assert(factor >= 0 && span >= duration::zero());
    return span > duration::zero() && factor > duration::max() / span ? duration::max()
                                                                      : factor * span;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
