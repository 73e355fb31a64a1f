// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_FLEET_STATISTICS_HPP
#define FOREST_CORE_FLEET_STATISTICS_HPP

#include <forest/core/duration_histogram.hpp>
#include <forest/core/event.hpp>
#include <forest/form.hpp>

#include <cstdint>

// Counts of the work of a fleet.

namespace forest::inline FOREST_FORM {

/// The counts since the fleet was made. A check is counted when it has ended: as a success, a
/// failure or an inconclusive check.
struct fleet_statistics {
    std::uint64_t checks = 0;
    std::uint64_t failures = 0;
    /// Checks that failed because this process lacked resources, or because the name service did
    /// not answer (B12), and held checks whose end was a hint (B46).
    std::uint64_t inconclusive = 0;
    std::uint64_t unresolved = 0; ///< inconclusive, because the name service did not answer
    std::uint64_t held = 0;       ///< checks that a server was allowed to hold
    std::uint64_t held_now = 0;   ///< such checks that have not ended; not counted above
    /// How late each check began. The time counts from the moment when the check was due, or when
    /// an immediate check was requested.
    duration_histogram lateness{};

    void count(event_kind kind) noexcept;

    /// Adds the counts of another fleet.
    void merge(const fleet_statistics& other) noexcept;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/fleet_statistics.ipp>
#endif

#endif
