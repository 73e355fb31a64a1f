// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_POOLED_TRANSPORT_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_POOLED_TRANSPORT_IPP

#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/detail/get/get_operation_pool.hpp>
#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>

#include <cstddef>
#include <utility>

namespace forest::inline FOREST_FORM {

static_assert(hedging_transport<pooled_transport>);
static_assert(descriptor_counter<pooled_transport>);

} // namespace forest::inline FOREST_FORM

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL pooled_get::pooled_get(const std::shared_ptr<get_operation_pool>& pool)
    : pool_{pool}, get_{&pool_->borrow()} {}

FOREST_DECL pooled_get::pooled_get(pooled_get&&) noexcept = default;

FOREST_DECL pooled_get::~pooled_get() {
    if (pool_ != nullptr)
        pool_->give_back(*get_);
}

FOREST_DECL void pooled_get::begin(const request& http_request, duration timeout,
                                   unique_function<void(const reply&)>&& handler) {
    get_->get(http_request, timeout, std::move(handler));
}

FOREST_DECL bool pooled_get::keeps(const url& target) const noexcept {
    return pool_->keeps(target);
}

FOREST_DECL FOREST_COLD bool pooled_get::waits_on_kept_connection() const noexcept {
    return get_->waits_on_kept_connection();
}

FOREST_DECL std::size_t pooled_get::descriptors_max() noexcept {
    return descriptor_limit();
}

FOREST_DECL void pooled_get::cancel() noexcept {
    get_->cancel();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
