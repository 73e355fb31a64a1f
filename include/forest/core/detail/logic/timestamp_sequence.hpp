// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_TIMESTAMP_SEQUENCE_HPP
#define FOREST_CORE_DETAIL_LOGIC_TIMESTAMP_SEQUENCE_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>

// The moments that are signed. Two requests of one millisecond must not sign the same bytes: a
// server with a replay window would refuse the second one (PROTOCOL.md, 1).

namespace forest::inline FOREST_FORM::detail {

/// Strictly increasing timestamps near the wall clock. Not for two threads at a time.
///
/// Each timestamp has a millisecond of its own. So the timestamps run ahead of the clock if a
/// caller takes more than a thousand in a second. A caller that waits for `until_near` stays within
/// `ahead_max`.
class timestamp_sequence {
public:
    /// How far a timestamp may be ahead of the clock. This is also the number of timestamps that
    /// can be taken at one moment.
    static constexpr std::chrono::milliseconds ahead_max{1000};

    /// Returns the next timestamp: `now`, or a millisecond after the last one if that is later. If
    /// the wall clock was set back by more than servers tolerate, a new sequence starts, because
    /// servers would refuse timestamps after the last one.
    [[nodiscard]] wall_time next(wall_time now) noexcept;

    /// Returns how long to wait until the next timestamp is near the clock; zero if it is near. The
    /// time by which the clock was set back does not count: it may be too long to wait.
    [[nodiscard]] std::chrono::milliseconds until_near(wall_time now) const noexcept;

    /// Returns whether a new sequence is safe: it would repeat no timestamp of this one, even if
    /// the clock is set back by as much as servers tolerate.
    [[nodiscard]] bool passed_by(wall_time now) const noexcept;

private:
    // Updates the members that are relative to the clock.
    void read(wall_time now) noexcept;

    static constexpr std::chrono::seconds tolerated{300};
    static constexpr std::chrono::milliseconds most = std::chrono::hours{24 * 20};
    static constexpr wall_time never = wall_time::min();

    // A fleet keeps one for each of its servers: 16 bytes.
    wall_time clock_ = never;   // when it was read last
    std::int32_t ahead_ = -1;   // milliseconds from then to the last timestamp
    std::int32_t set_back_ = 0; // the part of them that comes from setting the clock back
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/timestamp_sequence.ipp>
#endif

#endif
