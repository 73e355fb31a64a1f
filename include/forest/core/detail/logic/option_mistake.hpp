// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_OPTION_MISTAKE_HPP
#define FOREST_CORE_DETAIL_LOGIC_OPTION_MISTAKE_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <concepts>
#include <cstddef>

// Makes the compiler print a good message about a mistake in braced options. A list such as
// `{.intervall = 10s}` fits no function. Compilers then list all functions and their arguments, and
// do not name the wrong member. If there is an overload for an array of any type, g++ chooses it,
// names the member, and prints the text below. Clang names the member if the options are a const
// reference.

namespace forest::inline FOREST_FORM::detail {

/// A value of any type for a member.
struct any_member {
    constexpr any_member() noexcept = default;

    template <typename T>
    constexpr any_member(T&&) noexcept {} // NOLINT(bugprone-forwarding-reference-overload)
};

/// A value from which `Made` can be made. It needs a conversion, so an overload without a
/// conversion is the better match.
template <typename Made>
struct source_of {
    template <typename T>
        requires std::constructible_from<Made, T>
    constexpr source_of(T&&) noexcept {}
};

template <std::size_t MisspeltOrWithoutUnit>
constexpr void refuse_options() noexcept {
    static_assert(MisspeltOrWithoutUnit == 0,
                  "options: the member named above is misspelt, is not in the order of the "
                  "declaration, or has a value of another type; a duration needs a unit, as in 10s "
                  "or 500ms");
}

/// The value of a member that is a duration.
struct any_duration {
    constexpr any_duration() noexcept = default;

    template <typename T>
    constexpr any_duration(T&&) noexcept { // NOLINT(bugprone-forwarding-reference-overload)
        static_assert(std::convertible_to<T, duration>,
                      "a duration of the options needs a unit and a whole number of it, as in 10s "
                      "or 1500ms");
    }
};

/// All members of `options`, in their order, with values of any type. It finds the member with the
/// wrong type.
struct options_of_wrong_types {
    any_duration interval;
    any_duration timeout;
    any_member failure_threshold;
    any_member success_threshold;
    any_duration initial_delay_max;
    any_member interval_jitter;
    any_duration stall_tolerance;
    any_member doubt_max;
    any_duration hold;
    any_member confirm_after;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
