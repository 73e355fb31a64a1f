// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_HOLD_FIELDS_HPP
#define FOREST_CORE_DETAIL_LOGIC_HOLD_FIELDS_HPP

#include <forest/core/fields.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <optional>

// The header fields of held checks (B43: the offer and the request to hold). Both sides use them,
// so that they agree on what is readable. A field that is not readable is the same as none: then
// nothing is held.

namespace forest::inline FOREST_FORM::detail {

/// No answer is held for longer than this, whatever a field says.
inline constexpr std::chrono::seconds hold_longest{240};

/// Returns for how long a server offers to hold the next answer, from the fields of its answer: 1 s
/// to `hold_longest`. A longer offer counts as `hold_longest`. Null if there is no `Forest-Hold`
/// field, or several, or its value is not a whole number of seconds with at most nine digits, or
/// is zero.
[[nodiscard]] FOREST_DECL std::optional<std::chrono::seconds>
hold_offer(const field_view& answer) noexcept;

/// Returns for how long a client lets the server hold its answer, from the fields of its request
/// (the preference `wait` of RFC 7240), at least 1 s. The first `wait` of all `Prefer` fields
/// counts. Null if there is none, or its value is no whole number of seconds with at most nine
/// digits, or is zero. What follows an unreadable preference in the same field is ignored.
[[nodiscard]] FOREST_DECL std::optional<std::chrono::seconds>
wait_preference(const field_view& request) noexcept;

/// Adds `Prefer: wait=N` to a request. Nothing is added if it does not fit.
FOREST_DECL void add_wait_preference(header_fields& request, std::chrono::seconds wait) noexcept;

/// Adds `Forest-Hold: MAX` to an answer. Nothing is added if it does not fit.
FOREST_DECL void add_hold_offer(header_fields& answer, std::chrono::seconds max) noexcept;

/// Adds `Preference-Applied: wait=N` and `Vary: Prefer` to an answer that was held, or that would
/// have been if there had been nothing to report. Lines that do not fit are not added.
FOREST_DECL void add_preference_applied(header_fields& answer, std::chrono::seconds wait) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/hold_fields.ipp>
#endif

#endif
