// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_FLEET_ADMISSION_HPP
#define FOREST_FLEET_ADMISSION_HPP

#include <forest/core/fleet_options.hpp>
#include <forest/core/rate_limit.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/waiting_line.hpp>

#include <optional>
#include <utility>

// Which of the targets that are due may begin a check, so that a fleet opens no more connections
// than it was told to.

namespace forest {

/// Targets in line, and the right to begin a check. Not thread-safe.
class fleet_admission {
public:
    explicit fleet_admission(const fleet_options& chosen) noexcept
        : in_flight_max_{chosen.checks_in_flight_max}, connections_{
                                                           chosen.connections_per_second_max,
                                                           chosen.tick} {}

    void line_up(target_id last) { line_.push(last); }

    [[nodiscard]] bool nobody_waits() const noexcept { return line_.empty(); }

    /// The first in line; there must be one.
    target_id first() noexcept { return line_.pop(); }

    /// Takes the right to begin a check, if it can be had, and keeps it until it is used.
    bool take(int in_flight, steady_time now) noexcept {
        taken_ = taken_ || (in_flight < in_flight_max_ && connections_.take(now));
        return taken_;
    }

    [[nodiscard]] bool taken() const noexcept { return taken_; }

    void use() noexcept { taken_ = false; }

    /// Gives back what was taken and not used.
    void give_back() noexcept {
        if (std::exchange(taken_, false))
            connections_.give_back();
    }

    /// A check that was begun has opened no connection.
    void opened_none() noexcept { connections_.give_back(); }

    /// From when the first in line may begin; empty when nobody waits, or when only the end of a
    /// check makes room.
    [[nodiscard]] std::optional<steady_time> next(int in_flight) const noexcept {
        if (line_.empty() || in_flight >= in_flight_max_)
            return std::nullopt;
        return connections_.next();
    }

private:
    int in_flight_max_;
    rate_limit connections_;
    waiting_line<target_id> line_; // due, but not yet admitted
    bool taken_ = false;
};

} // namespace forest

#endif
