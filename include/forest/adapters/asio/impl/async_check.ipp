// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASYNC_CHECK_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASYNC_CHECK_IPP

#include <forest/adapters/asio/async_check.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL single_check take(single_check& passed) {
    if (!passed.constructed_at.left())
        return std::move(passed);
    single_check copy{passed.target, passed.timeout, passed.transport};
    ::new (static_cast<void*>(&passed.target)) url{};
    ::new (static_cast<void*>(&passed.transport)) transport_options{};
    return copy;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
