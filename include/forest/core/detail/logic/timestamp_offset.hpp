// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_TIMESTAMP_OFFSET_HPP
#define FOREST_CORE_DETAIL_LOGIC_TIMESTAMP_OFFSET_HPP

#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>

// The reason for offsets: clients with the same secret that check in the same millisecond would
// sign the same bytes. A server that refuses replays would then accept only one of them
// (PROTOCOL.md, 1).

namespace forest::inline FOREST_FORM::detail {

/// How far the timestamps of one client are behind its clock: a constant from 0 to 999 ms. It is
/// drawn only once, so the timestamps have the order of the clock. Trivially copyable.
class timestamp_offset {
public:
    /// All offsets are less than this.
    static constexpr std::chrono::milliseconds behind_max{1000};

    /// No offset: the clock itself, with zeros below the millisecond.
    constexpr timestamp_offset() noexcept = default;

    /// Draws an offset from a copy of the generator of a client. The numbers that the client draws
    /// later do not change, and are independent of the offset.
    constexpr explicit timestamp_offset(random_generator random) noexcept {
        random_generator own{random()};
        behind_ = std::chrono::milliseconds{own() % behind_max.count()};
        seed_ = own() | 1U; // 0 stands for no offset.
    }

    /// Returns how far the timestamps are behind the clock.
    [[nodiscard]] constexpr std::chrono::milliseconds behind() const noexcept { return behind_; }

    /// Returns the time for a sequence of timestamps when the clock shows `now`.
    [[nodiscard]] constexpr wall_time before(wall_time now) const noexcept { return now - behind_; }

    /// Returns `moment` with a random part below the millisecond. The part is drawn for each
    /// timestamp. So if two clients have the same part once, their later parts differ.
    [[nodiscard]] constexpr precise_time precise(wall_time moment) const noexcept {
        if (seed_ == 0)
            return moment;
        const auto count = static_cast<std::uint64_t>(moment.time_since_epoch().count());
        random_generator of_moment{seed_ ^ count};
        return {moment, std::chrono::nanoseconds{of_moment() % 1'000'000}};
    }

private:
    std::uint64_t seed_ = 0;
    std::chrono::milliseconds behind_{0};
};

} // namespace forest::inline FOREST_FORM::detail

#endif
