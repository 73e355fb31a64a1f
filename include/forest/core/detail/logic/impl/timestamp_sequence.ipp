// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_TIMESTAMP_SEQUENCE_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_TIMESTAMP_SEQUENCE_IPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL wall_time timestamp_sequence::next(wall_time now) noexcept {
    read(now);
    ahead_ = detail::max(ahead_ + 1, 0);
    return now + std::chrono::milliseconds{ahead_};
}

FOREST_DECL std::chrono::milliseconds timestamp_sequence::until_near(wall_time now) const noexcept {
    timestamp_sequence then = *this;
    then.read(now);
    return detail::max(std::chrono::milliseconds{then.ahead_ + 1 - then.set_back_} - ahead_max,
                       std::chrono::milliseconds::zero());
}

FOREST_DECL bool timestamp_sequence::passed_by(wall_time now) const noexcept {
    return clock_ == never || now - clock_ - std::chrono::milliseconds{ahead_} > tolerated;
}

FOREST_DECL void timestamp_sequence::read(wall_time now) noexcept {
    using std::chrono::milliseconds;
    const milliseconds moved = clock_ == never ? milliseconds::zero() : now - clock_;
    const milliseconds ahead{clock_ == never ? -1 : ahead_ - moved.count()};
    const milliseconds set_back{set_back_ + detail::max(-moved, milliseconds::zero()).count()};
    clock_ = now;
    // A sequence that is ahead because of many timestamps never goes back.
    const bool restarts = ahead > tolerated && set_back > tolerated - ahead_max;
    ahead_ = restarts
                 ? -1
                 : static_cast<std::int32_t>(detail::clamp(ahead, milliseconds{-1}, most).count());
    set_back_ = static_cast<std::int32_t>(
        detail::clamp(set_back, milliseconds::zero(), milliseconds{detail::max(ahead_, 0)})
            .count());
}

} // namespace forest::inline FOREST_FORM::detail

#endif
