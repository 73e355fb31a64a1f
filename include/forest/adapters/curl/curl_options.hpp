// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_CURL_OPTIONS_HPP
#define FOREST_ADAPTERS_CURL_CURL_OPTIONS_HPP

#include <forest/adapters/openssl/tls_options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <curl/curl.h>

#include <chrono>
#include <functional>
#include <string>

// The options for checks by libcurl.

namespace forest::inline FOREST_FORM {

/// The options of the transports that share one `curl_connections`.
struct curl_options {
    /// The files for TLS. libcurl has no `accept_common_names` and no `accept_partial_wildcards`:
    /// it decides by its own rules.
    tls_options tls = {};

    /// Whether a connection is kept for the next check. Off by default: a fresh connection also
    /// proves that the server still accepts connections.
    bool reuse_connections = false;

    /// The greatest age of a kept connection; whole seconds, at least one.
    duration kept_age_max = std::chrono::minutes{5};

    /// The proxy as in `CURLOPT_PROXY`, for example `http://proxy.example:3128` or
    /// `socks5h://127.0.0.1:1080`. Empty: none. The variables of the environment, such as
    /// `https_proxy`, are not read. Set a proxy here and not in `configure`: the transport looks up
    /// the name of the proxy, and leaves the name of the target to the proxy.
    std::string proxy{};

    /// Sets further options of libcurl, for example `CURLOPT_HTTP_VERSION` or
    /// `CURLOPT_PROXYUSERPWD`. Called once for each easy handle, when its transport is made, on the
    /// thread that makes it. It must not keep the handle, and an exception passes to that caller.
    /// Behind it the transport sets what a check needs: the URL, the method, the header lines, no
    /// redirects, no decoding, and the callbacks for data and sockets.
    std::function<void(CURL*)> configure{};
};

} // namespace forest::inline FOREST_FORM

#endif
