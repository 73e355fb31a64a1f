// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_PROBE_HPP
#define FOREST_HEALTH_PROBE_HPP

#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/health/judge.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

// The probe of all clients and fleets that are given no other one.

namespace forest::inline FOREST_FORM::probes {

/// The health check of PROTOCOL.md: a GET whose answer is 2xx with a JSON object that says
/// `"status":"ok"`. The other probes of the library are in forest/probes.hpp.
struct health {
    void prepare(request&) const noexcept {}

    [[nodiscard]] verdict judge(const reply& answer, wall_time now) const noexcept {
        return detail::judge(answer, now);
    }
};

} // namespace forest::inline FOREST_FORM::probes

#endif
