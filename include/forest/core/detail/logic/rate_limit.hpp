// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_RATE_LIMIT_HPP
#define FOREST_CORE_DETAIL_LOGIC_RATE_LIMIT_HPP

#include <forest/core/time.hpp>

#include <algorithm>
#include <chrono>

// How many of something may happen in a second. The generic cell rate algorithm (ITU-T I.371): one
// moment in time is all that it keeps.

namespace forest::detail {

/// Allows `per_second` takings in a second, evenly apart but for a slack. Not thread-safe.
class rate_limit {
public:
    /// `per_second` 0 means no limit. Each permit may be taken up to `slack` before its time: a
    /// caller that looks only once in that time still gets all permits, some of them together.
    rate_limit(int per_second, duration slack) noexcept
        : spacing_{per_second == 0 ? duration::zero()
                                   : (second + duration{per_second - 1}) / per_second},
          slack_{slack} {}

    /// Takes one, if that is allowed now.
    [[nodiscard]] bool take(steady_time now) noexcept {
        if (now < next())
            return false;
        earned_at_ = std::max(earned_at_, now) + spacing_;
        return true;
    }

    /// Gives back one that was taken but not used.
    void give_back() noexcept { earned_at_ -= spacing_; }

    /// Takes `count` more, which have happened already, allowed or not: none may be taken until the
    /// rate has made up for them, though never for longer than `debt_max`.
    void debit(unsigned count, steady_time now) noexcept {
        earned_at_ = std::min(std::max(earned_at_, now) + count * spacing_, now + debt_max);
    }

    /// The moment from which one may be taken; it may lie in the past.
    [[nodiscard]] steady_time next() const noexcept { return earned_at_ - slack_; }

    /// A wrong count must not block everything for good.
    static constexpr duration debt_max = std::chrono::hours{1};

private:
    static constexpr duration second = std::chrono::seconds{1};

    duration spacing_; // rounded up, so that a second never has one too many
    duration slack_;
    steady_time earned_at_{duration::min() / 2};
};

} // namespace forest::detail

#endif
