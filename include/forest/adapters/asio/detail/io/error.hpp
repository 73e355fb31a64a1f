// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_ERROR_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_ERROR_HPP

#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <asio/error.hpp>

#include <cerrno>
#include <system_error>

// The only place where codes of Asio become codes of this library.

namespace forest::inline FOREST_FORM::detail {

/// Returns why a connection could not be made. A missing socket file means that there is no server.
[[nodiscard]] FOREST_DECL errc connect_error(const std::error_code& ec) noexcept;

/// Returns whether a connection could not be made because a resource is missing that the end of any
/// other connection gives back.
[[nodiscard]] FOREST_DECL bool lacks_room(const std::error_code& ec) noexcept;

/// Returns why an established connection failed.
[[nodiscard]] FOREST_DECL errc stream_error(const std::error_code& ec) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/error.ipp>
#endif

#endif
