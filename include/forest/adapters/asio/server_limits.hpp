// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_LIMITS_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_LIMITS_HPP

#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

// The limits on the resources of a server that one client, or all clients together, may use.

namespace forest::inline FOREST_FORM {

/// The limit that is out of its range.
enum class server_limits_errc {
    invalid_message = 1,
    invalid_header_timeout,
    invalid_send_timeout,
    invalid_idle_timeout,
    invalid_answer_timeout,
    invalid_connections_max,
    invalid_backlog,
    invalid_memory_bytes_max,
};

namespace detail {

class server_limits_category_type final : public option_category {
public:
    const char* name() const noexcept override { return "forest.server_limits"; }
    std::string_view identifier(int value) const noexcept override;
    std::string message(int value) const override;
};

inline constinit const never_destroyed<server_limits_category_type> server_limits_category_object;

} // namespace detail

[[nodiscard]] FOREST_DECL std::error_code make_error_code(server_limits_errc code) noexcept;

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::server_limits_errc> : std::true_type {};

namespace forest::inline FOREST_FORM {

/// The limits of an asio_server. The bodies of requests are read and dropped. So one connection
/// holds at most one header section, further bytes from the same read (16 KiB), and its answer.
struct server_limits {
    /// The largest request. The answer is 431 if the head exceeds its limit, or 413 if the body
    /// does; then the connection is closed. A limit of 0 bytes for the head is not allowed; 0 for
    /// the body refuses all bodies.
    message_limits message{};

    /// The time for a complete request, from the start of the connection or from the first byte of
    /// a later request. After that the answer is 408. Greater than 0. There is one deadline for all
    /// reads, so that a client that sends one byte a second does not hold a connection for ever.
    duration header_timeout = std::chrono::seconds{10};

    /// How long a client may read nothing of an answer; then the connection is closed. Greater than
    /// 0. It is not a limit for the whole answer, because a slow link needs time for a schema of
    /// megabytes.
    duration send_timeout = std::chrono::seconds{10};

    /// How long a connection may stay open between two requests; then it is closed without an
    /// answer. Greater than 0.
    duration idle_timeout = std::chrono::seconds{20};

    /// How long a handler may keep the responder, unless it holds the answer
    /// (`server_responder::hold`). After that the answer is 503, and the connection is closed.
    /// Greater than 0.
    duration answer_timeout = std::chrono::seconds{30};

    /// The largest number of connections at one time, at least 1. A further connection replaces
    /// another one, so that idle clients cannot block a health check. Strangers are closed first,
    /// beginning with the oldest: they may be idle, in the middle of a request, or not reading
    /// their answer. Clients that wait between two requests are next, beginning with the one that
    /// has waited longest. Clients that have not taken their whole answer within `send_timeout` are
    /// last. The order is the same when descriptors or memory run out. A connection is a stranger
    /// until a handler holds its answer, or answers it with a status below 400 or above 499, and
    /// not with `response::for_anybody`; a route does that if the signature is valid. If there is
    /// no connection to close, new ones wait in the backlog, and the answer that is held longest is
    /// given early, except if memory runs out. Its connection is closed after it.
    std::size_t connections_max = 1024;

    /// How many connections the kernel completes before they are accepted, at least 1. The kernel
    /// has an upper limit (net.core.somaxconn). The default is large, because all checks of a
    /// starting fleet connect at the same time.
    int backlog = 4096;

    /// The largest memory that all connections together may hold, from 64 KiB to 1 TiB: buffers,
    /// copied answers, and TLS sessions (counted as 48 KiB each). An answer with a `body_owner`
    /// counts once for all connections that send it. At this limit, connections are closed in the
    /// order of `connections_max`. If that does not make enough room for an answer, a 503 replaces
    /// it. Buffers of the kernel are not counted.
    std::size_t memory_bytes_max = std::size_t{64} << 20U;

    /// Returns an error that names the member out of its range.
    [[nodiscard]] std::error_code validate() const noexcept;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/server_limits.ipp>
#endif

#endif
