// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/request_writer.hpp>

#include <core/detail/http/feeding.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/url.hpp>
#include <forest/version.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::string write(const forest::url& target, const forest::header_fields& fields,
                  bool keep_alive = false, std::string_view method = "GET") {
    std::array<char, forest::detail::request_bytes_max> buffer;
    return {buffer.data(),
            forest::detail::write_request(buffer, method, target, fields, keep_alive)};
}

forest::header_fields signature() {
    forest::header_fields fields;
    BOOST_TEST(!fields.add("X_TIMESTAMP", "2025-12-09T12:00:00.000Z"));
    BOOST_TEST(!fields.add("X_SIGNATURE", std::string(64, 'a')));
    return fields;
}

} // namespace

BOOST_AUTO_TEST_SUITE(request_writer_test)

BOOST_AUTO_TEST_CASE(the_request_has_exactly_the_bytes_of_the_protocol_page) {
    const std::string expected = "GET /forest/health HTTP/1.1\r\n"
                                 "Host: warehouse.example:3000\r\n"
                                 "User-Agent: forest/" +
                                 std::string{forest::version} +
                                 "\r\n"
                                 "Accept: application/json\r\n"
                                 "X_TIMESTAMP: 2025-12-09T12:00:00.000Z\r\n"
                                 "X_SIGNATURE: " +
                                 std::string(64, 'a') +
                                 "\r\n"
                                 "Connection: close\r\n"
                                 "\r\n";
    BOOST_TEST(write("http://warehouse.example:3000/forest/health", signature()) == expected);
}

BOOST_AUTO_TEST_CASE(a_request_that_keeps_the_connection_says_nothing_of_it) {
    const std::string text = write("https://h/", {}, true, "HEAD");
    BOOST_TEST(text == "HEAD / HTTP/1.1\r\nHost: h\r\nUser-Agent: forest/" +
                           std::string{forest::version} + "\r\nAccept: application/json\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_field_of_the_request_replaces_the_usual_one) {
    const std::string agent = "User-Agent: forest/" + std::string{forest::version} + "\r\n";
    const std::string accept = "Accept: application/json\r\n";
    const auto with = [](std::string_view name) {
        forest::header_fields fields;
        BOOST_TEST(!fields.add("X-First", "1"));
        BOOST_TEST(!fields.add(name, "mine"));
        return write("http://h/", fields);
    };
    const std::string end = "Connection: close\r\n\r\n";
    const std::string line = "GET / HTTP/1.1\r\n";
    const std::string first = "X-First: 1\r\n";
    BOOST_TEST(with("host") == line + agent + accept + first + "host: mine\r\n" + end);
    BOOST_TEST(with("USER-AGENT") ==
               line + "Host: h\r\n" + accept + first + "USER-AGENT: mine\r\n" + end);
    BOOST_TEST(with("Accept") == line + "Host: h\r\n" + agent + first + "Accept: mine\r\n" + end);
    BOOST_TEST(with("Accept-Language") ==
               line + "Host: h\r\n" + agent + accept + first + "Accept-Language: mine\r\n" + end);
}

BOOST_AUTO_TEST_CASE(fields_that_were_cleared_or_copied_replace_what_they_say) {
    forest::header_fields fields;
    BOOST_TEST(!fields.add("Host", "mine"));
    const forest::header_fields copy = fields;
    BOOST_TEST(write("http://h/", copy) == write("http://h/", fields));
    forest::header_fields all;
    BOOST_TEST(!all.add(fields));
    BOOST_TEST(write("http://h/", all) == write("http://h/", fields));
    fields.clear();
    BOOST_TEST(write("http://h/", fields) == write("http://h/", {}));
    fields = copy;
    BOOST_TEST(write("http://h/", copy) == write("http://h/", fields));
}

BOOST_AUTO_TEST_CASE(the_host_is_written_as_the_url_says) {
    BOOST_TEST(write("http://h:80/", {}).find("\r\nHost: h\r\n") != std::string::npos);
    BOOST_TEST(write("http://[::1]:81/", {}).find("\r\nHost: [::1]:81\r\n") != std::string::npos);
    BOOST_TEST(write("http+unix://%2Fa/b", {}).find("\r\nHost: localhost\r\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_request_that_does_not_fit_is_not_written) {
    const forest::url target = "http://h/a";
    const std::string whole = write(target, signature());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::vector<char> small(size);
        BOOST_TEST(forest::detail::write_request(small, "GET", target, signature(), false) == 0U);
    }
    std::vector<char> exact(whole.size());
    BOOST_TEST(forest::detail::write_request(exact, "GET", target, signature(), false) ==
               whole.size());
}

BOOST_AUTO_TEST_CASE(the_largest_request_fits_into_the_bound) {
    forest::header_fields fields;
    BOOST_TEST(!fields.add("N", std::string(forest::header_fields::capacity - 5, 'v')));
    const std::string begin = "http://h:65535/";
    const std::string path(forest::url::text_bytes_max - begin.size(), 'a');
    BOOST_TEST(!write(begin + path, fields, false, std::string(32, 'M')).empty());
    const std::string host(forest::url::text_bytes_max - 7, 'h');
    BOOST_TEST(!write("http://" + host, fields, false, std::string(32, 'M')).empty());
}

BOOST_AUTO_TEST_CASE(our_own_parser_understands_what_is_written) {
    const auto result = forest_test::feed_request(write("http://h:3000/a?b", signature()));
    BOOST_TEST(!result.error);
    BOOST_TEST(result.method == "GET");
    BOOST_TEST(result.target == "/a?b");
    BOOST_TEST(!result.keep_alive);
    BOOST_TEST(result.fields.find("X_TIMESTAMP=2025-12-09T12:00:00.000Z\n") != std::string::npos);
    BOOST_TEST(result.surplus == "");
    BOOST_TEST(forest_test::feed_request(write("http://h/", {}, true)).keep_alive);
}

BOOST_AUTO_TEST_SUITE_END()
