// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_FLEET_OPTIONS_HPP
#define FOREST_CORE_FLEET_OPTIONS_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <system_error>

// The options of a fleet. They are an aggregate, like the `options` of one target.

namespace forest::inline FOREST_FORM {

/// The limits of a fleet.
struct fleet_options {
    /// At the end of a tick, one wake-up serves everything that was due within the tick. So a check
    /// begins up to one tick late. From 1 ms to 1 s.
    duration tick = std::chrono::milliseconds{5};

    /// How many checks may be in flight at a time. At least 1. Each may need a descriptor. The
    /// check of a target that hangs is in flight for the whole timeout. To report an outage of all
    /// targets in time, this must be at least the number of targets times timeout / (timeout +
    /// first delay of the backoff). Further checks wait. If a check waits longer than the
    /// `stall_tolerance` of its target and fails, it is inconclusive (B12).
    int checks_in_flight_max = 1000;

    /// How many connections may be opened in a second; 0 means no bound. A check over a kept
    /// connection opens none, and does not wait for other checks. The fleet looks only once in a
    /// tick. So the connections of one tick, and one more, may be opened at the same moment. A
    /// check may open several connections, if a name has several addresses. They are counted when
    /// the check has ended, so the bound is true only on average.
    int connections_per_second_max = 0;

    /// How many targets may have `options::hold`. At least 0. Each of them may keep a connection,
    /// and so a descriptor, all the time. Their held checks do not count for
    /// `checks_in_flight_max`.
    int held_max = 10'000;

    /// Whether first checks are spread over the interval. First checks of targets on one server are
    /// as far apart as possible. If a target has its own `initial_delay_max`, that is used instead.
    bool spread_start = true;

    /// Returns an error that names the member out of its range: `invalid_tick`,
    /// `invalid_checks_in_flight_max`, `invalid_connections_per_second_max` or `invalid_held_max`.
    [[nodiscard]] std::error_code validate() const noexcept;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/fleet_options.ipp>
#endif

#endif
