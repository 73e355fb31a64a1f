// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_TIME_HPP
#define FOREST_CORE_TIME_HPP

#include <forest/form.hpp>

// Two kinds of time that must never be mixed: schedules use the steady time, and signatures use the
// wall time (B17: the clocks). They are distinct types, so mixing them does not compile.

#include <chrono>
#include <concepts>

namespace forest::inline FOREST_FORM {

/// The type of every span of time in the library.
using duration = std::chrono::nanoseconds;

/// A moment on a clock that never goes back; only differences mean anything.
using steady_time = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// A moment of civil time, UTC. Milliseconds, because a signed timestamp has milliseconds.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// A moment that is signed, with the part below the millisecond. It converts from a `wall_time`, so
/// a signer with this parameter accepts both types.
struct precise_time {
    constexpr precise_time() noexcept = default;

    template <std::convertible_to<wall_time> Moment>
    constexpr precise_time(Moment moment, std::chrono::nanoseconds rest = {}) noexcept
        : at{moment}, below{rest} {}

    wall_time at{};
    std::chrono::nanoseconds below{}; ///< from 0 to 999'999

    friend constexpr bool operator==(const precise_time&, const precise_time&) = default;
};

/// The smallest and the largest possible number of digits in the fraction of the seconds of a
/// timestamp.
inline constexpr int fraction_digits_min = 3;
inline constexpr int fraction_digits_max = 9;

} // namespace forest::inline FOREST_FORM

#endif
