// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_LINES_HPP
#define FOREST_SIM_CONFORMANCE_LINES_HPP

#include <forest/core/fields.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Header sections as lists of lines, which the batteries compare.

namespace forest::sim::conformance::detail {

// Line by line, in the form in which a header_fields has them, without the line end.
inline std::vector<std::string> lines(std::string_view fields) {
    std::vector<std::string> each;
    field_view{fields}.for_each([&](std::string_view name, std::string_view value) {
        each.push_back(std::string{name}.append(": ").append(value));
    });
    return each;
}

// Names may come in another case.
inline bool same_field(std::string_view left, std::string_view right) {
    const std::size_t colon = left.find(':');
    return colon == right.find(':') && iequals(left.substr(0, colon), right.substr(0, colon)) &&
           left.substr(colon) == right.substr(colon);
}

// Whether all lines are among others, in their order; `same` compares two.
template <typename Same>
bool are_among(const std::vector<std::string>& wanted, const std::vector<std::string>& others,
               Same same) {
    auto next = wanted.begin();
    for (const std::string& each : others)
        if (next != wanted.end() && same(*next, each))
            ++next;
    return next == wanted.end();
}

} // namespace forest::sim::conformance::detail

#endif
