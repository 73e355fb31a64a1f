// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SPARE_DESCRIPTOR_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SPARE_DESCRIPTOR_IPP

#include <forest/adapters/asio/detail/server/spare_descriptor.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void spare_descriptor::take() noexcept {
    if (descriptor_ < 0)
        descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

FOREST_DECL bool spare_descriptor::give() noexcept {
    if (descriptor_ < 0)
        return false;
    ::close(std::exchange(descriptor_, -1));
    return true;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
