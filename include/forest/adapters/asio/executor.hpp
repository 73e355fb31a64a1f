// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_EXECUTOR_HPP
#define FOREST_ADAPTERS_ASIO_EXECUTOR_HPP

#include <asio/any_io_executor.hpp>
#include <asio/strand.hpp>

// The execution context that the Asio adapters share.

namespace forest {

/// What serialises the handlers of one client, one clock or one server, on however many threads the
/// io_context runs. `asio::make_strand(asio::any_io_executor{io.get_executor()})` makes one; the
/// adapters do so themselves.
using asio_executor = asio::strand<asio::any_io_executor>;

} // namespace forest

#endif
