// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_GET_OPERATION_POOL_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_GET_OPERATION_POOL_IPP

#include <forest/adapters/asio/detail/get/get_operation_pool.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL auto get_operation_pool::borrow() -> operation& {
    if (idle_.empty()) {
        idle_.reserve(all_.size() + 1); // so that returning an operation never fails
        idle_.push_back(
            all_.emplace_back(std::make_unique<operation>(static_cast<socket_pool&>(*this))).get());
    }
    operation* const lent = idle_.back();
    idle_.pop_back();
    return *lent;
}

FOREST_DECL void get_operation_pool::give_back(operation& borrowed) noexcept {
    borrowed.cancel();
    idle_.push_back(&borrowed);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
