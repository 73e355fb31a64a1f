// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_EXECUTOR_SOURCE_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_EXECUTOR_SOURCE_IPP

#include <forest/adapters/asio/executor_source.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD
executor_source::executor_source(const asio::io_context::executor_type& executor)
    : executor_{executor} {}

FOREST_DECL FOREST_COLD executor_source::executor_source(asio::io_context& context)
    : executor_source{context.get_executor()} {}

FOREST_DECL FOREST_COLD executor_source::executor_source(const executor_source& other) = default;

FOREST_DECL FOREST_COLD executor_source&
executor_source::operator=(const executor_source& other) = default;

FOREST_DECL FOREST_COLD executor_source::~executor_source() = default;

} // namespace forest::inline FOREST_FORM

#endif
