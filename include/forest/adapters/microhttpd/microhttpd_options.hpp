// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_MICROHTTPD_MICROHTTPD_OPTIONS_HPP
#define FOREST_ADAPTERS_MICROHTTPD_MICROHTTPD_OPTIONS_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

// The limits of a microhttpd_server.

namespace forest::inline FOREST_FORM {

/// The option that is out of its range.
enum class microhttpd_errc {
    invalid_answer_timeout = 1,
    invalid_connections_max,
    invalid_head_bytes_max,
    invalid_idle_timeout,
    invalid_threads,
};

namespace detail {

class microhttpd_category_type final : public option_category {
public:
    const char* name() const noexcept override { return "forest.microhttpd_options"; }
    std::string_view identifier(int value) const noexcept override;
    std::string message(int value) const override;
};

inline constinit const never_destroyed<microhttpd_category_type> microhttpd_category_object;

} // namespace detail

[[nodiscard]] FOREST_DECL std::error_code make_error_code(microhttpd_errc code) noexcept;

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::microhttpd_errc> : std::true_type {};

namespace forest::inline FOREST_FORM {

/// The options of a microhttpd_server. The last four are for the daemon that `listen` makes; those
/// of an application's own daemon are options of `MHD_start_daemon`.
struct microhttpd_options {
    /// How long a handler may keep the responder. After that the answer is 503. Greater than 0, at
    /// most 366 days.
    duration answer_timeout = std::chrono::seconds{30};

    /// The largest body of a request, in bytes. Bodies are dropped. The answer to a longer one is
    /// 413, and the connection is closed; a chunked body that becomes longer is not answered. 0
    /// refuses all bodies.
    std::size_t body_bytes_max = std::size_t{64} * 1024;

    /// The largest number of connections at one time, at least 1. Further ones are closed at once.
    unsigned connections_max = 1024;

    /// The memory of a connection for the head of a request and that of its answer, in bytes, from
    /// 4 KiB to 16 MiB. The answer to a longer head is 431 or 414.
    std::size_t head_bytes_max = std::size_t{32} * 1024;

    /// How long a connection may be idle, between requests or within one; then it is closed.
    /// Rounded up to whole seconds. Greater than 0, at most 366 days.
    duration idle_timeout = std::chrono::seconds{20};

    /// How many threads serve requests, from 1 to 1024.
    unsigned threads = 1;

    /// Returns an error that names the member out of its range.
    [[nodiscard]] std::error_code validate() const noexcept;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/microhttpd/impl/microhttpd_options.ipp>
#endif

#endif
