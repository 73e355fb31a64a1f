// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_VERIFICATION_IPP
#define FOREST_CORE_IMPL_VERIFICATION_IPP

#include <forest/core/verification.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::string hint(const verification& result) {
    if (result.replay_forgotten)
        return "a signature was forgotten before the replay window had passed; raise "
               "verifier_options::replay_entries_max";
    if (result.why != refusal::timestamp_outside)
        return std::string{explanation(result.why)};
    const auto seconds = result.skew.count();
    return "the timestamp is " + std::to_string(seconds < 0 ? -seconds : seconds) + " s " +
           (seconds < 0 ? "behind" : "ahead of") + " this clock; check both clocks";
}

} // namespace forest::inline FOREST_FORM

#endif
