// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TRACE_IMPL_VIOLATION_IPP
#define FOREST_SIM_TRACE_IMPL_VIOLATION_IPP

#include <forest/sim/trace/violation.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string to_string(const violation& broken) {
    return broken.rule + " (" + broken.client + (broken.client.empty() ? "" : " ") + "at " +
           to_code(broken.at) + "): " + broken.explanation;
}

FOREST_DECL void require_unbroken(const std::optional<violation>& broken) {
    if (broken)
        throw rule_broken{*broken};
}

} // namespace forest::inline FOREST_FORM::sim

#endif
