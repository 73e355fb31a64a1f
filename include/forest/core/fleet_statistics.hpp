// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_FLEET_STATISTICS_HPP
#define FOREST_CORE_FLEET_STATISTICS_HPP

#include <forest/core/duration_histogram.hpp>
#include <forest/core/event.hpp>

#include <cstdint>

// What a fleet has done so far.

namespace forest {

/// Counted since the fleet was made. A check counts when it has ended, as exactly one of a success,
/// a failure and an inconclusive check.
struct fleet_statistics {
    std::uint64_t checks = 0;
    std::uint64_t failures = 0;
    /// Failed for what this process lacks, or for want of a name service (B12).
    std::uint64_t inconclusive = 0;
    std::uint64_t unresolved = 0; ///< of them: the name service did not answer
    /// Of each check that began: from when it was due, or asked for at once, until then.
    duration_histogram lateness{};

    void count(event_kind kind) noexcept {
        const bool failed = kind == event_kind::check_failed;
        const bool undecided = kind == event_kind::check_inconclusive;
        checks += failed || undecided || kind == event_kind::check_succeeded ? 1 : 0;
        failures += failed ? 1 : 0;
        inconclusive += undecided ? 1 : 0;
    }

    /// Adds what another fleet has counted.
    void merge(const fleet_statistics& other) noexcept {
        checks += other.checks;
        failures += other.failures;
        inconclusive += other.inconclusive;
        unresolved += other.unresolved;
        lateness.merge(other.lateness);
    }
};

} // namespace forest

#endif
