// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_UNIX_SOCKET_OPTIONS_HPP
#define FOREST_ADAPTERS_ASIO_UNIX_SOCKET_OPTIONS_HPP

#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <string>
#include <string_view>
#include <system_error>

// The permissions of a unix socket: the users that may connect to it.

namespace forest::inline FOREST_FORM {

/// The option that is out of its range.
enum class unix_socket_errc {
    invalid_mode = 1,
};

namespace detail {

class unix_socket_category_type final : public option_category {
public:
    const char* name() const noexcept override { return "forest.unix_socket_options"; }
    std::string_view identifier(int value) const noexcept override;
    std::string message(int value) const override;
};

inline constinit const never_destroyed<unix_socket_category_type> unix_socket_category_object;

} // namespace detail

[[nodiscard]] FOREST_DECL std::error_code make_error_code(unix_socket_errc code) noexcept;

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::unix_socket_errc> : std::true_type {};

namespace forest::inline FOREST_FORM {

/// The options for listening on a unix socket.
struct unix_socket_options {
    /// The permissions of the socket file, from 0 to 0777. A client needs permission to write. 0
    /// means 0777 without the bits of the umask. Otherwise the file has exactly these permissions,
    /// with any umask, and no client can connect before the file has them.
    unsigned mode = 0;

    /// Returns an error that names the member out of its range.
    [[nodiscard]] std::error_code validate() const noexcept;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/unix_socket_options.ipp>
#endif

#endif
