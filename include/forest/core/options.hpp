// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_OPTIONS_HPP
#define FOREST_CORE_OPTIONS_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>

#include <chrono>
#include <system_error>

// How one target is watched. An aggregate, so that a call names what it changes: `{.interval =
// 10s}`.

namespace forest {

/// How often a target is checked and when it counts as down or up again.
struct options {
    /// From the start of one check to the start of the next while the target is up. Greater than 0.
    duration interval = std::chrono::seconds{30};

    /// One deadline for a whole check: resolve, connect, TLS, send and receive. Greater than 0. It
    /// may exceed `interval`; then the next check waits for this one (B2).
    duration timeout = std::chrono::seconds{5};

    /// Consecutive failures that make a target down. At least 1; 1 means that any failure does.
    int failure_threshold = 3;

    /// Consecutive successes that end an outage. At least 1.
    int success_threshold = 1;

    /// The first check is put off by a uniformly random part of this, so that a thousand clients
    /// started together do not check together. 0 means that the first check starts at once.
    duration initial_delay_max = duration::zero();

    /// Each delay varies by up to this share of itself, in both directions. From 0, no variation,
    /// to 0.5.
    double interval_jitter = 0.0;

    /// How late a wake-up may be before a failure says more about this process than about the
    /// server (B12). At least 0, which is for simulations: on a real clock every wake-up is a
    /// little late, so that with 0 each failure is checked twice, and a timeout never counts.
    duration stall_tolerance = std::chrono::seconds{2};

    /// How many checks in a row are inconclusive when the name service does not answer and no
    /// earlier answer of it can be used (B12); from then on each counts as `resolve_failed`. From
    /// 0, which means that each counts, to 100.
    int doubt_max = 10;

    /// No duration above may exceed this: sums of a few of them must not overflow 64 bits of
    /// nanoseconds.
    static constexpr duration duration_max = std::chrono::hours{24 * 366};

    /// Whether every member is in its range; usable in a static_assert.
    [[nodiscard]] constexpr bool valid() const noexcept { return first_fault() == errc{}; }

    /// As `valid()`, but says which member is at fault: `errc::invalid_timeout`, for example.
    [[nodiscard]] std::error_code validate() const noexcept {
        const errc fault = first_fault();
        return fault == errc{} ? std::error_code{} : make_error_code(fault);
    }

private:
    [[nodiscard]] constexpr errc first_fault() const noexcept {
        constexpr duration zero = duration::zero();
        if (interval <= zero || interval > duration_max)
            return errc::invalid_interval;
        if (timeout <= zero || timeout > duration_max)
            return errc::invalid_timeout;
        if (failure_threshold < 1)
            return errc::invalid_failure_threshold;
        if (success_threshold < 1)
            return errc::invalid_success_threshold;
        if (initial_delay_max < zero || initial_delay_max > duration_max)
            return errc::invalid_initial_delay_max;
        // Written so that NaN fails too.
        if (!(interval_jitter >= 0.0 && interval_jitter <= 0.5))
            return errc::invalid_interval_jitter;
        if (stall_tolerance < zero || stall_tolerance > duration_max)
            return errc::invalid_stall_tolerance;
        if (doubt_max < 0 || doubt_max > 100)
            return errc::invalid_doubt_max;
        return {};
    }
};

/// The most by which a delay is lengthened or shortened under `options::interval_jitter`.
[[nodiscard]] constexpr duration jitter_max(const options& settings, duration delay) noexcept {
    return duration{
        static_cast<duration::rep>(static_cast<double>(delay.count()) * settings.interval_jitter)};
}

} // namespace forest

#endif
