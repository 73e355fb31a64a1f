// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_SCHEMA_HOLD_HPP
#define FOREST_CORE_DETAIL_LOGIC_SCHEMA_HOLD_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>

// Decides when a datasource asks for its schema beside the polls of the health route, in a request
// that the server may hold until there is another schema (B51), without I/O.

namespace forest::inline FOREST_FORM::detail {

/// What the driver of a schema_hold has to do next.
enum class schema_hold_kind : std::uint8_t {
    none,
    hold,  ///< ask for the schema now, with the condition and with the hold of `begin`
    wait,  ///< wait for `delay`, then ask what to do next
    fetch, ///< fetch the schema as usual: the server does not offer to hold any more
};

/// What the driver has to do next.
struct schema_hold_action {
    schema_hold_kind kind = schema_hold_kind::none;
    duration delay = duration::zero(); ///< for `wait`; greater than 0
};

/// One datasource's state. A server that has never offered to hold is asked for nothing. A value;
/// not thread-safe.
class schema_hold {
public:
    /// `interval` bounds the requests that are answered early, as for checks (B45). `hold` is at
    /// most `interval`; 0: no request is held.
    constexpr schema_hold(duration interval, duration hold) noexcept
        // The time of an answer under way does not matter here: the polls tell of a dead server.
        : settings_{.interval = interval, .timeout = duration::zero(), .hold = hold} {}

    [[nodiscard]] constexpr bool wanted() const noexcept {
        return settings_.hold != duration::zero();
    }

    /// A request for the schema begins. Returns for how long it may be held; 0 if the last action
    /// was not `hold`.
    constexpr hold_seconds begin(steady_time now) noexcept {
        begun_ = now;
        return state_.begin(settings_);
    }

    /// The request has ended with the schema, or with a 304. 0: the server does not offer to hold
    /// the next one.
    constexpr void served(hold_seconds offer, steady_time now) noexcept {
        state_.healthy(settings_, offer, now - begun_);
        offered_ = offered_ || offer != hold_seconds{};
    }

    /// The answer, which was passed to `served`, has brought another schema.
    constexpr void brought_news(steady_time now) noexcept { state_.brought_news(now - begun_); }

    /// The request has ended in another way. If it was a held one, it has to be repeated as a plain
    /// one, which counts instead.
    constexpr void ended(steady_time now) noexcept {
        if (state_.held())
            state_.closed(settings_, now - begun_, false);
        else
            state_.failed();
    }

    /// The request was cancelled.
    constexpr void cancelled() noexcept { state_.failed(); }

    /// Call it while no request is under way, and no wait.
    [[nodiscard]] constexpr schema_hold_action next(steady_time now) noexcept {
        if (!offered_ || !wanted())
            return {};
        const steady_time end = begun_ + settings_.interval;
        if (state_.goes_on(now < end))
            return {.kind = schema_hold_kind::hold};
        if (now < end)
            return {.kind = schema_hold_kind::wait, .delay = end - now};
        return {.kind = schema_hold_kind::fetch};
    }

private:
    options settings_;
    hold_state state_;
    steady_time begun_{};
    bool offered_ = false; // once at least
};

} // namespace forest::inline FOREST_FORM::detail

#endif
