// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_IMPL_RULES_IPP
#define FOREST_SIM_CONFORMANCE_IMPL_RULES_IPP

#include <forest/sim/conformance/rules.hpp>

namespace forest::inline FOREST_FORM::sim::conformance {

FOREST_DECL std::string to_string(const violation& broken) {
    return std::string{broken.name}.append(": ").append(broken.explanation);
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
