// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_RATE_LIMIT_HPP
#define FOREST_CORE_DETAIL_LOGIC_RATE_LIMIT_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>

// A limit on the number of events in a second. It is the generic cell rate algorithm (ITU-T I.371),
// and stores only one moment in time.

namespace forest::inline FOREST_FORM::detail {

/// Gives `per_second` permits in a second, at equal distances except for a slack. Not thread-safe.
class rate_limit {
public:
    /// `per_second` 0 means no limit. Each permit may be taken up to `slack` before its time: a
    /// caller that looks only once in that time still gets all permits, some of them together.
    rate_limit(int per_second, duration slack) noexcept;

    /// Takes a permit, if one is available now.
    [[nodiscard]] bool take(steady_time now) noexcept;

    /// Gives back a permit that was taken but not used.
    void give_back() noexcept { earned_at_ -= spacing_; }

    /// Takes `count` permits for events that have already happened without a permit. No permit is
    /// available until the rate allows these events, but at most for `debt_max`.
    void debit(unsigned count, steady_time now) noexcept;

    /// Returns the moment from which a permit is available; it may be in the past.
    [[nodiscard]] steady_time next() const noexcept { return earned_at_ - slack_; }

    /// A wrong count must not block everything for ever.
    static constexpr duration debt_max = std::chrono::hours{1};

private:
    static constexpr duration second = std::chrono::seconds{1};

    duration spacing_; // rounded up, so that a second never has too many permits
    duration slack_;
    steady_time earned_at_{duration::min() / 2};
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/rate_limit.ipp>
#endif

#endif
