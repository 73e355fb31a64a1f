// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_LINES_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_LINES_HPP

#include <forest/core/fields.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/detail/text.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

// Header sections as lists of lines, for comparison by the batteries. Fields with different names
// may come in any order. Fields with the same name must keep their order (RFC 9110, 5.3).

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// A header section in the form of header_fields::text(): one `name: value` CRLF for each field.
FOREST_DECL std::string as_lines(field_view fields);

// The lines of a header section, without their ends.
FOREST_DECL std::vector<std::string> lines(std::string_view fields);

FOREST_DECL bool same_name(std::string_view left, std::string_view right);

// Names are compared case-insensitively.
FOREST_DECL bool same_field(std::string_view left, std::string_view right);

FOREST_DECL std::vector<std::string> with_the_name_of(std::string_view field,
                                                      const std::vector<std::string>& all);

// Whether all wanted lines are among the others, in the same order. `same` compares two lines.
template <typename Same>
bool are_among(const std::vector<std::string>& wanted, const std::vector<std::string>& others,
               Same same) {
    auto next = wanted.begin();
    for (const std::string& each : others)
        if (next != wanted.end() && same(*next, each))
            ++next;
    return next == wanted.end();
}

FOREST_DECL std::string quoted_list(const std::vector<std::string>& lines);

// Describes which of the wanted lines are missing or differ, name by name; empty if none. Further
// lines are accepted. `same` compares two lines.
template <typename Same>
std::string missing_fields(const std::vector<std::string>& wanted,
                           const std::vector<std::string>& got, Same same) {
    std::string text;
    for (std::size_t index = 0; index < wanted.size(); ++index) {
        const auto here = wanted.begin() + static_cast<std::ptrdiff_t>(index);
        if (std::any_of(wanted.begin(), here,
                        [&](const std::string& each) { return same_name(each, *here); }))
            continue; // This name has been compared already.
        const std::vector<std::string> expected = with_the_name_of(*here, wanted);
        const std::vector<std::string> found = with_the_name_of(*here, got);
        if (!are_among(expected, found, same))
            text += say(text.empty() ? "" : "; ", "expected ", quoted_list(expected), ", got ",
                        quoted_list(found));
    }
    return text;
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/lines.ipp>
#endif

#endif
