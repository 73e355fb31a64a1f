// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_BACKOFF_BATTERY_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_BACKOFF_BATTERY_IPP

#include <forest/sim/conformance/detail/backoff_battery.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL std::vector<int> failures_to_try(int failures_max) {
    constexpr int each_one_to = 4096;
    std::vector<int> tried;
    for (int failures = 1; failures < failures_max;
         failures += failures < each_one_to ? 1 : failures / 100)
        tried.push_back(failures);
    tried.push_back(failures_max);
    return tried;
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
