// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_OPTIONS_IPP
#define FOREST_CORE_IMPL_OPTIONS_IPP

#include <forest/core/options.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code options::validate() const noexcept {
    const errc fault = first_fault();
    return fault == errc{} ? std::error_code{} : make_error_code(fault);
}

} // namespace forest::inline FOREST_FORM

#endif
