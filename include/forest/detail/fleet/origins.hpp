// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_ORIGINS_HPP
#define FOREST_DETAIL_FLEET_ORIGINS_HPP

#include <forest/core/detail/container/index_table.hpp>
#include <forest/core/detail/container/segmented_vector.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

// The origins of the targets of a fleet. Targets of one origin must not sign the same timestamp,
// and their first checks begin as far from each other as possible.

namespace forest::inline FOREST_FORM::detail {

/// The number of an origin within its fleet.
enum class origin_number : std::uint32_t {};

/// An origin: a scheme, a host and a port, or a socket.
struct fleet_origin {
    std::uint64_t hash = 0; // two origins with the same hash avoid each other's timestamps
    timestamp_sequence timestamps{};
    bool takes_timestamps = true; // whether the last request was signed
    std::uint32_t target_count = 0;
    std::uint32_t begun = 0;   // the number of targets that have begun so far
    std::uint32_t ordinal = 0; // the number of origins that came before this one
};

/// The origins of a fleet. An origin lives while it has a target, and until the clock has passed
/// the timestamps that were signed for it. Not thread-safe.
class fleet_origins {
public:
    [[nodiscard]] fleet_origin& operator[](origin_number number) noexcept {
        return origins_[static_cast<std::size_t>(number)];
    }

    /// Counts a target that is added at `now`, and returns its origin.
    origin_number enter(const url& location, wall_time now);

    void leave(origin_number number) noexcept {
        if (--(*this)[number].target_count == 0)
            ++unused_;
    }

private:
    void forget_unused(wall_time now);

    segmented_vector<fleet_origin, 64> origins_;
    std::vector<std::uint32_t> free_;
    index_table by_hash_;
    std::size_t unused_ = 0;           // origins without a target
    std::size_t worth_forgetting_ = 0; // look for origins to forget at this many unused ones
    std::uint32_t entered_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/fleet/impl/origins.ipp>
#endif

#endif
