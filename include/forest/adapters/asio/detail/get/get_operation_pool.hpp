// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_OPERATION_POOL_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_OPERATION_POOL_HPP

#include <forest/adapters/asio/detail/get/get_operation.hpp>
#include <forest/adapters/asio/detail/get/pooled_io.hpp>
#include <forest/adapters/asio/detail/pool/socket_pool.hpp>
#include <forest/form.hpp>

#include <memory>
#include <vector>

// The I/O that the transports of one fleet share.

namespace forest::inline FOREST_FORM::detail {

/// A pool that owns the GET operations of its transports. So a handler may destroy the transport
/// that has called it.
class get_operation_pool final : public socket_pool {
public:
    using operation = get_operation<pooled_io>;
    using socket_pool::socket_pool;

    [[nodiscard]] operation& borrow();

    void give_back(operation& borrowed) noexcept;

private:
    std::vector<std::unique_ptr<operation>> all_;
    std::vector<operation*> idle_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/get/impl/get_operation_pool.ipp>
#endif

#endif
