// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_CHECK_WATCH_HPP
#define FOREST_CORE_DETAIL_LOGIC_CHECK_WATCH_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>

// Watches one check from outside of its transport: whether this process runs on time, and whether
// the check needs more than its first request. B12 is judged here for a check that is under way.

namespace forest::inline FOREST_FORM::detail {

/// The longest distance of two wake-ups during a check.
[[nodiscard]] constexpr duration watch_interval(const options& settings) noexcept {
    return detail::max(settings.timeout / 4, duration{std::chrono::milliseconds{1}});
}

/// The longest tolerated delay of a wake-up during a check. So a stall of half of the timeout is
/// always noticed: it delays a wake-up by at least a quarter.
[[nodiscard]] constexpr duration lateness_max(const options& settings) noexcept {
    return detail::min(settings.stall_tolerance, settings.timeout / 4);
}

/// The time for a patient check: see check_watch.
[[nodiscard]] constexpr duration patient_timeout(const options& settings) noexcept {
    return 10 * settings.timeout;
}

/// The watch over one check. It only decides: its driver wakes it at `next`, and does what it
/// advises. All calls for one check take the options of its target. A value; not thread-safe.
///
/// A *patient* check has `options::timeout` of time in which this process runs on time, and at most
/// `patient_timeout` in all.
///
/// A check that may be *held* is woken rarely before the hold is over, so that thousands of them
/// cost little; its driver calls `hold` directly after `begin`.
class check_watch {
public:
    enum class advice : std::uint8_t {
        none,
        hedge,   ///< half of the timeout has passed: send a second request if a kept connection is
                 ///< silent
        give_up, ///< a patient check has had its time, and ends as `timed_out`
    };

    constexpr void begin(steady_time now, bool patient) noexcept {
        *this = {};
        begun_ = woke_ = now;
        patient_ = patient;
    }

    /// The check may be held for `hold`.
    FOREST_COLD constexpr void hold(hold_seconds hold) noexcept {
        hold_ = hold;
        hedged_ = true; // A held connection is silent.
    }

    /// Returns for how long the check may be held.
    [[nodiscard]] constexpr hold_seconds hold() const noexcept { return hold_; }

    /// Returns the moment of the next wake-up, if the last one is at `now`. An additional wake-up
    /// does no harm.
    [[nodiscard]] constexpr steady_time next(const options& settings,
                                             steady_time now) const noexcept {
        const auto earlier = [now](steady_time moment, steady_time result) {
            return now < moment ? detail::min(moment, result) : result;
        };
        if (hold_ != hold_seconds{}) [[unlikely]]
            return next_of_held(settings, now);
        steady_time result = now + watch_interval(settings);
        result = earlier(begun_ + settings.timeout / 2, result);
        result = earlier(begun_ + settings.timeout, result);
        return patient_ ? earlier(now + settings.timeout - ran_, result) : result;
    }

    /// This process runs at `now`, and was to run `late` earlier.
    [[nodiscard]] constexpr advice woke(const options& settings, steady_time now,
                                        duration late) noexcept {
        notice(settings, now, late);
        if (patient_ && ran_ >= settings.timeout)
            return advice::give_up;
        if (hedged_ || now - begun_ < settings.timeout / 2)
            return advice::none;
        hedged_ = true;
        return advice::hedge;
    }

    /// The check has ended at `now`, and this process was to run `late` earlier. Returns whether
    /// it was late at any wake-up of the check.
    [[nodiscard]] constexpr bool ended(const options& settings, steady_time now,
                                       duration late) noexcept {
        notice(settings, now, late);
        return late_;
    }

private:
    // Until the hold is over, a fourth of it is often enough: a late wake-up only makes a check
    // more (B49). After that, silence is near to be a failure.
    FOREST_COLD constexpr steady_time next_of_held(const options& settings,
                                                   steady_time now) const noexcept {
        const steady_time released = begun_ + hold_;
        const steady_time deadline = released + settings.timeout;
        const duration apart = watch_interval(settings);
        if (now < released)
            return detail::min(now + detail::max(apart, duration{hold_} / 4), released);
        return now < deadline ? detail::min(now + apart, deadline) : now + apart;
    }

    constexpr void notice(const options& settings, steady_time now, duration late) noexcept {
        const duration passed = now - woke_; // What was late before that delayed no part of it.
        if (detail::min(late, passed) > lateness_max(settings))
            late_ = true;
        else
            ran_ += passed;
        woke_ = now;
    }

    steady_time begun_{};
    steady_time woke_{};
    duration ran_{}; // the time without a late wake-up
    bool late_ = false;
    bool hedged_ = false; // or there was no need to
    bool patient_ = false;
    hold_seconds hold_{};
};

} // namespace forest::inline FOREST_FORM::detail

#endif
