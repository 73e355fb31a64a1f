// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_IMPL_SCHEMA_TEXT_IPP
#define FOREST_CORE_DETAIL_JSON_IMPL_SCHEMA_TEXT_IPP

#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/detail/json/json_string.hpp>
#include <forest/core/detail/json/schema_text.hpp>

#include <cstddef>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::optional<std::string> without_etag(std::string_view text) {
    const auto offset_of = [begin = text.data()](std::string_view part) {
        return static_cast<std::size_t>(part.data() - begin);
    };
    std::string rest;
    rest.reserve(text.size());
    std::size_t copied = 0;       // the text before this is copied or left out
    std::size_t previous_end = 0; // the end of the previous value
    bool any_kept = false;
    bool any_removed = false;
    const auto on_member = [&](json_string key, const json_value& value) {
        const std::size_t begin = offset_of(key.raw()) - 1;
        const std::size_t end = offset_of(value.raw) + value.raw.size();
        if (!key.equals("etag")) {
            if (!any_kept && any_removed)
                copied = begin; // Drops the comma before the first member that stays.
            any_kept = true;
        } else {
            if (any_kept) {
                const std::size_t comma = text.find(',', previous_end);
                rest.append(text.substr(copied, comma - copied));
            } else if (!any_removed) {
                rest.append(text.substr(0, begin));
            }
            copied = end;
            any_removed = true;
        }
        previous_end = end;
    };
    if (read_json_object(text, on_member))
        return std::nullopt;
    rest.append(text.substr(copied));
    rest.erase(rest.rfind('}') + 1);
    rest.erase(0, rest.find('{'));
    return rest;
}

FOREST_DECL std::string with_etag(std::string_view text, std::string_view etag) {
    assert(text.size() >= 2 && text.front() == '{' && text.back() == '}');
    const std::string_view open = text.substr(0, text.size() - 1);
    const std::string quoted = json_quote(etag);
    constexpr std::string_view first = "\"etag\":";
    constexpr std::string_view further = ",\"etag\":";
    std::string result;
    result.reserve(text.size() + further.size() + quoted.size());
    // No value ends with an opening brace.
    const bool is_empty = open[open.find_last_not_of(" \n\r\t")] == '{';
    result.append(open).append(is_empty ? first : further).append(quoted).append("}");
    return result;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
