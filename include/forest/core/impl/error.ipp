// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_ERROR_IPP
#define FOREST_CORE_IMPL_ERROR_IPP

#include <forest/core/error.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::string_view name(const std::error_code& code) noexcept {
    if (!code)
        return {};
    std::string_view found;
#if defined(__cpp_rtti)
    const auto* const named = dynamic_cast<const detail::named_category*>(&code.category());
    if (named == nullptr)
        return code.category().name();
    found = named->identifier(code.value());
#else
    if (code.category() != error_category())
        return code.category().name();
    found = name(errc{code.value()});
#endif
    return found.empty() ? std::string_view{"unknown"} : found;
}

} // namespace forest::inline FOREST_FORM

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::error_condition option_category::default_error_condition(int) const noexcept {
    return make_error_condition(condition::invalid_argument);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
