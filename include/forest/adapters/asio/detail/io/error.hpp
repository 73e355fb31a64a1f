// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_ERROR_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_ERROR_HPP

#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <asio/error.hpp>

#include <cerrno>
#include <initializer_list>
#include <system_error>

// The only place where codes of Asio become codes of this library.

namespace forest::inline FOREST_FORM::detail {

/// Returns why a connection could not be made. A missing socket file means that there is no server.
[[nodiscard]] inline errc connect_error(const std::error_code& ec) noexcept {
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

/// Returns whether a connection could not be made because a resource is missing that the end of any
/// other connection gives back.
[[nodiscard]] inline bool lacks_room(const std::error_code& ec) noexcept {
    // Ports are counted separately for each address of a server.
    return connect_error(ec) == errc::local_resources_exhausted && ec.value() != EADDRNOTAVAIL;
}

/// Two addresses of one server have failed. Returns the failure that says more about the check. A
/// lack of resources comes first: the server may be healthy at the address that could not be tried.
/// A refused connection is second: a machine that refuses exists, but `unreachable` may be the
/// fault of this machine.
[[nodiscard]] constexpr errc more_specific(errc left, errc right) noexcept {
    for (const errc each : {errc::local_resources_exhausted, errc::connection_refused,
                            errc::timed_out, errc::connection_lost}) {
        if (left == each || right == each)
            return each;
    }
    return errc::unreachable;
}

/// Returns why an established connection failed.
[[nodiscard]] inline errc stream_error(const std::error_code& ec) noexcept {
    return ec == asio::error::timed_out ? errc::timed_out : errc::connection_lost;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
