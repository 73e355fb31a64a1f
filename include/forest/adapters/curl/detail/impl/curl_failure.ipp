// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_FAILURE_IPP
#define FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_FAILURE_IPP

#include <forest/adapters/curl/detail/curl_failure.hpp>
#include <forest/adapters/posix/connect_failure.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD errc curl_failure(const curl_outcome& outcome) noexcept {
    constexpr long proxy_timeout = 504;
    constexpr long proxy_refusal = 300;
    if (!outcome.sent && outcome.proxy_status == proxy_timeout)
        return errc::timed_out;
    if (!outcome.sent && outcome.proxy_status >= proxy_refusal)
        return errc::unreachable;
    switch (outcome.code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST: return errc::resolve_failed;
    case CURLE_COULDNT_CONNECT: return connect_failure(outcome.system_error);
    case CURLE_PROXY: return errc::unreachable; // It is asked for a connection.
    case CURLE_OPERATION_TIMEDOUT: return errc::timed_out;

    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_QUIC_CONNECT_ERROR: return errc::tls_failed;

    case CURLE_UNSUPPORTED_PROTOCOL: // a version of HTTP that does not exist
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP3: return errc::malformed_response;
    case CURLE_BAD_CONTENT_ENCODING: return errc::unsupported_encoding;
    case CURLE_FILESIZE_EXCEEDED: return errc::response_too_large; // a length beyond any integer

    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_NO_CONNECTION_AVAILABLE:
    case CURLE_UNRECOVERABLE_POLL: return errc::local_resources_exhausted;

    default: return errc::connection_lost;
    }
}

FOREST_DECL FOREST_COLD bool is_unconnected(const curl_outcome& outcome) noexcept {
    return !outcome.sent && outcome.code == CURLE_COULDNT_CONNECT;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
