// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_BACKOFF_HPP
#define FOREST_POLICY_BACKOFF_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <concepts>
#include <system_error>
#include <type_traits>

// The delay after a failure. The models of the library, exponential_backoff and constant_backoff,
// are in forest/core/backoff.hpp.

namespace forest::inline FOREST_FORM {

/// A backoff returns the delay after the n-th consecutive failure (B3). A model promises what the
/// type system cannot check: the result depends only on the arguments and is greater than 0, and
/// nothing is thrown. The client uses 1 ms for a result below 1 ms, and `options::duration_max` for
/// a result above that. `worst_case_detection` takes a constexpr model at compile time.
///
/// See docs/reference/backoff.md; the minimal model is tests/archetypes/backoff.hpp.
template <typename T>
concept backoff =
    std::copy_constructible<T> && requires(const T& backoff, int failures, duration interval) {
        { backoff(failures, interval) } -> std::convertible_to<duration>;
    };

/// Returns the error of the options of a target, like `settings.validate()`, or of the backoff that
/// is used with them: `errc::invalid_backoff` when its first delay is not greater than 0.
template <backoff Backoff>
[[nodiscard]] std::error_code validate(const options& settings, const Backoff& backoff) {
    if (const std::error_code ec = settings.validate())
        return ec;
    return duration{backoff(1, settings.interval)} > duration::zero()
               ? std::error_code{}
               : make_error_code(errc::invalid_backoff);
}

static_assert(backoff<exponential_backoff> && backoff<constant_backoff>);

namespace detail {

// Any backoff converts to this type, so a function that takes the backoff itself is the better
// match.
struct any_backoff {
    template <typename Backoff>
        requires backoff<std::remove_cvref_t<Backoff>>
    constexpr any_backoff(Backoff&&) noexcept {}
};

} // namespace detail

} // namespace forest::inline FOREST_FORM

#endif
