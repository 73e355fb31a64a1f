// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_BACKOFF_HPP
#define FOREST_SIM_CONFORMANCE_BACKOFF_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <vector>

// Holds a backoff to what docs/reference/backoff.md promises.

namespace forest::sim::conformance {

/// The longest for which check_backoff calls a backoff, in real time. A backoff whose calls take
/// long, because it counts up to the number of failures for example, is tried with fewer failures.
/// One call is never interrupted.
inline constexpr std::chrono::milliseconds backoff_time_max{600};

/// The most failures in a row with which a backoff is tried.
inline constexpr int backoff_failures_max = 1'000'000;

namespace detail {

// Every number of failures up to some thousands and then, up to a million, each by a hundredth more
// than the one before: a model may take a time that grows with it.
inline std::vector<int> failures_to_try() {
    constexpr int every_one_to = 4096;
    std::vector<int> tried;
    for (int failures = 1; failures < backoff_failures_max;
         failures += failures < every_one_to ? 1 : failures / 100)
        tried.push_back(failures);
    tried.push_back(backoff_failures_max);
    return tried;
}

template <backoff Backoff>
class backoff_battery {
public:
    explicit backoff_battery(const Backoff& model) : model_{model} {}

    std::vector<violation> run(const progress_callback& told) {
        if (told)
            told({"delays", 1, 2});
        try {
            ask();
            if (told)
                told({"the same delays again, from the other end", 2, 2});
            ask_again();
        } catch (const std::exception& thrown) {
            found_.add("backoff.threw", thrown.what());
        } catch (...) {
            found_.add("backoff.threw", "something that is no std::exception");
        }
        return found_.take();
    }

private:
    using real_clock = std::chrono::steady_clock;

    // What clients may be given, and nothing beyond.
    static constexpr std::array<duration, 6> intervals{
        duration{1},           std::chrono::milliseconds{1}, std::chrono::seconds{1},
        std::chrono::hours{1}, std::chrono::hours{24},       options::duration_max};

    struct answered {
        int failures;
        duration interval;
        duration delay;
    };

    // A quarter of the time, because each delay is asked for twice more.
    void ask() {
        const real_clock::time_point end = real_clock::now() + backoff_time_max / 4;
        for (const int failures : failures_to_try()) {
            for (const duration interval : intervals) {
                // After so many failures in a row more time than a duration can hold has passed,
                // so that a model may multiply the two.
                if (interval > duration::max() / failures)
                    continue;
                if (!time_is_left(end))
                    return;
                const duration delay = call(model_, failures, interval);
                first_.push_back({failures, interval, delay});
                found_.expect(delay > duration::zero(), "backoff.not_positive", "the delay after ",
                              failures, " failures, with an interval of ", interval, ", is ", delay,
                              ", expected more than 0");
            }
        }
    }

    void ask_again() {
        const Backoff copy{model_};
        const real_clock::time_point end = real_clock::now() + backoff_time_max * 3 / 4;
        for (std::size_t index = first_.size(); index-- > 0 && time_is_left(end);) {
            const auto& [failures, interval, delay] = first_[index];
            const duration again = call(model_, failures, interval);
            if (!found_.expect(again == delay, "backoff.depends_on_history", "the delay after ",
                               failures, " failures, with an interval of ", interval, ", was ",
                               delay, " and then ", again))
                return;
            if (!time_is_left(end))
                return;
            const duration copied = call(copy, failures, interval);
            found_.expect(copied == again, "backoff.copy_differs", "the delay after ", failures,
                          " failures, with an interval of ", interval, ", is ", again,
                          ", and that of a copy ", copied);
        }
    }

    duration call(const Backoff& backoff, int failures, duration interval) {
        const real_clock::time_point began = real_clock::now();
        const duration delay{backoff(failures, interval)};
        longest_ = std::max<duration>(longest_, real_clock::now() - began);
        return delay;
    }

    // Whether one more call ends in time, if it takes a little longer than those before.
    [[nodiscard]] bool time_is_left(real_clock::time_point end) const {
        return first_.empty() || real_clock::now() + longest_ + longest_ / 4 < end;
    }

    duration longest_{}; // of all calls
    const Backoff& model_;
    findings found_;
    std::vector<answered> first_;
};

} // namespace detail

/// Holds a backoff to its promises, for intervals up to `options::duration_max`. Takes less than a
/// second, of real time. Returns what was found wrong, each fault once.
template <backoff Backoff>
[[nodiscard]] std::vector<violation> check_backoff(const Backoff& model,
                                                   const progress_callback& told = {}) {
    return detail::backoff_battery<Backoff>{model}.run(told);
}

} // namespace forest::sim::conformance

#endif
