// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_REPORT_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_REPORT_HPP

#include <tool/arguments/arguments.hpp>

#include <forest/core/detection.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/rules/outage_counter.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// The summary of a number of simulated worlds.

namespace forest::cli {

/// Durations, for their quantiles. They are exact up to `kept_max` durations. Of more durations, a
/// random sample of this size is kept.
class latency_sample {
public:
    static constexpr std::size_t kept_max = 1'000'000;

    void add(duration value) {
        worst_ = std::max(worst_, value);
        if (++count_ <= kept_max) {
            kept_.push_back(value);
            return;
        }
        const std::uint64_t place = random_() % count_;
        if (place < kept_max)
            kept_[static_cast<std::size_t>(place)] = value;
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// 0 if there is none.
    [[nodiscard]] duration worst() const noexcept { return worst_; }

    /// Returns the smallest duration that is not exceeded by that share of all; 0 if there is none.
    [[nodiscard]] duration quantile(double share) const {
        if (kept_.empty())
            return duration::zero();
        std::vector<duration> ordered = kept_;
        const auto rank =
            static_cast<std::size_t>(std::ceil(share * static_cast<double>(ordered.size())));
        const auto found =
            ordered.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
        std::nth_element(ordered.begin(), found, ordered.end());
        return *found;
    }

private:
    std::vector<duration> kept_;
    std::uint64_t count_ = 0;
    duration worst_{};
    random_generator random_;
};

/// The sums over all worlds that were run.
struct simulation_report {
    std::uint64_t first_seed = 0;
    int worlds = 0;
    int targets = 0;          ///< in each
    duration length{};        ///< of each
    double simulated_s = 0.0; ///< of all together: their sum would overflow a duration
    double seconds = 0.0;     ///< of real time
    std::uint64_t checks = 0;
    std::uint64_t checks_failed = 0;
    std::uint64_t checks_inconclusive = 0;
    sim::outage_counts outages{};
    latency_sample latencies{};
    detection_bound bound{};
    std::uint64_t digest = 0; ///< of the one world, or of the digests of all
    bool broken = false;      ///< the last world broke a rule

    /// How much faster than the real time the simulated one was.
    [[nodiscard]] double speed() const noexcept;
};

/// Several lines for people.
[[nodiscard]] std::string report_text(const simulation_report& report);

/// One object for scripts, and a line end.
[[nodiscard]] std::string report_json(const simulation_report& report);

} // namespace forest::cli

#endif
