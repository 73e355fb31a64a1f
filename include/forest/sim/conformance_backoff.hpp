// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_BACKOFF_HPP
#define FOREST_SIM_CONFORMANCE_BACKOFF_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/sim/conformance_harness.hpp>
#include <forest/sim/conformance_rules.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <vector>

// Holds a backoff to what docs/reference/backoff.md promises.

namespace forest::sim::conformance {

namespace detail {

// Every number of failures up to some thousands and then, up to a million, each by a hundredth more
// than the one before: a model may take a time that grows with it.
inline std::vector<int> failures_to_try() {
    constexpr int every_one_to = 4096;
    constexpr int failures_max = 1'000'000;
    std::vector<int> tried;
    for (int failures = 1; failures < failures_max;
         failures += failures < every_one_to ? 1 : failures / 100)
        tried.push_back(failures);
    tried.push_back(failures_max);
    return tried;
}

} // namespace detail

/// Holds a backoff to its promises. Answers what was found wrong, each fault once.
template <backoff Backoff>
[[nodiscard]] std::vector<violation> check_backoff(const Backoff& model) {
    using namespace std::chrono_literals;
    detail::findings found;
    try {
        const std::vector<int> tried = detail::failures_to_try();
        for (const duration interval : {duration{1}, duration{1ms}, duration{1s}, duration{30s},
                                        options::duration_max, duration::max()}) {
            const Backoff copy{model};
            std::vector<duration> first;
            for (const int failures : tried) {
                first.push_back(duration{model(failures, interval)});
                found.expect(first.back() > duration::zero(), "backoff.not_positive",
                             "the delay after ", failures, " failures, with an interval of ",
                             interval, ", is ", first.back());
            }
            // Again, from the other end.
            for (std::size_t index = tried.size(); index-- > 0;) {
                const int failures = tried[index];
                const duration again{model(failures, interval)};
                if (!found.expect(again == first[index], "backoff.depends_on_history",
                                  "the delay after ", failures, " failures, with an interval of ",
                                  interval, ", was ", first[index], " and then ", again))
                    break;
                const duration copied{copy(failures, interval)};
                found.expect(copied == again, "backoff.copy_differs", "the delay after ", failures,
                             " failures, with an interval of ", interval, ", is ", again,
                             ", and that of a copy ", copied);
            }
        }
    } catch (const std::exception& thrown) {
        found.add("backoff.threw", thrown.what());
    } catch (...) {
        found.add("backoff.threw", "something that is no std::exception");
    }
    return found.take();
}

} // namespace forest::sim::conformance

#endif
