// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_LINES_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_LINES_IPP

#include <forest/sim/conformance/detail/lines.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL std::string as_lines(field_view fields) {
    std::string text;
    fields.for_each([&](std::string_view name, std::string_view value) {
        text.append(name).append(": ").append(value).append("\r\n");
    });
    return text;
}

FOREST_DECL std::vector<std::string> lines(std::string_view fields) {
    std::vector<std::string> each;
    field_view{fields}.for_each([&](std::string_view name, std::string_view value) {
        each.push_back(std::string{name}.append(": ").append(value));
    });
    return each;
}

FOREST_DECL bool same_name(std::string_view left, std::string_view right) {
    return iequals(left.substr(0, left.find(':')), right.substr(0, right.find(':')));
}

FOREST_DECL bool same_field(std::string_view left, std::string_view right) {
    return same_name(left, right) && left.substr(left.find(':')) == right.substr(right.find(':'));
}

FOREST_DECL std::vector<std::string> with_the_name_of(std::string_view field,
                                                      const std::vector<std::string>& all) {
    std::vector<std::string> named;
    std::copy_if(all.begin(), all.end(), std::back_inserter(named),
                 [field](std::string_view each) { return same_name(each, field); });
    return named;
}

FOREST_DECL std::string quoted_list(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& each : lines)
        text += say(text.empty() ? "" : " and ", quoted{each});
    return lines.empty() ? "none" : text;
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
