// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_OPTIONS_HPP
#define FOREST_CORE_OPTIONS_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <system_error>

// The options for watching one target. They are an aggregate, so a call can name the members that
// it changes: `{.interval = 10s}`.

namespace forest::inline FOREST_FORM {

/// The delays of the checks that follow a hint (B46): the connection of a held check was closed, or
/// anything else has ended it but a healthy answer or an announced stop. So the death of a server
/// is confirmed quickly. A delay is never longer than that of the backoff, which is used from the
/// fourth failure on.
struct confirm_delays {
    duration first = duration::zero();                ///< after the first failure; at least 0
    duration second = std::chrono::milliseconds{100}; ///< after the second one; at least 0
    duration third = std::chrono::milliseconds{400};  ///< after the third one; at least 0

    /// Keeps the delays of the backoff, because no delay is longer than that of the backoff:
    /// `{.confirm_after = forest::confirm_delays::none}`.
    static const confirm_delays none;

    friend constexpr bool operator==(const confirm_delays&, const confirm_delays&) = default;
};

inline constexpr confirm_delays confirm_delays::none{.first = std::chrono::hours{24 * 366},
                                                     .second = std::chrono::hours{24 * 366},
                                                     .third = std::chrono::hours{24 * 366}};

/// How often a target is checked and when it counts as down or up again.
struct options {
    /// The time from the start of one check to the start of the next, while the target is up.
    /// Greater than 0.
    duration interval = std::chrono::seconds{30};

    /// One deadline for a whole check: resolve, connect, TLS, send and receive. Greater than 0. It
    /// may exceed `interval`; then the next check waits for this one (B2: one check at a time).
    duration timeout = std::chrono::seconds{5};

    /// Consecutive failures that make a target down. At least 1. With 1, a single failure is
    /// enough.
    int failure_threshold = 3;

    /// Consecutive successes that end an outage. At least 1.
    int success_threshold = 1;

    /// The first check is delayed by a random part of this duration, with a uniform distribution.
    /// So a thousand clients that start together do not check together. 0 means that the first
    /// check starts at once.
    duration initial_delay_max = duration::zero();

    /// Each delay is made longer or shorter by a random amount, at most by this share of the delay.
    /// From 0 to 0.5; 0 means that delays do not vary.
    double interval_jitter = 0.0;

    /// The longest tolerated delay of a wake-up; during a check, at most a quarter of `timeout` is
    /// tolerated. After a longer delay a failed check is inconclusive, because this process may be
    /// the cause (B12). At least 0. The value 0 is for simulations: on a real clock every wake-up
    /// is a little late, so up to `doubt_max` failed checks in a row are repeated.
    duration stall_tolerance = std::chrono::seconds{2};

    /// The largest number of checks in a row that are inconclusive because this process is late, or
    /// because the name service does not answer and no earlier answer can be used (B12). Each
    /// further check counts as a failure. From 0 to 100; 0 means that each such check counts.
    int doubt_max = 10;

    /// How long the server may hold its answer to a check until there is something to report, if it
    /// offers that (B43). 0: no check is held, and each is answered at once. Else from 1 s to
    /// `hold_max`, and at most `interval`, so that holding makes news earlier, and never later
    /// (B42). Whole seconds are sent; a rest is left out. A held check keeps a connection open, and
    /// has a deadline of its own: `hold` and `timeout` together.
    duration hold = duration::zero();

    /// The delays after failures that follow the sudden end of a held check. Without `hold` they
    /// have no meaning.
    confirm_delays confirm_after{};

    /// The upper limit of `hold`.
    static constexpr duration hold_max = std::chrono::seconds{240};

    /// The upper limit of each other duration above. It is so low that the sum of a few of them
    /// does not overflow 64 bits of nanoseconds.
    static constexpr duration duration_max = std::chrono::hours{24 * 366};

    /// Returns whether every member is in its range. Usable in a static_assert.
    [[nodiscard]] constexpr bool valid() const noexcept { return first_fault() == errc{}; }

    /// Like `valid()`, but returns an error that names the first invalid member, for example
    /// `errc::invalid_timeout`.
    [[nodiscard]] std::error_code validate() const noexcept;

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
        // This form of the condition rejects NaN, too.
        if (!(interval_jitter >= 0.0 && interval_jitter <= 0.5))
            return errc::invalid_interval_jitter;
        if (stall_tolerance < zero || stall_tolerance > duration_max)
            return errc::invalid_stall_tolerance;
        if (doubt_max < 0 || doubt_max > 100)
            return errc::invalid_doubt_max;
        if (hold != zero && (hold < std::chrono::seconds{1} || hold > hold_max || hold > interval))
            return errc::invalid_hold;
        for (const duration delay :
             {confirm_after.first, confirm_after.second, confirm_after.third})
            if (delay < zero || delay > duration_max)
                return errc::invalid_confirm_after;
        return {};
    }
};

namespace detail {

/// Returns the delay after the `failures`-th consecutive failure, counted from 1, that follows a
/// hint (B46). `delay` is that of the backoff.
[[nodiscard]] constexpr duration confirm_delay(const options& settings, int failures,
                                               duration delay) noexcept {
    const confirm_delays& delays = settings.confirm_after;
    if (failures > 3)
        return delay;
    const duration confirmed = failures == 1   ? delays.first
                               : failures == 2 ? delays.second
                                               : delays.third;
    return confirmed < delay ? confirmed : delay;
}

} // namespace detail

/// Returns the largest amount by which `options::interval_jitter` makes a delay longer or shorter.
[[nodiscard]] constexpr duration jitter_max(const options& settings, duration delay) noexcept {
    return duration{
        static_cast<duration::rep>(static_cast<double>(delay.count()) * settings.interval_jitter)};
}

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/options.ipp>
#endif

#endif
