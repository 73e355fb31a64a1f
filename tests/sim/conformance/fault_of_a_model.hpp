// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_CONFORMANCE_FAULT_OF_A_MODEL_HPP
#define FOREST_TESTS_SIM_CONFORMANCE_FAULT_OF_A_MODEL_HPP

#include <forest/sim/conformance/rules.hpp>

#include <forest/core/fields.hpp>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::tests {

/// What a broken model does wrong: the rule that it breaks. Some rules are broken in several ways.
struct fault_of_a_model {
    std::string_view rule{};
    int variant = 0;

    [[nodiscard]] bool is(sim::conformance::rule_name broken, int in_variant = 0) const noexcept {
        return rule == broken.text() && variant == in_variant;
    }

    /// Header lines in the order of this model: in variant 1 sorted by name from z to a, which is
    /// allowed, and in variant 2 from the last to the first.
    [[nodiscard]] std::string reordered(std::string_view fields,
                                        sim::conformance::rule_name broken) const {
        std::vector<std::pair<std::string, std::string>> lines;
        const auto goes_before = [](std::string_view name, const auto& line) {
            return std::lexicographical_compare(
                line.first.begin(), line.first.end(), name.begin(), name.end(),
                [](char left, char right) { return detail::lower(left) < detail::lower(right); });
        };
        field_view{fields}.for_each([&](std::string_view name, std::string_view value) {
            const auto place = is(broken, 1)
                                   ? std::upper_bound(lines.begin(), lines.end(), name, goes_before)
                                   : lines.end();
            lines.emplace(place, name, value);
        });
        if (is(broken, 2))
            std::reverse(lines.begin(), lines.end());
        std::string text;
        for (const auto& [name, value] : lines)
            text.append(name).append(": ").append(value).append("\r\n");
        return text;
    }

    friend std::ostream& operator<<(std::ostream& out, const fault_of_a_model& fault) {
        return out << fault.rule << ", variant " << fault.variant;
    }
};

} // namespace forest::tests

#endif
