// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_UNIX_SOCKET_OPTIONS_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_UNIX_SOCKET_OPTIONS_IPP

#include <forest/adapters/asio/unix_socket_options.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string_view unix_socket_category_type::identifier(int value) const noexcept {
    return unix_socket_errc{value} == unix_socket_errc::invalid_mode ? "invalid_mode" : "";
}

FOREST_DECL std::string unix_socket_category_type::message(int value) const {
    return unix_socket_errc{value} == unix_socket_errc::invalid_mode
               ? "unix_socket_options.mode must be from 0 to 0777 (octal)"
               : "unknown error";
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code make_error_code(unix_socket_errc code) noexcept {
    return {static_cast<int>(code), detail::unix_socket_category_object.get()};
}

FOREST_DECL std::error_code unix_socket_options::validate() const noexcept {
    constexpr unsigned mode_max = 0777;
    return mode <= mode_max ? std::error_code{} : unix_socket_errc::invalid_mode;
}

} // namespace forest::inline FOREST_FORM

#endif
