// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_FIELDS_IPP
#define FOREST_CORE_IMPL_FIELDS_IPP

#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code header_fields::add(std::string_view name,
                                               std::string_view value) noexcept {
    if (!is_token(name) || !is_field_value(value))
        return errc::header_invalid;
    const std::size_t room = capacity - size_;
    if (name.size() > room || value.size() > room ||
        name.size() + value.size() + line_overhead > room)
        return errc::header_too_large;
    append(name);
    append(": ");
    append(value);
    append("\r\n");
    if (iequals(name, "Host"))
        replaced_ |= host;
    else if (iequals(name, "User-Agent"))
        replaced_ |= user_agent;
    else if (iequals(name, "Accept"))
        replaced_ |= accept;
    return {};
}

FOREST_DECL std::error_code header_fields::add(const header_fields& other) noexcept {
    if (other.size_ > capacity - size_)
        return errc::header_too_large;
    append(other.text());
    replaced_ |= other.replaced_;
    return {};
}

} // namespace forest::inline FOREST_FORM

#endif
