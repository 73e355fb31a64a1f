// SPDX-License-Identifier: BSL-1.0
#include <forest/core/url.hpp>

#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::errc;
using forest::url;
using forest::url_scheme;

struct good {
    std::string text;
    url_scheme scheme;
    std::string host;
    std::uint16_t port;
    std::string target;
    std::string host_header;
    std::string socket_path = "";
    bool ip_literal = false;

    friend std::ostream& operator<<(std::ostream& out, const good& row) { return out << row.text; }
};

constexpr auto http = url_scheme::http;
constexpr auto https = url_scheme::https;
constexpr auto http_unix = url_scheme::http_unix;

const std::vector<good> accepted{
    {"http://localhost:3000/forest/health", http, "localhost", 3000, "/forest/health",
     "localhost:3000"},
    {"http://h", http, "h", 80, "/", "h"},
    {"http://h/", http, "h", 80, "/", "h"},
    {"http://h:/", http, "h", 80, "/", "h"},
    {"http://h:80/a", http, "h", 80, "/a", "h"},
    {"https://h:443/a", https, "h", 443, "/a", "h"},
    {"https://h/a", https, "h", 443, "/a", "h"},
    {"https://h:80/", https, "h", 80, "/", "h:80"},
    {"http://h:443/", http, "h", 443, "/", "h:443"},
    {"http://h:1/", http, "h", 1, "/", "h:1"},
    {"http://h:65535/", http, "h", 65535, "/", "h:65535"},
    {"http://h:00080/", http, "h", 80, "/", "h"},
    {"HTTP://ExAmPlE.Com/Path", http, "example.com", 80, "/Path", "example.com"},
    {"hTTpS://A.b", https, "a.b", 443, "/", "a.b"},
    {"http://h?a=b", http, "h", 80, "/?a=b", "h"},
    {"http://h#f", http, "h", 80, "/", "h"},
    {"http://h/a?b=c?d#e?f", http, "h", 80, "/a?b=c?d", "h"},
    {"http://h?a#b", http, "h", 80, "/?a", "h"},
    {"http://h/a#", http, "h", 80, "/a", "h"},
    {"http://h/%20%7e/a:b@c", http, "h", 80, "/%20%7e/a:b@c", "h"},
    {"http://h//a/../b", http, "h", 80, "//a/../b", "h"},
    {"http://a_b.c-d~e/", http, "a_b.c-d~e", 80, "/", "a_b.c-d~e"},
    {"http://127.0.0.1:8080/", http, "127.0.0.1", 8080, "/", "127.0.0.1:8080", "", true},
    {"http://127.0.0.256/", http, "127.0.0.256", 80, "/", "127.0.0.256"},
    {"http://[::1]/", http, "::1", 80, "/", "[::1]", "", true},
    {"http://[FE80::1]:8080/a", http, "fe80::1", 8080, "/a", "[fe80::1]:8080", "", true},
    {"https://[::ffff:1.2.3.4]:443", https, "::ffff:1.2.3.4", 443, "/", "[::ffff:1.2.3.4]", "",
     true},
    {"http+unix://%2Frun%2Fa.sock/forest/health", http_unix, "localhost", 0, "/forest/health",
     "localhost", "/run/a.sock"},
    {"HTTP+UNIX://%2frun%2FA%20b.sock?x", http_unix, "localhost", 0, "/?x", "localhost",
     "/run/A b.sock"},
    {"http+unix://a.sock", http_unix, "localhost", 0, "/", "localhost", "a.sock"},
    {"http+unix://%2F%C3%A9/", http_unix, "localhost", 0, "/", "localhost", "/\xc3\xa9"},
};

struct bad {
    std::string text;
    errc error;

    friend std::ostream& operator<<(std::ostream& out, const bad& row) { return out << row.text; }
};

const std::vector<bad> refused{
    {"", errc::url_scheme_unsupported},
    {"localhost:3000/forest/health", errc::url_scheme_unsupported},
    {"//h/a", errc::url_scheme_unsupported},
    {"/a", errc::url_scheme_unsupported},
    {"://h/", errc::url_scheme_unsupported},
    {"ftp://h/", errc::url_scheme_unsupported},
    {"unix://h/", errc::url_scheme_unsupported},
    {"https+unix://h/", errc::url_scheme_unsupported},
    {"http:/h/", errc::url_scheme_unsupported},
    {"http//h/", errc::url_scheme_unsupported},
    {"http://u@h/", errc::url_userinfo_refused},
    {"http://u:p@h/", errc::url_userinfo_refused},
    {"http://@h/", errc::url_userinfo_refused},
    {"http+unix://u@%2Fa/", errc::url_userinfo_refused},
    {"http://", errc::url_host_missing},
    {"http:///a", errc::url_host_missing},
    {"http://:80/", errc::url_host_missing},
    {"http://?a", errc::url_host_missing},
    {"http://#a", errc::url_host_missing},
    {"http+unix:///a", errc::url_host_missing},
    {"http://h:0/", errc::url_port_invalid},
    {"http://h:65536/", errc::url_port_invalid},
    {"http://h:99999999999999999999/", errc::url_port_invalid},
    {"http://h:8o/", errc::url_port_invalid},
    {"http://h:-1/", errc::url_port_invalid},
    {"http://h:1:2/", errc::url_port_invalid},
    {"http://[::1]:x/", errc::url_port_invalid},
    {"http+unix://%2Fa:80/", errc::url_port_invalid},
    {" http://h/", errc::url_malformed},
    {"http://h/ ", errc::url_malformed},
    {"http://h/a b", errc::url_malformed},
    {"http://h/a\r\nX: y", errc::url_malformed},
    {"http://h/\t", errc::url_malformed},
    {std::string{"http://h/\0", 10}, errc::url_malformed},
    {"http://h/\x7f", errc::url_malformed},
    {"http://h/\xc3\xa9", errc::url_malformed},
    {"http://\xc3\xa9/", errc::url_malformed},
    {"http://h/%", errc::url_malformed},
    {"http://h/%4", errc::url_malformed},
    {"http://h/%4g", errc::url_malformed},
    {"http://h/?%zz", errc::url_malformed},
    {"http://h/#%zz", errc::url_malformed},
    {"http://h/#a#b", errc::url_malformed},
    {"http://h/\"", errc::url_malformed},
    {"http://h/<a>", errc::url_malformed},
    {"http://h/a\\b", errc::url_malformed},
    {"http://h/{a}", errc::url_malformed},
    {"http://h/a|b", errc::url_malformed},
    {"http://h/a[0]", errc::url_malformed},
    {"http://h/a^b`", errc::url_malformed},
    {"http://h\\a/", errc::url_malformed},
    {"http://h%41/", errc::url_malformed},
    {"http://[::1/", errc::url_malformed},
    {"http://[::1]a/", errc::url_malformed},
    {"http://[h]/", errc::url_malformed},
    {"http://[]/", errc::url_malformed},
    {"http://[fe80::1%25eth0]/", errc::url_malformed},
    {"http+unix://%2/", errc::url_malformed},
    {"http+unix://%2Fa%00b/", errc::url_malformed},
    {"http+unix://%2Fa%0ab/", errc::url_malformed},
    {"http+unix://%2Fa%7Fb/", errc::url_malformed},
    {"http+unix://[a]/", errc::url_malformed},
};

} // namespace

