// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_CONNECTION_POOL_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_CONNECTION_POOL_IPP

#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/detail/get/get_operation_pool.hpp>

#include <memory>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::shared_ptr<get_operation_pool>
make_pool(const asio_clock& clock, const transport_options& options, duration tick,
          const std::shared_ptr<name_directory>& names) {
    return std::make_shared<get_operation_pool>(clock.get_executor(), options, tick, names);
}

FOREST_DECL std::shared_ptr<get_operation_pool>
make_pool(const asio_clock& clock, const transport_options& options, duration tick) {
    return make_pool(clock, options, tick, asio_names{clock.get_executor()}.directory());
}

} // namespace forest::inline FOREST_FORM::detail

#endif
