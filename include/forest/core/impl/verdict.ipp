// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_VERDICT_IPP
#define FOREST_CORE_IMPL_VERDICT_IPP

#include <forest/core/error.hpp>
#include <forest/core/verdict.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code counted_error(std::error_code error) noexcept {
    return error == errc::resolver_unavailable ? make_error_code(errc::resolve_failed) : error;
}

} // namespace forest::inline FOREST_FORM

#endif
