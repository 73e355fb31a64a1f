// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_FAULT_OF_A_MODEL_HPP
#define FOREST_TESTS_SIM_FAULT_OF_A_MODEL_HPP

#include <forest/sim/conformance_rules.hpp>

#include <ostream>
#include <string_view>

namespace forest::tests {

/// What a broken model does wrong, called as the battery calls it; some faults come in variants.
struct fault_of_a_model {
    std::string_view rule{};
    int variant = 0;

    [[nodiscard]] bool is(sim::conformance::rule_name broken, int in_variant = 0) const noexcept {
        return rule == broken.text() && variant == in_variant;
    }

    friend std::ostream& operator<<(std::ostream& out, const fault_of_a_model& fault) {
        return out << fault.rule << ", variant " << fault.variant;
    }
};

} // namespace forest::tests

#endif
