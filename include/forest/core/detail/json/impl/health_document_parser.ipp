// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_IMPL_HEALTH_DOCUMENT_PARSER_IPP
#define FOREST_CORE_DETAIL_JSON_IMPL_HEALTH_DOCUMENT_PARSER_IPP

#include <forest/core/detail/json/health_document_parser.hpp>
#include <forest/core/detail/json/json_reader.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::error_code parse_health_document(std::string_view body,
                                                  health_document& out) noexcept {
    json_value last_status;
    json_value last_version;
    const auto on_member = [&](json_string key, const json_value& value) {
        if (key.equals("status"))
            last_status = value;
        else if (key.equals("version"))
            last_version = value;
    };
    if (const std::error_code ec = read_json_object(body, on_member))
        return ec;
    const bool is_string = last_status.type == json_value::kind::string;
    using state = health_document::state;
    if (is_string && last_status.string().equals("ok"))
        out.status = state::ok;
    else if (is_string && last_status.string().equals("stopping"))
        out.status = state::stopping;
    else
        out.status = state::other;
    out.version_size_ =
        static_cast<unsigned char>(last_version.string().copy_prefix_to(out.version_));
    return {};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
