// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_TIMESTAMP_SEQUENCE_HPP
#define FOREST_CORE_TIMESTAMP_SEQUENCE_HPP

#include <forest/core/time.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

// The moments that are signed. Two requests of one millisecond must not sign the same bytes, since
// servers that keep a replay window refuse the second (PROTOCOL.md, 1).

namespace forest {

/// Strictly increasing timestamps near the wall clock. Not for two threads at a time.
class timestamp_sequence {
public:
    /// The next one: `now`, or a millisecond after the last when that is later. Only a wall clock
    /// set back by more than servers tolerate starts anew: they would refuse the old time for as
    /// long.
    [[nodiscard]] wall_time next(wall_time now) noexcept {
        const bool anew = !last_ || *last_ - now > tolerated;
        last_ = anew ? now : std::max(now, *last_ + std::chrono::milliseconds{1});
        return *last_;
    }

    /// Whether the clock has passed all that were answered so far that one that begins anew repeats
    /// none, even if the clock is set back by as much as servers tolerate.
    [[nodiscard]] bool passed_by(wall_time now) const noexcept {
        return !last_ || now - *last_ > tolerated;
    }

private:
    static constexpr std::chrono::seconds tolerated{300};

    std::optional<wall_time> last_;
};

} // namespace forest

#endif
