// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_IMPL_JSON_STRING_IPP
#define FOREST_CORE_DETAIL_JSON_IMPL_JSON_STRING_IPP

#include <forest/core/detail/json/json_string.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string to_string(json_string text) {
    // A decoded escape is never longer than the escape.
    std::string copy(text.raw().size(), '\0');
    copy.resize(text.copy_prefix_to(copy));
    return copy;
}

FOREST_DECL std::string json_quote(std::string_view text) {
    std::string quoted;
    quoted.reserve(text.size() + 2);
    write_json_string(text, [&](std::string_view piece) { quoted += piece; });
    return quoted;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
