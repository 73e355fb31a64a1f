// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_IMPL_EXPLORE_IPP
#define FOREST_SIM_EXPLORE_IMPL_EXPLORE_IPP

#include <forest/sim/explore/explore.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL exploration explore(const options& settings) {
    return explore<forest::detail::health_machine<exponential_backoff>>(settings);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
