// SPDX-License-Identifier: BSL-1.0
#include <forest/core/url.hpp>

#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
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
    std::string zone = "";

    friend std::ostream& operator<<(std::ostream& out, const good& row) { return out << row.text; }
};

constexpr auto http = url_scheme::http;
constexpr auto https = url_scheme::https;
constexpr auto http_unix = url_scheme::http_unix;
constexpr auto tcp = url_scheme::tcp;

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
    {"http://h./", http, "h.", 80, "/", "h"},
    {"https://A.Example.:8443/a", https, "a.example.", 8443, "/a", "a.example:8443"},
    {"http://127.0.0.256./", http, "127.0.0.256.", 80, "/", "127.0.0.256"},
    {"http://[fe80::1%25eth0]:80/", http, "fe80::1", 80, "/", "[fe80::1]", "", true, "eth0"},
    {"https://[FE80::1%25Eth0.1-a_~]:8443/a", https, "fe80::1", 8443, "/a", "[fe80::1]:8443", "",
     true, "Eth0.1-a_~"},
    {"http://[fe80::1%252]", http, "fe80::1", 80, "/", "[fe80::1]", "", true, "2"},
    {"http://[febf::1%25%65%74h%30%25]/", http, "febf::1", 80, "/", "[febf::1]", "", true, "eth0%"},
    {"http://[fe90::1%25123456789012345]/", http, "fe90::1", 80, "/", "[fe90::1]", "", true,
     "123456789012345"},
    {"http+unix://%2Frun%2Fa.sock/forest/health", http_unix, "localhost", 0, "/forest/health",
     "localhost", "/run/a.sock"},
    {"HTTP+UNIX://%2frun%2FA%20b.sock?x", http_unix, "localhost", 0, "/?x", "localhost",
     "/run/A b.sock"},
    {"http+unix://a.sock", http_unix, "localhost", 0, "/", "localhost", "a.sock"},
    {"http+unix://%2F%C3%A9/", http_unix, "localhost", 0, "/", "localhost", "/\xc3\xa9"},
    {"tcp://Database.example:5432", tcp, "database.example", 5432, "/", "database.example:5432"},
    {"TCP://[::1]:80/", tcp, "::1", 80, "/", "[::1]:80", "", true},
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
    {"tcp://h", errc::url_port_invalid},
    {"tcp://h:", errc::url_port_invalid},
    {"tcp://h:0", errc::url_port_invalid},
    {"tcp://[::1]", errc::url_port_invalid},
    {"tcp://:1", errc::url_host_missing},
    {"tcp://u@h:1", errc::url_userinfo_refused},
    {"tcp://h:1/a", errc::url_malformed},
    {"tcp://h:1?a", errc::url_malformed},
    {" http://h/", errc::url_malformed},
    {"http://h/ ", errc::url_malformed},
    {"http://h/a b", errc::url_malformed},
    {"http://h/a\r\nX: y", errc::url_malformed},
    {"http://h/\t", errc::url_malformed},
    {std::string{"http://h/\0", 10}, errc::url_malformed},
    {"http://h/\x7f", errc::url_malformed},
    {"http://h/\xc3\xa9", errc::url_malformed},
    {"http://h/?\xc3\xa9", errc::url_malformed},
    {"http+unix://\xc3\xa9/", errc::url_malformed},
    {"http://\xc3\xa9/", errc::url_host_not_ascii},
    {"http://a.\xc3\xa9.b:80/", errc::url_host_not_ascii},
    {"http://[\xc3\xa9]/", errc::url_host_not_ascii},
    {"http://%C3%A9/", errc::url_host_not_ascii},
    {"http://a%80/", errc::url_host_not_ascii},
    {"http://a%7f/", errc::url_malformed},
    {"http://u\xc3\xa9@h/", errc::url_userinfo_refused},
    {"h\xc3\xa9ttp://h/", errc::url_scheme_unsupported},
    {"http://./", errc::url_malformed},
    {"http://../", errc::url_malformed},
    {"http://h../", errc::url_malformed},
    {"http://.h/", errc::url_malformed},
    {"http://a..b/", errc::url_malformed},
    {"http://127.0.0.1./", errc::url_malformed},
    {"http://[::1.]/", errc::url_malformed},
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
    {"http://[h%25eth0]/", errc::url_malformed},
    {"http://[fe80::1]%25eth0/", errc::url_malformed},
    {"http://fe80::1%25eth0/", errc::url_port_invalid},
    {"http://127.0.0.1%25eth0/", errc::url_malformed},
    {"http://[fe80::1%25eth0/", errc::url_malformed},
    {"http://[fe80::1%25eth0]a/", errc::url_malformed},
    {"http://[fe80::1%25eth0]:x/", errc::url_port_invalid},
    {"http://[fe80::1%eth0]/", errc::url_zone_invalid},
    {"http://[fe80::1%2]/", errc::url_zone_invalid},
    {"http://[fe80::1%]/", errc::url_zone_invalid},
    {"http://[fe80::1%25]/", errc::url_zone_invalid},
    {"http://[fe80::1%25eth0%4]/", errc::url_zone_invalid},
    {"http://[fe80::1%25a:b]/", errc::url_zone_invalid},
    {"http://[fe80::1%25a%2Fb]/", errc::url_zone_invalid},
    {"http://[fe80::1%25a%3Ab]/", errc::url_zone_invalid},
    {"http://[fe80::1%25a%20b]/", errc::url_zone_invalid},
    {"http://[fe80::1%25a%7Fb]/", errc::url_zone_invalid},
    {"http://[fe80::1%25a%c3%a9]/", errc::url_zone_invalid},
    {"http://[fe80::1%25\xc3\xa9]/", errc::url_zone_invalid},
    {"http://[fe80::1%25a!]/", errc::url_zone_invalid},
    {"http://[fe80::1%251234567890123456]/", errc::url_zone_invalid},
    {"http://[::1%25lo]/", errc::url_zone_invalid},
    {"http://[fec0::1%25eth0]/", errc::url_zone_invalid},
    {"http://[2001:db8::1%25eth0]/", errc::url_zone_invalid},
    {"http+unix://%2/", errc::url_malformed},
    {"http+unix://%2Fa%00b/", errc::url_malformed},
    {"http+unix://%2Fa%0ab/", errc::url_malformed},
    {"http+unix://%2Fa%7Fb/", errc::url_malformed},
    {"http+unix://[a]/", errc::url_malformed},
};

