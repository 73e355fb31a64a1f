// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_CURL_FAILURE_HPP
#define FOREST_ADAPTERS_CURL_DETAIL_CURL_FAILURE_HPP

#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <curl/curl.h>

// The only place where codes of libcurl become codes of this library.

namespace forest::inline FOREST_FORM::detail {

/// How a transfer of libcurl has failed.
struct curl_outcome {
    CURLcode code = CURLE_OK;
    /// `errno` of the last connect, or of the last socket that could not be opened; 0 if there is
    /// none.
    int system_error = 0;
    /// The status with which a proxy has answered CONNECT; 0 if it was not asked.
    long proxy_status = 0;
    /// The request was sent, or a part of it.
    bool sent = false;
};

/// Returns why a transfer without a complete answer has failed.
[[nodiscard]] FOREST_DECL errc curl_failure(const curl_outcome& outcome) noexcept;

/// Returns whether no connection was made, so that the request has not left this machine.
[[nodiscard]] FOREST_DECL bool is_unconnected(const curl_outcome& outcome) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/curl/detail/impl/curl_failure.ipp>
#endif

#endif
