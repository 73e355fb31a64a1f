// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_CLOCK_HPP
#define FOREST_POLICY_CLOCK_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <concepts>
#include <system_error>

// The source of time, and the execution context on which callbacks run.

namespace forest::inline FOREST_FORM {

namespace detail {
struct wait_handler_archetype {
    void operator()(std::error_code) const {}
};
} // namespace detail

/// A clock returns the wall time and the steady time, and waits. A model promises what the type
/// system cannot check:
///
/// - `steady_now()` never goes back; `now()`, the wall clock in UTC, may go back;
/// - the handler is called exactly once, never from inside `async_wait` or `cancel`, never before
/// the duration has passed; all handlers run one at a time, on one execution context;
/// - waits that end at the same moment end in the order in which they began;
/// - `cancel()` makes all pending waits of this clock object end with `errc::operation_canceled`;
/// - all members may be called from any thread from which the application calls the client.
///
/// See docs/reference/clock.md; the minimal model is tests/archetypes/clock.hpp.
template <typename T>
concept clock = std::move_constructible<T> && requires(T& clock, const T& constant, duration delay,
                                                       detail::wait_handler_archetype handler) {
    { constant.now() } -> std::convertible_to<wall_time>;
    { constant.steady_now() } -> std::convertible_to<steady_time>;
    clock.async_wait(delay, handler);
    clock.cancel();
};

/// Returns the default of `on_unheard`: the handling of a `callback_failed` that no `on_event` can
/// receive. A clock may have it as a static member `unheard()`, because callbacks run on its
/// execution context. Without that member the default does nothing.
template <clock Clock>
[[nodiscard]] detail::unique_function<void(const event&)> default_unheard() {
    if constexpr (requires { Clock::unheard(); })
        return Clock::unheard();
    else
        return {};
}

} // namespace forest::inline FOREST_FORM

#endif
