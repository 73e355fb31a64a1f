// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_CLIENT_SOCKET_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_CLIENT_SOCKET_HPP

#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/adapters/posix/fork_mark.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>

// A socket and its TLS session: the parts of a connection that are kept between two checks.

namespace forest::inline FOREST_FORM::detail {

/// How long an unused connection is kept. Long enough for an interval of some minutes. After that,
/// network devices may have forgotten the connection. And a target that is no longer watched should
/// not hold a descriptor.
inline constexpr std::chrono::minutes kept_idle_max{10};

struct client_socket {
    stream_socket socket;
    fork_mark made;         ///< a child process must not end TLS
    owner<tls_session> tls; ///< the session on the socket, if there is TLS

    /// The hash of the address that it leads to.
    std::uint64_t peer = 0;
    /// When it is too old to be used again; zero until it is kept for the first time.
    std::chrono::steady_clock::time_point kept_until{};
    /// When the certificates expire with which it was made.
    std::chrono::system_clock::time_point valid_until{};
};

/// Decides until when a connection may be kept: at most `age_max`, and up to a fifth less, so that
/// connections that were made together do not end together. Later calls change nothing.
FOREST_DECL void limit_age(client_socket& client, std::chrono::steady_clock::time_point made,
                           duration age_max) noexcept;

/// Returns whether a kept connection may still be used.
[[nodiscard]] FOREST_DECL bool is_usable(const client_socket& client,
                                         std::chrono::steady_clock::time_point now) noexcept;

/// Ends TLS. Sends the closing message that RFC 8446, 6.1 requires, if the socket takes it at once.
/// In a child process it sends nothing, because the parent still uses the session.
FOREST_DECL void end_tls(client_socket& client) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/client_socket.ipp>
#endif

#endif
