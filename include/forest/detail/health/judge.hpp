// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_JUDGE_HPP
#define FOREST_DETAIL_HEALTH_JUDGE_HPP

#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

// A pure function that decides what a reply means (B5: healthy or not, B9: an announced stop, B11:
// a refused signature).

namespace forest::inline FOREST_FORM::detail {

/// Returns the verdict on a reply that came at `now` of the wall clock. `now` is compared with the
/// `Date` of the reply. A refused signature is reported as such even if the rest of the reply could
/// not be read (B11).
[[nodiscard]] FOREST_DECL verdict judge(const reply& answer, wall_time now) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/health/impl/judge.ipp>
#endif

#endif
