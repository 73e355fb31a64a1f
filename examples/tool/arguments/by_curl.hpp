// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_BY_CURL_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_BY_CURL_HPP

#include "arguments.hpp"

#include <forest/adapters/asio/transport_options.hpp>

#ifdef FOREST_TOOL_WITH_CURL
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/curl/curl_options.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/core/error.hpp>

#include <asio/io_context.hpp>
#include <curl/curl.h>
#endif

// Checks by libcurl, if the tool was built with it: `--transport curl`.

namespace forest::cli {

#ifdef FOREST_TOOL_WITH_CURL

inline constexpr bool has_curl = true;

/// Returns the options of libcurl for the same connections.
[[nodiscard]] inline curl_options by_curl(const transport_options& connecting,
                                          const request_arguments& request, bool http2) {
    curl_options result;
    result.tls = connecting.tls;
    result.reuse_connections = connecting.reuse_connections;
    result.proxy = request.proxy;
    if (http2)
        result.configure = [](CURL* handle) {
            curl_easy_setopt(handle, CURLOPT_HTTP_VERSION,
                             long{CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE});
        };
    return result;
}

/// Returns whether this libcurl can use a connection of HTTP/2 without TLS again. Those
/// before 8.0.0 cannot: https://github.com/curl/curl/pull/10643.
[[nodiscard]] inline bool keeps_http2() noexcept {
    constexpr unsigned first = 0x080000;
    return curl_version_info(CURLVERSION_NOW)->version_num >= first;
}

/// Returns whether libcurl can use that proxy.
[[nodiscard]] inline bool is_proxy(const std::string& text) {
    asio::io_context io{1};
    try {
        const curl_transport tried{asio_clock{io.get_executor()}, {.proxy = text}};
        return true;
    } catch (const std::system_error& refused) {
        if (refused.code() != condition::invalid_argument)
            throw;
        return false;
    }
}

#else

inline constexpr bool has_curl = false;

// Both need libcurl, which is missing.
[[nodiscard]] inline bool keeps_http2() noexcept {
    return true;
}
[[nodiscard]] inline bool is_proxy(const std::string&) noexcept {
    return true;
}

#endif

} // namespace forest::cli

#endif