// What all parts say.
void check_same_parts(const url& left, const url& right) {
    BOOST_TEST(left.text() == right.text());
    BOOST_TEST((left.scheme() == right.scheme()));
    BOOST_TEST(left.host() == right.host());
    BOOST_TEST(left.port() == right.port());
    BOOST_TEST(left.target() == right.target());
    BOOST_TEST(left.host_header() == right.host_header());
    BOOST_TEST(left.socket_path() == right.socket_path());
    BOOST_TEST(left.is_ip_literal() == right.is_ip_literal());
    BOOST_TEST(left.zone() == right.zone());
    BOOST_TEST(left.server_name() == right.server_name());
}

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
    BOOST_TEST(parsed.zone() == sample.zone);
}

BOOST_DATA_TEST_CASE(B40_peers_know_a_host_without_the_dot_at_its_end_and_without_its_zone,
                     data::make(accepted)) {
    const url parsed{sample.text};
    const bool dot = parsed.host().ends_with('.');
    BOOST_TEST(parsed.server_name() == parsed.host().substr(0, parsed.host().size() - dot));
    BOOST_TEST(!parsed.server_name().ends_with('.'));
    BOOST_TEST(parsed.host_header().find('%') == std::string_view::npos);
    BOOST_TEST(parsed.host_header().find(".:") == std::string_view::npos);
    BOOST_TEST(parsed.host_header().find(parsed.server_name()) != std::string_view::npos);
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
    const auto target = [](const url& parsed) { return std::string{parsed.target()}; };
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

BOOST_AUTO_TEST_CASE(urls_of_one_origin_lead_to_the_same_server_whatever_they_ask) {
    const auto same = [](const url& left, const url& right) {
        const bool result = left.same_origin(right);
        BOOST_TEST(right.same_origin(left) == result);
        // Hashes of different origins may be equal, but those of so few are not.
        BOOST_TEST((origin_hash(left) == origin_hash(right)) == result);
        return result;
    };
    BOOST_TEST(same("http://h/a", "HTTP://H:80/b?c#d"));
    BOOST_TEST(same("http+unix://%2Fa/x", "http+unix://%2fa"));
    BOOST_TEST(!same("http://h/", "https://h:80/"));
    BOOST_TEST(!same("http://h/", "http://h:81/"));
    BOOST_TEST(!same("http://h/", "http://i/"));
    BOOST_TEST(!same("http+unix://%2Fa", "http+unix://%2Fb"));
    BOOST_TEST(!same("http+unix://%2Fa", "http://localhost/"));
    // A resolver may find other addresses for a name that is complete, and another link another
    // server.
    BOOST_TEST(!same("http://h/", "http://h./"));
    BOOST_TEST(!same("http://[fe80::1]/", "http://[fe80::1%25eth0]/"));
    BOOST_TEST(!same("http://[fe80::1%25eth1]/", "http://[fe80::1%25eth0]/"));
    BOOST_TEST(!same("http://[fe80::1%251]/", "http://[fe80::11]/"));
    BOOST_TEST(same("http://[fe80::1%25eth0]/", "http://[FE80::1%25%65th0]:80/a"));
}

BOOST_AUTO_TEST_CASE(the_hash_of_an_origin_is_the_same_on_every_machine) {
    BOOST_TEST(forest::origin_hash("http://h/") == 0xd83cca186b27822fU);
}

BOOST_DATA_TEST_CASE(a_copy_says_the_same_and_outlives_its_original, data::make(accepted)) {
    const url again{sample.text};
    url copy;
    url assigned = "http://before/";
    {
        const url original{sample.text};
        copy = original;
        assigned = original;
        const url constructed{original};
        check_same_parts(constructed, again);
        BOOST_TEST((constructed.text().data() != original.text().data()));
    }
    check_same_parts(copy, again);
    check_same_parts(assigned, again);
}

BOOST_DATA_TEST_CASE(views_outlive_a_move_and_what_was_moved_from_is_empty, data::make(accepted)) {
    url original{sample.text};
    const std::string_view text = original.text();
    const std::string_view host = original.host();
    const std::string_view target = original.target();
    const std::string_view host_header = original.host_header();
    const std::string_view socket_path = original.socket_path();
    url moved{std::move(original)};
    check_same_parts(original, url{}); // NOLINT(bugprone-use-after-move)
    original = "http://another/";
    url last;
    last = std::move(moved);
    check_same_parts(moved, url{}); // NOLINT(bugprone-use-after-move)
    check_same_parts(last, url{sample.text});
    BOOST_TEST((text.data() == last.text().data() && text == sample.text));
    BOOST_TEST((host.data() == last.host().data() && host == sample.host));
    BOOST_TEST((target.data() == last.target().data() && target == sample.target));
    BOOST_TEST((host_header.data() == last.host_header().data()));
    BOOST_TEST((socket_path.data() == last.socket_path().data()));
}

BOOST_AUTO_TEST_CASE(a_url_that_names_nothing_has_empty_parts_and_can_be_copied_and_moved) {
    url none;
    BOOST_TEST(none.text().empty());
    BOOST_TEST(none.host().empty());
    BOOST_TEST(none.target().empty());
    BOOST_TEST(none.host_header().empty());
    BOOST_TEST(none.socket_path().empty());
    BOOST_TEST(none.port() == 0);
    BOOST_TEST(!none.is_ip_literal());
    BOOST_TEST(none.zone().empty());
    BOOST_TEST(none.server_name().empty());
    url full = "http://h/";
    full = none;
    BOOST_TEST((full == none));
    BOOST_TEST((url{none} == url{std::move(full)}));
}

BOOST_AUTO_TEST_CASE(assigning_a_url_to_itself_changes_nothing) {
    url subject = "http://h:81/a";
    const url& itself = subject;
    subject = itself;
    check_same_parts(subject, "http://h:81/a");
}

// A program that watches a hundred thousand servers keeps as many URLs.
BOOST_AUTO_TEST_CASE(a_url_is_one_pointer_and_its_parts_share_bytes_where_they_are_the_same) {
    static_assert(sizeof(url) == sizeof(void*));
    const auto within = [](std::string_view part, std::string_view whole) {
        const std::less_equal<> before;
        return before(whole.data(), part.data()) &&
               before(part.data() + part.size(), whole.data() + whole.size());
    };
    const url plain = "http://localhost:3000/forest/health?a#b";
    BOOST_TEST(within(plain.host(), plain.text()));
    BOOST_TEST(within(plain.host_header(), plain.text()));
    BOOST_TEST(within(plain.target(), plain.text()));
    const url shouted = "HTTP://LOCALHOST:3000/forest/health";
    BOOST_TEST(!within(shouted.host(), shouted.text()));
    BOOST_TEST(within(shouted.host(), shouted.host_header()));
    BOOST_TEST(within(shouted.target(), shouted.text()));
    const url zoned = "http://[fe80::1%25eth0]/";
    BOOST_TEST(within(zoned.host(), zoned.text()));
    BOOST_TEST(within(zoned.zone(), zoned.text()));
}

// All parts as long as they can be, none of which can share bytes with another.
BOOST_AUTO_TEST_CASE(the_parts_of_the_longest_urls_are_whole) {
    const std::string begin = "http://" + std::string(1000, 'A') + ":81";
    const std::string query(url::text_bytes_max - begin.size() - 1, 'b');
    const url longest{begin + '?' + query};
    BOOST_TEST(longest.text() == begin + '?' + query);
    BOOST_TEST(longest.host() == std::string(1000, 'a'));
    BOOST_TEST(longest.host_header() == std::string(1000, 'a') + ":81");
    BOOST_TEST(longest.target() == "/?" + query);
}

BOOST_AUTO_TEST_SUITE_END()
