// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_BACKOFF_HPP
#define FOREST_POLICY_BACKOFF_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>

#include <concepts>
#include <system_error>
#include <type_traits>

// How long to wait after a failure. The models that ship, exponential_backoff and constant_backoff,
// are in core.

namespace forest {

/// A backoff answers the delay after the n-th consecutive failure (B3). What the type system cannot
/// check, a model promises: the result depends on the arguments alone, is greater than 0, and
/// nothing is thrown. The client takes an answer below 1 ms as 1 ms, and one above
/// `options::duration_max` as that. A model that is constexpr can be given to
/// `worst_case_detection` at compile time.
///
/// See docs/reference/backoff.md; the minimal model is tests/archetypes/backoff.hpp.
template <typename T>
concept backoff =
    std::copy_constructible<T> && requires(const T& backoff, int failures, duration interval) {
        { backoff(failures, interval) } -> std::convertible_to<duration>;
    };

/// What is wrong with the options of a target, as `chosen.validate()`, or with the backoff that
/// they go with: `errc::invalid_backoff` when its first answer is not greater than 0.
template <backoff Backoff>
[[nodiscard]] std::error_code validate(const options& chosen, const Backoff& backoff) {
    if (const std::error_code ec = chosen.validate())
        return ec;
    return duration{backoff(1, chosen.interval)} > duration::zero()
               ? std::error_code{}
               : make_error_code(errc::invalid_backoff);
}

static_assert(backoff<exponential_backoff> && backoff<constant_backoff>);

namespace detail {

// A conversion, so that a function which takes the backoff itself is better where it fits.
struct any_backoff {
    template <typename Backoff>
        requires backoff<std::remove_cvref_t<Backoff>>
    constexpr any_backoff(Backoff&&) noexcept {}
};

} // namespace detail

} // namespace forest

#endif
