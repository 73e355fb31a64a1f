// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DESCRIBE_HPP
#define FOREST_CORE_DESCRIBE_HPP

#include <forest/core/event.hpp>
#include <forest/core/verdict.hpp>

// What a machine has to say when it asks its driver to tell of something.

namespace forest {

/// The event of a `kind` that the machine is in the middle of. `judged` is the outcome of the check
/// that it follows from, if any. Views into `of` and `judged`.
template <typename Machine>
[[nodiscard]] event describe(const Machine& of, event_kind kind, const verdict* judged) noexcept {
    const bool of_outage = kind == event_kind::server_down || kind == event_kind::server_up;
    event result;
    result.kind = kind;
    result.status = of.status();
    result.attempt = of.attempt();
    result.failures = of.failures();
    result.failure_threshold = of.options().failure_threshold;
    result.check = kind == event_kind::check_started ? nullptr : judged;
    result.outage = of_outage ? &of.outage() : nullptr;
    return result;
}

} // namespace forest

#endif
