// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_BACKOFF_BATTERY_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_BACKOFF_BATTERY_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/sim/conformance/detail/findings.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

/// The bounds of a battery for backoffs.
struct backoff_bounds {
    std::chrono::milliseconds time_max; ///< of all calls together
    int failures_max;                   ///< in a row
};

// Returns each number of failures up to some thousands. After that each number is greater by a
// hundredth than the one before, because the time of a call may grow with the number.
FOREST_DECL std::vector<int> failures_to_try(int failures_max);

// The scenarios for a backoff.
template <backoff Backoff>
class backoff_battery {
public:
    backoff_battery(const Backoff& model, const backoff_bounds& bounds)
        : model_{model}, bounds_{bounds} {}

    std::vector<violation> run(const progress_callback& on_progress) {
        bool threw = false;
        const std::vector<scenario> scenarios{
            {"delays", [this] { call_all(); }},
            {"the same delays again, from the other end", [this] { call_again(); }}};
        play_all(
            scenarios, on_progress,
            [&](std::string_view, const auto& body) {
                if (const auto thrown = thrown_by(body)) {
                    found_.add("backoff.threw", *thrown);
                    threw = true;
                }
            },
            [&] { return !threw; });
        return found_.take();
    }

private:
    using real_clock = std::chrono::steady_clock;

    // From the shortest to the longest interval that a client accepts.
    static constexpr std::array<duration, 6> intervals{
        duration{1},           std::chrono::milliseconds{1}, std::chrono::seconds{1},
        std::chrono::hours{1}, std::chrono::hours{24},       options::duration_max};

    struct returned {
        int failures;
        duration interval;
        duration delay;
    };

    // Uses a quarter of the time, because each call is repeated twice.
    void call_all() {
        const real_clock::time_point end = real_clock::now() + bounds_.time_max / 4;
        for (const int failures : failures_to_try(bounds_.failures_max)) {
            for (const duration interval : intervals) {
                // No client makes this call: the failures would take more time than a duration can
                // hold. So a model may multiply the two values.
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

    void call_again() {
        const Backoff copy{model_};
        const real_clock::time_point end = real_clock::now() + bounds_.time_max * 3 / 4;
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

    // Returns whether another call ends in time, even if it takes a little longer than the longest
    // earlier call.
    [[nodiscard]] bool time_is_left(real_clock::time_point end) const {
        return first_.empty() || real_clock::now() + longest_ + longest_ / 4 < end;
    }

    const Backoff& model_;
    backoff_bounds bounds_;
    duration longest_{}; // of all calls
    findings found_;
    std::vector<returned> first_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/backoff_battery.ipp>
#endif

#endif
