// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_BY_CURL_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_BY_CURL_HPP

#include "arguments.hpp"

#include <forest/adapters/asio/transport_options.hpp>

#ifdef FOREST_TOOL_WITH_CURL
#include <forest/adapters/curl/curl_options.hpp>

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

#else

inline constexpr bool has_curl = false;

#endif

} // namespace forest::cli

#endif
