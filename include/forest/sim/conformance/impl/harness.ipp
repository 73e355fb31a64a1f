// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_IMPL_HARNESS_IPP
#define FOREST_SIM_CONFORMANCE_IMPL_HARNESS_IPP

#include <forest/sim/conformance/harness.hpp>

namespace forest::inline FOREST_FORM::sim::conformance {

FOREST_DECL bool virtual_time::run_until(const std::function<bool()>& holds, duration limit) {
    std::size_t events = 0;
    const running inside{*this};
    queue.run_until([&] { return holds() || ++events > events_max; }, limit);
    return holds();
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
