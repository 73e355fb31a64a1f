// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BENCHMARKS_STUDY_FINDINGS_HPP
#define FOREST_BENCHMARKS_STUDY_FINDINGS_HPP

#include "measure.hpp"

#include <forest/core/backoff.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

// All that the study measures, once for each schedule and threshold, and what has to hold of it.

namespace study {

enum class schedule { exponential, fixed };
inline constexpr std::array schedules{schedule::exponential, schedule::fixed};

[[nodiscard]] inline const char* name(schedule timing) noexcept {
    return timing == schedule::exponential ? "exponential" : "fixed";
}

inline constexpr int threshold_max = 5;
inline constexpr int default_threshold = options{}.failure_threshold;

/// How many of a thousand messages are lost.
inline constexpr std::array losses{0, 5, 10, 20, 50, 100, 150, 200};

/// The loss for which intervals are compared.
inline constexpr int usual_loss = 10;

inline constexpr std::array<duration, 6> intervals{5s, 10s, 30s, 60s, 120s, 300s};

inline constexpr duration restart_step = 2s;
inline constexpr duration restart_max = 160s;

/// How much is simulated.
struct effort {
    duration watched_max = 4 * year; ///< for each row of false alarms
    std::uint64_t alarms_max = 2000; ///< which end it before
    int deaths = 3000;               ///< for each row of latencies
    int restarts = 60;               ///< for each length

    [[nodiscard]] static effort quick() {
        return {.watched_max = 24h * 10, .alarms_max = 100, .deaths = 60, .restarts = 6};
    }
};

/// The options of a row, with the defaults for all that it does not name.
[[nodiscard]] inline options with(int threshold, duration interval = options{}.interval) {
    return {.interval = interval, .failure_threshold = threshold};
}

[[nodiscard]] inline detection_bound bound_of(schedule timing, const options& settings) {
    return timing == schedule::exponential ? worst_case_detection(settings, exponential_backoff{})
                                           : worst_case_detection(settings, constant_backoff{});
}

[[nodiscard]] inline duration bound_of(schedule timing, const options& settings, death how) {
    const detection_bound both = bound_of(timing, settings);
    return how == death::crash ? both.refused : both.black_holed;
}

[[nodiscard]] inline double expected_alarms(schedule timing, const options& settings, int loss) {
    const double failing = failing_share(loss);
    return timing == schedule::exponential
               ? expected_alarms_per_year(settings, failing, exponential_backoff{})
               : expected_alarms_per_year(settings, failing, constant_backoff{});
}

class findings {
public:
    explicit findings(const effort& spent) : spent_{spent} {
        for (const schedule timing : schedules) {
            for (int threshold = 1; threshold <= threshold_max; ++threshold) {
                for (const int loss : losses) {
                    alarms_[{timing, threshold, loss}] = watch(timing, with(threshold), loss);
                    for (const death how : {death::crash, death::black_hole})
                        latencies_[{timing, threshold, loss, how}] =
                            die(timing, with(threshold), loss, how);
                }
                for (duration length = restart_step; length <= restart_max; length += restart_step)
                    restarts_[{timing, threshold}].push_back(
                        restart(timing, with(threshold), length));
            }
        }
        for (const duration interval : intervals) {
            const options settings = with(default_threshold, interval);
            by_interval_[interval] = die(schedule::exponential, settings, 0, death::crash);
        }
    }

    [[nodiscard]] const false_alarms& alarms(schedule timing, int threshold, int loss) const {
        return alarms_.at({timing, threshold, loss});
    }
    [[nodiscard]] const latencies& detection(schedule timing, int threshold, int loss,
                                             death how) const {
        return latencies_.at({timing, threshold, loss, how});
    }
    /// With the default threshold and schedule, and without loss.
    [[nodiscard]] const latencies& detection_every(duration interval) const {
        return by_interval_.at(interval);
    }
    /// The share of restarts that are reported, for each length from `restart_step` on.
    [[nodiscard]] const std::vector<double>& restarts(schedule timing, int threshold) const {
        return restarts_.at({timing, threshold});
    }

    /// What does not agree with what is promised or calculated; empty if all does.
    [[nodiscard]] std::vector<std::string> faults() const {
        std::vector<std::string> found;
        for (const auto& [key, measured] : alarms_) {
            const auto& [timing, threshold, loss] = key;
            const double expected = expected_alarms(timing, with(threshold), loss) *
                                    (seconds(measured.watched) / seconds(year));
            // Five standard deviations of a count, and the few that a rare event may be off by.
            const double apart = std::abs(static_cast<double>(measured.reported) - expected);
            if (loss == 0 ? measured.reported > 0 : apart > 5.0 * std::sqrt(expected) + 3.0)
                found.push_back(describe(timing, threshold, loss) + ": " +
                                std::to_string(measured.reported) + " false alarms instead of " +
                                std::to_string(expected));
        }
        for (const auto& [key, measured] : latencies_) {
            const auto& [timing, threshold, loss, how] = key;
            // A message that is lost makes of a refusal what nobody answers.
            const death as = loss == 0 ? how : death::black_hole;
            const duration bound = bound_of(timing, with(threshold), as) + threshold * round_trip;
            const auto all = measured.sorted.size() + measured.already;
            if (measured.sorted.empty() || measured.worst() > bound ||
                all != static_cast<std::size_t>(spent_.deaths))
                found.push_back(describe(timing, threshold, loss) + ": not all detected in time");
        }
        return found;
    }

private:
    static std::string describe(schedule timing, int threshold, int loss) {
        return std::string{name(timing)} + " schedule, threshold " + std::to_string(threshold) +
               ", loss of " + std::to_string(loss) + " in a thousand";
    }

    // Of its own for each row, and the same in every run.
    std::uint64_t next_seed() noexcept { return seed_ += 1'000'000; }

    false_alarms watch(schedule timing, const options& settings, int loss) {
        // Nothing is random without loss, so that a few days are as good as years.
        const duration most =
            loss == 0 ? std::min<duration>(24h * 30, spent_.watched_max) : spent_.watched_max;
        const std::uint64_t enough = spent_.alarms_max;
        const std::uint64_t seed = next_seed();
        return timing == schedule::exponential
                   ? watch_a_healthy_server<exponential_worlds>(seed, settings, loss, most, enough)
                   : watch_a_healthy_server<fixed_worlds>(seed, settings, loss, most, enough);
    }

    latencies die(schedule timing, const options& settings, int loss, death how) {
        const std::uint64_t seed = next_seed();
        return timing == schedule::exponential
                   ? let_die<exponential_worlds>(seed, settings, loss, how, spent_.deaths)
                   : let_die<fixed_worlds>(seed, settings, loss, how, spent_.deaths);
    }

    double restart(schedule timing, const options& settings, duration length) const {
        const int count = spent_.restarts;
        const int reported = timing == schedule::exponential
                                 ? reported_restarts<exponential_worlds>(settings, length, count)
                                 : reported_restarts<fixed_worlds>(settings, length, count);
        return static_cast<double>(reported) / count;
    }

    effort spent_;
    std::uint64_t seed_ = 0;
    std::map<std::tuple<schedule, int, int>, false_alarms> alarms_;
    std::map<std::tuple<schedule, int, int, death>, latencies> latencies_;
    std::map<std::tuple<schedule, int>, std::vector<double>> restarts_;
    std::map<duration, latencies> by_interval_;
};

} // namespace study

#endif
