// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/curl/detail/curl_failure.hpp>
#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <ostream>

// Each failure of libcurl, and what it is called here.

using namespace forest;
using forest::detail::curl_failure;
using forest::detail::curl_outcome;
using forest::detail::is_unconnected;

namespace data = boost::unit_test::data;

namespace {

struct expectation {
    curl_outcome outcome;
    errc expected;

    friend std::ostream& operator<<(std::ostream& out, const expectation& each) {
        return out << curl_easy_strerror(each.outcome.code) << ", errno "
                   << each.outcome.system_error << ", proxy " << each.outcome.proxy_status;
    }
};

const expectation failures[] = {
    {{.code = CURLE_COULDNT_CONNECT, .system_error = ECONNREFUSED}, errc::connection_refused},
    {{.code = CURLE_COULDNT_CONNECT, .system_error = ENOENT}, errc::connection_refused},
    {{.code = CURLE_COULDNT_CONNECT, .system_error = EHOSTUNREACH}, errc::unreachable},
    {{.code = CURLE_COULDNT_CONNECT, .system_error = ENETUNREACH}, errc::unreachable},
    {{.code = CURLE_COULDNT_CONNECT}, errc::unreachable},
    {{.code = CURLE_COULDNT_CONNECT, .system_error = ETIMEDOUT}, errc::timed_out},
    {{.code = CURLE_COULDNT_CONNECT, .system_error = ECONNRESET}, errc::connection_lost},
    {{.code = CURLE_COULDNT_CONNECT, .system_error = EMFILE}, errc::local_resources_exhausted},
    {{.code = CURLE_COULDNT_CONNECT, .system_error = EADDRNOTAVAIL},
     errc::local_resources_exhausted},
    {{.code = CURLE_OUT_OF_MEMORY}, errc::local_resources_exhausted},
    {{.code = CURLE_INTERFACE_FAILED}, errc::local_resources_exhausted},
    {{.code = CURLE_COULDNT_RESOLVE_HOST}, errc::resolve_failed},
    {{.code = CURLE_COULDNT_RESOLVE_PROXY}, errc::resolve_failed},
    {{.code = CURLE_OPERATION_TIMEDOUT}, errc::timed_out},
    {{.code = CURLE_PEER_FAILED_VERIFICATION}, errc::tls_failed},
    {{.code = CURLE_SSL_CONNECT_ERROR}, errc::tls_failed},
    {{.code = CURLE_SSL_CERTPROBLEM}, errc::tls_failed},
    {{.code = CURLE_SSL_PINNEDPUBKEYNOTMATCH}, errc::tls_failed},
    {{.code = CURLE_SSL_CLIENTCERT}, errc::tls_failed},
    {{.code = CURLE_WEIRD_SERVER_REPLY, .sent = true}, errc::malformed_response},
    {{.code = CURLE_UNSUPPORTED_PROTOCOL, .sent = true}, errc::malformed_response},
    {{.code = CURLE_HTTP2, .sent = true}, errc::malformed_response},
    {{.code = CURLE_BAD_CONTENT_ENCODING, .sent = true}, errc::unsupported_encoding},
    {{.code = CURLE_FILESIZE_EXCEEDED, .sent = true}, errc::response_too_large},
    {{.code = CURLE_GOT_NOTHING, .sent = true}, errc::connection_lost},
    {{.code = CURLE_PARTIAL_FILE, .sent = true}, errc::connection_lost},
    {{.code = CURLE_RECV_ERROR, .sent = true}, errc::connection_lost},
    {{.code = CURLE_SEND_ERROR, .sent = true}, errc::connection_lost},
    {{.code = CURLE_HTTP2_STREAM, .sent = true}, errc::connection_lost},
    // A proxy that was asked for a tunnel has refused.
    {{.code = CURLE_RECV_ERROR, .proxy_status = 403}, errc::unreachable},
    {{.code = CURLE_RECV_ERROR, .proxy_status = 407}, errc::unreachable},
    {{.code = CURLE_RECV_ERROR, .proxy_status = 502}, errc::unreachable},
    {{.code = CURLE_RECV_ERROR, .proxy_status = 504}, errc::timed_out},
    {{.code = CURLE_RECV_ERROR, .proxy_status = 200, .sent = true}, errc::connection_lost},
    {{.code = CURLE_PROXY}, errc::unreachable},
};

} // namespace

BOOST_AUTO_TEST_SUITE(curl_failure_test)

BOOST_DATA_TEST_CASE(B5_each_failure_has_its_error, data::make(failures), each) {
    BOOST_TEST(make_error_code(curl_failure(each.outcome)) == make_error_code(each.expected));
}

BOOST_AUTO_TEST_CASE(every_code_of_libcurl_says_something_about_a_check) {
    for (int code = 1; code < CURL_LAST; ++code) {
        const errc found = curl_failure({.code = static_cast<CURLcode>(code)});
        BOOST_TEST((is_check_failure(found) || found == errc::local_resources_exhausted));
    }
}

BOOST_AUTO_TEST_CASE(only_a_connect_that_failed_has_sent_nothing) {
    BOOST_TEST(is_unconnected({.code = CURLE_COULDNT_CONNECT}));
    BOOST_TEST(!is_unconnected({.code = CURLE_COULDNT_CONNECT, .sent = true}));
    BOOST_TEST(!is_unconnected({.code = CURLE_RECV_ERROR}));
    BOOST_TEST(!is_unconnected({}));
}

BOOST_AUTO_TEST_SUITE_END()
