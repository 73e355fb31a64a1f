// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_MICROHTTPD_IMPL_MICROHTTPD_OPTIONS_IPP
#define FOREST_ADAPTERS_MICROHTTPD_IMPL_MICROHTTPD_OPTIONS_IPP

#include <forest/adapters/microhttpd/microhttpd_options.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string_view microhttpd_category_type::identifier(int value) const noexcept {
    switch (microhttpd_errc{value}) {
    case microhttpd_errc::invalid_answer_timeout: return "invalid_answer_timeout";
    case microhttpd_errc::invalid_connections_max: return "invalid_connections_max";
    case microhttpd_errc::invalid_head_bytes_max: return "invalid_head_bytes_max";
    case microhttpd_errc::invalid_idle_timeout: return "invalid_idle_timeout";
    case microhttpd_errc::invalid_threads: return "invalid_threads";
    }
    return {};
}

FOREST_DECL std::string microhttpd_category_type::message(int value) const {
    switch (microhttpd_errc{value}) {
    case microhttpd_errc::invalid_answer_timeout:
        return "microhttpd_options.answer_timeout must be greater than 0 and at most 366 days";
    case microhttpd_errc::invalid_connections_max:
        return "microhttpd_options.connections_max must be at least 1";
    case microhttpd_errc::invalid_head_bytes_max:
        return "microhttpd_options.head_bytes_max must be from 4 KiB to 16 MiB";
    case microhttpd_errc::invalid_idle_timeout:
        return "microhttpd_options.idle_timeout must be greater than 0 and at most 366 days";
    case microhttpd_errc::invalid_threads:
        return "microhttpd_options.threads must be from 1 to 1024";
    }
    return "unknown error";
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code make_error_code(microhttpd_errc code) noexcept {
    return {static_cast<int>(code), detail::microhttpd_category_object.get()};
}

FOREST_DECL std::error_code microhttpd_options::validate() const noexcept {
    constexpr std::size_t head_bytes_least = std::size_t{4} << 10U;
    constexpr std::size_t head_bytes_limit = std::size_t{16} << 20U;
    constexpr unsigned threads_limit = 1024;
    const auto usable = [](duration timeout) {
        return duration::zero() < timeout && timeout <= std::chrono::days{366};
    };
    if (!usable(answer_timeout))
        return microhttpd_errc::invalid_answer_timeout;
    if (connections_max == 0)
        return microhttpd_errc::invalid_connections_max;
    if (head_bytes_max < head_bytes_least || head_bytes_max > head_bytes_limit)
        return microhttpd_errc::invalid_head_bytes_max;
    if (!usable(idle_timeout))
        return microhttpd_errc::invalid_idle_timeout;
    if (threads == 0 || threads > threads_limit)
        return microhttpd_errc::invalid_threads;
    return {};
}

} // namespace forest::inline FOREST_FORM

#endif
