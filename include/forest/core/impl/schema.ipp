// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_SCHEMA_IPP
#define FOREST_CORE_IMPL_SCHEMA_IPP

#include <forest/core/detail/json/json_string.hpp>
#include <forest/core/detail/json/schema_content.hpp>
#include <forest/core/error.hpp>
#include <forest/core/schema.hpp>

#include <utility>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code schema::parse(std::string_view text, schema& result,
                                          std::string_view etag_field) {
    schema read;
    bool collections_valid = false;
    const auto on_member = [&](detail::json_string key, const detail::json_value& value) {
        if (key.equals("collections"))
            collections_valid = read_collections(value, read.collections_);
        else if (key.equals("charts"))
            read_charts(value, read.charts_);
        else if (key.equals("etag"))
            read.etag_ = to_string(value.string());
    };
    if (const std::error_code ec = detail::read_json_object(text, on_member))
        return ec;
    if (!collections_valid)
        return errc::malformed_schema;
    if (read.etag_.empty())
        read.etag_ = etag_field;
    read.text_ = text;
    result = std::move(read);
    return {};
}

FOREST_DECL bool schema::same_as(const schema& other) const {
    if (text_ == other.text_)
        return true;
    return !text_.empty() && !other.text_.empty() &&
           detail::schema_content(text_) == detail::schema_content(other.text_);
}

FOREST_DECL bool schema::read_collections(const detail::json_value& value,
                                          std::vector<std::string>& names) {
    names.clear();
    bool valid = true;
    const std::error_code ec =
        detail::read_json_array(value.raw, [&](const detail::json_value& element) {
            const detail::json_value called = name_of(element);
            valid = valid && called.type == detail::json_value::kind::string;
            if (valid)
                names.push_back(to_string(called.string()));
        });
    return valid && !ec;
}

FOREST_DECL void schema::read_charts(const detail::json_value& value,
                                     std::vector<std::string>& names) {
    names.clear();
    // A value that is no array has no names.
    (void)detail::read_json_array(value.raw, [&](const detail::json_value& element) {
        const bool plain = element.type == detail::json_value::kind::string;
        const detail::json_value called = plain ? element : name_of(element);
        if (called.type == detail::json_value::kind::string)
            names.push_back(to_string(called.string()));
    });
}

FOREST_DECL detail::json_value schema::name_of(const detail::json_value& element) {
    detail::json_value found;
    if (element.type == detail::json_value::kind::object)
        (void)detail::read_json_object(
            element.raw, [&](detail::json_string key, const detail::json_value& value) {
                if (key.equals("name"))
                    found = value;
            });
    return found;
}

} // namespace forest::inline FOREST_FORM

#endif
