// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_RATE_LIMIT_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_RATE_LIMIT_IPP

#include <forest/core/detail/logic/rate_limit.hpp>

#include <algorithm>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL rate_limit::rate_limit(int per_second, duration slack) noexcept
    : spacing_{per_second == 0 ? duration::zero()
                               : (second + duration{per_second - 1}) / per_second},
      slack_{slack} {}

FOREST_DECL bool rate_limit::take(steady_time now) noexcept {
    if (now < next())
        return false;
    earned_at_ = std::max(earned_at_, now) + spacing_;
    return true;
}

FOREST_DECL void rate_limit::debit(unsigned count, steady_time now) noexcept {
    earned_at_ = std::min(std::max(earned_at_, now) + count * spacing_, now + debt_max);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
