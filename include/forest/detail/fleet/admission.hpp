// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_ADMISSION_HPP
#define FOREST_DETAIL_FLEET_ADMISSION_HPP

#include <forest/core/detail/logic/rate_limit.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/time.hpp>

#include <optional>
#include <utility>

// How much a fleet may do at a time, so that it has no more checks in flight and opens no more
// connections than it was told to. A check pays for a connection when it begins, and settles when
// it has ended, since only then is it known how many it took.

namespace forest::detail {

/// The bounds of a fleet, and what of them is used. Not thread-safe.
class fleet_admission {
public:
    /// The right to begin a check, and to open a connection for it if it needs one. Goes back by
    /// itself unless it is used; must not outlive what gave it.
    class right {
    public:
        right(right&& other) noexcept : paid_to_{std::exchange(other.paid_to_, nullptr)} {}
        right& operator=(right&&) = delete;
        ~right() {
            if (paid_to_ != nullptr)
                paid_to_->give_back();
        }

        /// Uses it, and answers how many connections it has paid for.
        unsigned use() noexcept { return std::exchange(paid_to_, nullptr) != nullptr ? 1 : 0; }

    private:
        friend fleet_admission;
        explicit right(rate_limit* paid_to) noexcept : paid_to_{paid_to} {}

        rate_limit* paid_to_; // null when no connection is needed
    };

    explicit fleet_admission(const fleet_options& chosen) noexcept
        : in_flight_max_{chosen.checks_in_flight_max},
          bounded_{chosen.connections_per_second_max > 0},
          connections_{chosen.connections_per_second_max, chosen.tick} {}

    /// Whether there is room for one more check when so many are in flight.
    [[nodiscard]] bool has_room(int in_flight) const noexcept { return in_flight < in_flight_max_; }

    /// Whether it matters that a check has a connection already.
    [[nodiscard]] bool bounds_connections() const noexcept { return bounded_; }

    /// The right to begin a check that has a connection.
    [[nodiscard]] right without_connection() noexcept { return right{nullptr}; }

    /// The right to begin any other, if it can be had.
    [[nodiscard]] std::optional<right> with_connection(steady_time now) noexcept {
        return connections_.take(now) ? std::optional{right{&connections_}} : std::nullopt;
    }

    /// From when that can be had; it may lie in the past.
    [[nodiscard]] steady_time next_connection() const noexcept { return connections_.next(); }

    /// Settles for a check that has ended: what it opened beyond what it has paid for is owed by
    /// those that follow, and what it has not opened goes back.
    void settle(unsigned paid, unsigned opened, steady_time now) noexcept {
        if (opened > paid)
            connections_.debit(opened - paid, now);
        for (; opened < paid; ++opened)
            connections_.give_back();
    }

private:
    int in_flight_max_;
    bool bounded_;
    rate_limit connections_;
};

} // namespace forest::detail

#endif