BOOST_AUTO_TEST_SUITE(url_test)

BOOST_DATA_TEST_CASE(a_good_url_is_taken_apart, data::make(accepted)) {
    url parsed;
    BOOST_TEST(url::parse(sample.text, parsed) == std::error_code{});
    BOOST_TEST(parsed.text() == sample.text);
    BOOST_TEST((parsed.scheme() == sample.scheme));
    BOOST_TEST(parsed.host() == sample.host);
    BOOST_TEST(parsed.port() == sample.port);
    BOOST_TEST(parsed.target() == sample.target);
    BOOST_TEST(parsed.host_header() == sample.host_header);
    BOOST_TEST(parsed.socket_path() == sample.socket_path);
    BOOST_TEST(parsed.is_ip_literal() == sample.ip_literal);
}

BOOST_DATA_TEST_CASE(a_bad_url_is_refused_and_changes_nothing, data::make(refused)) {
    url before = "http://before/";
    BOOST_TEST(url::parse(sample.text, before) == forest::make_error_code(sample.error));
    BOOST_TEST(before.text() == "http://before/");
}

BOOST_DATA_TEST_CASE(a_bad_url_throws_its_error_without_repeating_its_text, data::make(refused)) {
    BOOST_CHECK_EXCEPTION(
        url{sample.text}, std::system_error, [&](const std::system_error& thrown) {
            return thrown.code() == sample.error &&
                   (sample.text.size() < 9 ||
                    std::string_view{thrown.what()}.find(sample.text) == std::string_view::npos);
        });
}

BOOST_DATA_TEST_CASE(no_url_cut_short_is_read_outside, data::make(accepted)) {
    for (std::size_t size = 0; size < sample.text.size(); ++size) {
        const std::vector<char> exact{sample.text.begin(),
                                      sample.text.begin() + static_cast<std::ptrdiff_t>(size)};
        url parsed;
        if (!url::parse({exact.data(), exact.size()}, parsed))
            BOOST_TEST(parsed.text() == sample.text.substr(0, size));
        else
            BOOST_TEST(parsed.text() == "");
    }
}

BOOST_AUTO_TEST_CASE(lengths_hold_at_exactly_their_limit) {
    const auto error = [](const std::string& text) {
        url parsed;
        return url::parse(text, parsed);
    };
    const std::string begin = "http://h/";
    BOOST_TEST(!error(begin + std::string(url::text_bytes_max - begin.size(), 'a')));
    BOOST_TEST((error(begin + std::string(url::text_bytes_max - begin.size() + 1, 'a')) ==
                errc::url_too_long));
    const std::string socket = "http+unix://%2F";
    BOOST_TEST(!error(socket + std::string(url::socket_path_bytes_max - 1, 'a')));
    BOOST_TEST(
        (error(socket + std::string(url::socket_path_bytes_max, 'a')) == errc::url_too_long));
}

BOOST_AUTO_TEST_CASE(every_kind_of_text_converts) {
    const auto target = [](const url& parsed) { return parsed.target(); };
    BOOST_TEST(target("http://h/a") == "/a");
    BOOST_TEST(target(std::string{"http://h/a"}) == "/a");
    BOOST_TEST(target(std::string_view{"http://h/a"}) == "/a");
}

BOOST_AUTO_TEST_CASE(urls_are_equal_when_they_lead_to_the_same_resource) {
    BOOST_TEST((url{"HTTP://H:80"} == url{"http://h/#x"}));
    BOOST_TEST((url{"http://h/"} != url{"https://h/"}));
    BOOST_TEST((url{"http://h/"} != url{"http://h:81/"}));
    BOOST_TEST((url{"http://h/"} != url{"http://i/"}));
    BOOST_TEST((url{"http://h/"} != url{"http://h/a"}));
    BOOST_TEST((url{"http+unix://%2Fa"} != url{"http+unix://%2Fb"}));
    BOOST_TEST((url{} == url{}));
}

BOOST_AUTO_TEST_SUITE_END()
