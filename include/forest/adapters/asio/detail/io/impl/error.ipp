// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_ERROR_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_ERROR_IPP

#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/adapters/posix/connect_failure.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD errc connect_error(const std::error_code& ec) noexcept {
    return ec.category() == asio::error::get_system_category() ? connect_failure(ec.value())
                                                               : errc::unreachable;
}

FOREST_DECL FOREST_COLD bool lacks_room(const std::error_code& ec) noexcept {
    // Ports are counted separately for each address of a server.
    return connect_error(ec) == errc::local_resources_exhausted && ec.value() != EADDRNOTAVAIL;
}

FOREST_DECL FOREST_COLD errc stream_error(const std::error_code& ec) noexcept {
    return ec == asio::error::timed_out ? errc::timed_out : errc::connection_lost;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
