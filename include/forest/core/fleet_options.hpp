// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_FLEET_OPTIONS_HPP
#define FOREST_CORE_FLEET_OPTIONS_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>

#include <chrono>
#include <system_error>

// How many targets are watched together. An aggregate, as `options` of one target is.

namespace forest {

/// Bounds of the work of a fleet.
struct fleet_options {
    /// One wake-up at the end of a tick serves all that is due within the tick, so a check begins
    /// up to one tick late. From 1 ms to 1 s.
    duration tick = std::chrono::milliseconds{5};

    /// How many checks may be in flight at a time. At least 1. Each may need a descriptor. A target
    /// that hangs holds its place for the whole timeout: the number of targets times timeout /
    /// interval is needed to notice an outage of all targets in time. Checks beyond it wait, and
    /// one that waits longer than its target's `stall_tolerance` is inconclusive when it fails
    /// (B12).
    int checks_in_flight_max = 1000;

    /// How many connections may be opened in a second; 0 means no bound. A check over a kept
    /// connection opens none, and does not wait for those that do. Since the fleet looks once in a
    /// tick, a tick's share of them and one more may come at once, and as many more in some
    /// seconds. A check that opens several, since a name has several addresses, is charged for all
    /// when it has ended: then the bound holds on the average.
    int connections_per_second_max = 0;

    /// Whether first checks are spread over the interval, those of targets on the same server
    /// farthest apart. A target with an `initial_delay_max` of its own has that instead.
    bool spread_start = true;

    /// Says which member is out of its range: `invalid_tick`, `invalid_checks_in_flight_max` or
    /// `invalid_connections_per_second_max`.
    [[nodiscard]] std::error_code validate() const noexcept {
        if (tick < std::chrono::milliseconds{1} || tick > std::chrono::seconds{1})
            return errc::invalid_tick;
        if (checks_in_flight_max < 1)
            return errc::invalid_checks_in_flight_max;
        if (connections_per_second_max < 0)
            return errc::invalid_connections_per_second_max;
        return {};
    }
};

} // namespace forest

#endif
