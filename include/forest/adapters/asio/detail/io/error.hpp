// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_ERROR_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_ERROR_HPP

#include <forest/core/error.hpp>

#include <asio/error.hpp>

#include <cerrno>
#include <initializer_list>
#include <system_error>

// The one place where Asio's codes become ours.

namespace forest::detail {

/// Why a connection could not be made. A socket file that is not there is a server that is not
/// there.
[[nodiscard]] inline errc connect_error(const std::error_code& ec) noexcept {
    // Asio's category maps nothing to std::errc, so these are compared by their numbers.
    const auto is = [&ec](int number) {
        return ec == std::error_code{number, asio::error::get_system_category()};
    };
    if (ec == asio::error::connection_refused || is(ENOENT))
        return errc::connection_refused;
    if (ec == asio::error::timed_out)
        return errc::timed_out;
    if (ec == asio::error::connection_reset || ec == asio::error::connection_aborted)
        return errc::connection_lost;
    // A socket that could not be watched has been closed, which shows as EBADF.
    for (const int each : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EBADF}) {
        if (is(each))
            return errc::local_resources_exhausted;
    }
    return errc::unreachable;
}

/// Whether a connection could not be made for want of what any other connection would give back.
[[nodiscard]] inline bool lacks_room(const std::error_code& ec) noexcept {
    // Ports are taken for each address of a server apart.
    return connect_error(ec) == errc::local_resources_exhausted && ec.value() != EADDRNOTAVAIL;
}

/// Of the reasons why two addresses of one server could not be connected to, the one that says more
/// about the check: an address that this machine could not even try may be one at which the server
/// is well. After that, about the server: a machine that refuses is there, while `unreachable` may
/// be the fault of this one.
[[nodiscard]] constexpr errc more_telling(errc left, errc right) noexcept {
    for (const errc each : {errc::local_resources_exhausted, errc::connection_refused,
                            errc::timed_out, errc::connection_lost}) {
        if (left == each || right == each)
            return each;
    }
    return errc::unreachable;
}

/// Why an established connection failed.
[[nodiscard]] inline errc stream_error(const std::error_code& ec) noexcept {
    return ec == asio::error::timed_out ? errc::timed_out : errc::connection_lost;
}

} // namespace forest::detail

#endif
