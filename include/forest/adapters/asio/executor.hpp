// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_EXECUTOR_HPP
#define FOREST_ADAPTERS_ASIO_EXECUTOR_HPP

#include <asio/any_io_executor.hpp>
#include <asio/strand.hpp>

// The execution context of the built-in server.

namespace forest {

/// What serialises the handlers of one server, on however many threads the io_context runs. The
/// server makes its own. Clients and clocks take turns by an `asio_serializer` instead, which
/// allocates nothing per check (B18).
using asio_executor = asio::strand<asio::any_io_executor>;

} // namespace forest

#endif
