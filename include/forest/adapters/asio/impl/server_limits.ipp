// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_SERVER_LIMITS_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_SERVER_LIMITS_IPP

#include <forest/adapters/asio/server_limits.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string_view server_limits_category_type::identifier(int value) const noexcept {
    switch (server_limits_errc{value}) {
    case server_limits_errc::invalid_message: return "invalid_message";
    case server_limits_errc::invalid_header_timeout: return "invalid_header_timeout";
    case server_limits_errc::invalid_send_timeout: return "invalid_send_timeout";
    case server_limits_errc::invalid_idle_timeout: return "invalid_idle_timeout";
    case server_limits_errc::invalid_answer_timeout: return "invalid_answer_timeout";
    case server_limits_errc::invalid_connections_max: return "invalid_connections_max";
    case server_limits_errc::invalid_backlog: return "invalid_backlog";
    case server_limits_errc::invalid_memory_bytes_max: return "invalid_memory_bytes_max";
    }
    return {};
}

FOREST_DECL std::string server_limits_category_type::message(int value) const {
    switch (server_limits_errc{value}) {
    case server_limits_errc::invalid_message:
        return "server_limits.message must allow a head of 1 byte to 16 MiB and a body of at "
               "most 1 GiB";
    case server_limits_errc::invalid_header_timeout:
        return "server_limits.header_timeout must be greater than 0 and at most 366 days";
    case server_limits_errc::invalid_send_timeout:
        return "server_limits.send_timeout must be greater than 0 and at most 366 days";
    case server_limits_errc::invalid_idle_timeout:
        return "server_limits.idle_timeout must be greater than 0 and at most 366 days";
    case server_limits_errc::invalid_answer_timeout:
        return "server_limits.answer_timeout must be greater than 0 and at most 366 days";
    case server_limits_errc::invalid_connections_max:
        return "server_limits.connections_max must be at least 1";
    case server_limits_errc::invalid_backlog: return "server_limits.backlog must be at least 1";
    case server_limits_errc::invalid_memory_bytes_max:
        return "server_limits.memory_bytes_max must be from 64 KiB to 1 TiB";
    }
    return "unknown error";
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code make_error_code(server_limits_errc code) noexcept {
    return {static_cast<int>(code), detail::server_limits_category_object.get()};
}

FOREST_DECL std::error_code server_limits::validate() const noexcept {
    constexpr std::size_t head_bytes_limit = std::size_t{16} << 20U;
    constexpr std::size_t body_bytes_limit = std::size_t{1} << 30U;
    constexpr std::size_t memory_bytes_limit = std::size_t{1} << 40U;
    const auto usable = [](duration timeout) {
        return duration::zero() < timeout && timeout <= std::chrono::days{366};
    };
    if (message.head_bytes_max == 0 || message.head_bytes_max > head_bytes_limit ||
        message.body_bytes_max > body_bytes_limit)
        return server_limits_errc::invalid_message;
    if (!usable(header_timeout))
        return server_limits_errc::invalid_header_timeout;
    if (!usable(send_timeout))
        return server_limits_errc::invalid_send_timeout;
    if (!usable(idle_timeout))
        return server_limits_errc::invalid_idle_timeout;
    if (!usable(answer_timeout))
        return server_limits_errc::invalid_answer_timeout;
    if (connections_max == 0)
        return server_limits_errc::invalid_connections_max;
    if (backlog < 1)
        return server_limits_errc::invalid_backlog;
    if (memory_bytes_max < std::size_t{64} << 10U || memory_bytes_max > memory_bytes_limit)
        return server_limits_errc::invalid_memory_bytes_max;
    return {};
}

} // namespace forest::inline FOREST_FORM

#endif
