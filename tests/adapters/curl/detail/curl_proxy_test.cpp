// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/curl/detail/curl_proxy.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/url.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace forest;
using namespace forest::detail;

namespace data = boost::unit_test::data;

namespace {

struct known_proxy {
    std::string text;
    std::string name;
    std::uint16_t port;
    bool is_address, resolves, forwards;

    friend std::ostream& operator<<(std::ostream& out, const known_proxy& each) {
        return out << each.text;
    }
};

const known_proxy proxies[] = {
    {"http://proxy.test:3128", "proxy.test", 3128, false, true, true},
    {"proxy.test:3128", "proxy.test", 3128, false, true, true},
    {"proxy.test", "proxy.test", 1080, false, true, true},
    {"https://proxy.test", "proxy.test", 443, false, true, true},
    {"http://127.0.0.1:8080", "127.0.0.1", 8080, true, true, true},
    {"http://[::1]:8080", "[::1]", 8080, true, true, true},
    {"socks5h://proxy.test:9050", "proxy.test", 9050, false, true, false},
    {"socks4a://proxy.test", "proxy.test", 1080, false, true, false},
    {"socks5://proxy.test", "proxy.test", 1080, false, false, false},
    {"socks4://user@proxy.test", "proxy.test", 1080, false, false, false},
};

errc failure_of(const std::string& text) {
    try {
        (void)read_proxy(text);
    } catch (const std::system_error& failed) {
        return errc{failed.code().value()};
    }
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(curl_proxy_test)

BOOST_DATA_TEST_CASE(a_proxy_is_read_as_libcurl_reads_it, data::make(proxies), each) {
    const curl_proxy found = read_proxy(each.text);
    BOOST_TEST(found.host.name == each.name);
    BOOST_TEST(found.host.port == each.port);
    BOOST_TEST(found.host.is_address == each.is_address);
    BOOST_TEST(found.resolves == each.resolves);
    BOOST_TEST(found.forwards == each.forwards);
}

BOOST_AUTO_TEST_CASE(no_text_is_no_proxy) {
    BOOST_TEST(read_proxy("").host.empty());
}

BOOST_AUTO_TEST_CASE(a_proxy_that_cannot_be_used_is_refused) {
    BOOST_TEST((failure_of("ftp://proxy.test") == errc::url_scheme_unsupported));
    BOOST_TEST((failure_of("http://") == errc::url_malformed));
    BOOST_TEST((failure_of("http://proxy.test:99999") == errc::url_malformed));
    BOOST_TEST((failure_of("http://a b") == errc::url_malformed));
}

BOOST_AUTO_TEST_CASE(a_line_of_addresses_has_them_in_their_order) {
    ip_address four{.bytes = {127, 0, 0, 2}};
    ip_address six{.is_v6 = true};
    six.bytes[15] = 1;
    ip_address local = six;
    local.scope = 2;
    BOOST_TEST(resolve_line("a.test", 80, std::vector{six, four}) == "+a.test:80:[::1],127.0.0.2");
    BOOST_TEST(resolve_line("a.test", 80, std::vector{local, four}) == "+a.test:80:127.0.0.2");
    BOOST_TEST(resolve_line("a.test", 80, std::vector{local}).empty());
    BOOST_TEST(resolve_line("a.test", 80, {}).empty());
}

BOOST_AUTO_TEST_CASE(libcurl_gets_the_name_of_the_server_and_the_interface_of_an_address) {
    for (const auto& [text, expected] :
         {std::pair<const char*, const char*>{"http://a.test/x?y#z", "http://a.test/x?y"},
          {"https://A.test.:8443", "https://a.test:8443/"},
          {"http://[::1]:80/", "http://[::1]/"},
          {"http://[fe80::1%25lo]:81/", "http://[fe80::1%25lo]:81/"},
          {"http+unix://%2Fa.sock/x", "http://localhost/x"}})
        BOOST_TEST(curl_target(url{text}) == expected);
}

BOOST_AUTO_TEST_SUITE_END()
