// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ERROR_HPP
#define FOREST_ADAPTERS_ASIO_ERROR_HPP

#include <forest/core/error.hpp>

#include <asio/error.hpp>

#include <cerrno>
#include <initializer_list>
#include <system_error>

// The one place where Asio's codes become ours.

namespace forest {

/// Why a connection could not be made. A socket file that is not there is a server that is not
/// there.
[[nodiscard]] inline errc connect_error(const std::error_code& ec) noexcept {
    // Asio's category maps nothing to std::errc, so this one is compared by its number.
    const std::error_code no_such_file{ENOENT, asio::error::get_system_category()};
    if (ec == asio::error::connection_refused || ec == no_such_file)
        return errc::connection_refused;
    if (ec == asio::error::timed_out)
        return errc::timed_out;
    if (ec == asio::error::connection_reset || ec == asio::error::connection_aborted)
        return errc::connection_lost;
    return errc::unreachable;
}

/// Of the reasons why two addresses of one server could not be connected to, the one that says more
/// about the server: a machine that refuses is there, while `unreachable` may be the fault of this
/// one.
[[nodiscard]] constexpr errc more_telling(errc left, errc right) noexcept {
    for (const errc each : {errc::connection_refused, errc::timed_out, errc::connection_lost}) {
        if (left == each || right == each)
            return each;
    }
    return errc::unreachable;
}

/// Why an established connection failed.
[[nodiscard]] inline errc stream_error(const std::error_code& ec) noexcept {
    return ec == asio::error::timed_out ? errc::timed_out : errc::connection_lost;
}

} // namespace forest

#endif
