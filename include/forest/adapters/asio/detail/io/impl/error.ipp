// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_ERROR_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_ERROR_IPP

#include <forest/adapters/asio/detail/io/error.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD errc connect_error(const std::error_code& ec) noexcept {
    // Asio's category maps nothing to std::errc, so the numbers are compared.
    const auto is = [&ec](int number) {
        return ec == std::error_code{number, asio::error::get_system_category()};
    };
    if (ec == asio::error::connection_refused || is(ENOENT))
        return errc::connection_refused;
    if (ec == asio::error::timed_out)
        return errc::timed_out;
    if (ec == asio::error::connection_reset || ec == asio::error::connection_aborted)
        return errc::connection_lost;
    // A socket that could not be watched has been closed; then the error is EBADF.
    for (const int each : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EBADF}) {
        if (is(each))
            return errc::local_resources_exhausted;
    }
    return errc::unreachable;
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
