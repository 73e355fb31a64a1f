// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_DESCRIBE_HPP
#define FOREST_CORE_DETAIL_LOGIC_DESCRIBE_HPP

#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/verdict.hpp>

#include <string_view>

// What a machine has to say when it asks its driver to tell of something.

namespace forest::detail {

/// The event of a `kind` that the machine is in the middle of, about the target whose URL is
/// `target`. `judged` is the outcome of the check that it follows from, if any. An outage that
/// belongs to it is written to `told`. The event has views into `target`, `judged` and `told`.
template <typename Machine>
[[nodiscard]] event describe(const Machine& of, event_kind kind, const verdict* judged,
                             std::string_view target, outage& told) noexcept {
    event result;
    result.kind = kind;
    result.target = target;
    result.status = of.status();
    result.attempt = of.attempt();
    result.failures = of.failures();
    result.failure_threshold = of.options().failure_threshold;
    result.check = kind == event_kind::check_started ? nullptr : judged;
    result.during_outage = of.during_outage();
    result.doubts = of.doubts();
    if (kind == event_kind::server_down || kind == event_kind::server_up) {
        told = of.outage();
        told.target = target;
        result.outage = &told;
    }
    return result;
}

} // namespace forest::detail

#endif
