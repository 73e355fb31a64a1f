// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/request_parser.hpp>

#include <core/detail/http/feeding.hpp>
#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::errc;
using forest::http_method;
using forest::message_limits;
using forest_test::cut_everywhere;
using forest_test::feed_request;
using forest_test::request_result;

constexpr int none = 0;

struct row {
    std::string request;
    int error_status;
    std::string path;
    bool keep_alive = false;
    std::string body = "";
    std::string surplus = "";

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << value.request;
    }
};

std::string get(std::string_view target, std::string_view fields = "",
                std::string_view version = "HTTP/1.1") {
    std::string request{"GET "};
    request.append(target).append(" ").append(version).append("\r\nHost: a\r\n");
    return request.append(fields).append("\r\n");
}

std::string post(std::string_view fields, std::string_view rest) {
    std::string request{"POST /p HTTP/1.1\r\nHost: a\r\n"};
    return request.append(fields).append("\r\n").append(rest);
}

// PROTOCOL.md, 2, as far as it is about framing, and RFC 9112.
const std::vector<row> accepted{
    {get("/forest/health"), none, "/forest/health", true},
    {get("/forest/health?a=b?c"), none, "/forest/health", true},
    {get("/?"), none, "/", true},
    {get("//a//b"), none, "//a//b", true},
    {get("/a|b\"[c]%zz"), none, "/a|b\"[c]%zz", true},
    {get("http://warehouse:3000/forest/health?x"), none, "/forest/health", true},
    {get("HTTPS://[::1]/a"), none, "/a", true},
    {get("http://a"), none, "/", true},
    {get("http://a?x=/y"), none, "/", true},
    {get("/a?u=http://b/c"), none, "/a", true},
    {"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", none, "/a", true},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", none, "*", true},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", none, "a:80", true},
    {"get /a HTTP/1.1\r\nHost: a\r\n\r\n", none, "/a", true},
    // HTTP/1.0, as nginx forwards.
    {"GET /a HTTP/1.0\r\n\r\n", none, "/a", false},
    {"GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", none, "/a", false},
    // Connection.
    {get("/", "Connection: close\r\n"), none, "/", false},
    {get("/", "connection: te, Close\r\n"), none, "/", false},
    {get("/", "Connection: keep-alive\r\n"), none, "/", true},
    {get("/", "Connection: close\r\nConnection: keep-alive\r\n"), none, "/", false},
    {get("/", "Connection: keep-alive\r\nConnection: close\r\n"), none, "/", false},
    // Host.
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", none, "/", true},
    {"GET / HTTP/1.1\r\nhost: [::1]:65535\r\n\r\n", none, "/", true},
    {"GET / HTTP/1.1\r\nHOST: A_b.c:\r\n\r\n", none, "/", true},
    // Empty lines before the request line.
    {"\r\n" + get("/"), none, "/", true},
    {"\r\n\r\n" + get("/"), none, "/", true},
    // Bodies.
    {post("Content-Length: 5\r\n", "helloGET"), none, "/p", true, "hello", "GET"},
    {post("Content-Length: 0\r\n", ""), none, "/p", true},
    {post("Transfer-Encoding: chunked\r\n", "2;a\r\nhe\r\n3 \r\nllo\r\n0\r\nA: b\r\n\r\n"), none,
     "/p", true, "hello"},
    {post("Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), none, "/p",
     true, "he", "GET / HTTP/1.1\r\n"},
    {post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n\r\n"), none, "/p", true, "", "\r\n"},
    // Pipelined: what follows is left alone, whatever it is.
    {get("/a") + get("/b"), none, "/a", true, "", get("/b")},
    {get("/a") + "\x01garbage", none, "/a", true, "", "\x01garbage"},
};

const std::vector<row> refused{
    // The request line.
    {"x\r\n\r\n", 400, ""},
    {"GET /\r\n\r\n", 400, ""},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, ""},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, ""},
    {"GET / HTTP/1.1\rHost: a\r\n\r\n", 400, ""},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400, ""},
    {"GET / HTTP/11\r\nHost: a\r\n\r\n", 400, ""},
    {"GET / HTTP/x.1\r\nHost: a\r\n\r\n", 400, ""},
    {"GET / HTTPS/1.1\r\nHost: a\r\n\r\n", 400, ""},
    {get("a"), 400, "a"},
    {get("*"), 400, "*"},
    {get("a:80"), 400, "a:80"},
    {get("ftp://a/b"), 400, "/b"},
    {get("http:///b"), 400, "/b"},
    {get("http://u@a/b"), 400, "/b"},
    {"POST a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "a/b"},
    {"\r\n\r\n\r\n" + get("/"), 400, ""},
    {"\n" + get("/"), 400, ""},
    {"\rX" + get("/"), 400, ""},
    // Other versions.
    {get("/", "", "HTTP/2.0"), 505, "/"},
    {get("/", "", "HTTP/1.2"), 505, "/"},
    {get("/", "", "HTTP/0.9"), 505, "/"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "*"},
    // Host.
    {"GET / HTTP/1.1\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400, "/"},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "/"},
    {"GET http://a/ HTTP/1.1\r\n\r\n", 400, "/"},
    // Header section.
    {get("/", "A : b\r\n"), 400, ""},
    {get("/", "A: b\r\n c\r\n"), 400, ""},
    {get("/", "A: b\n"), 400, ""},
    {get("/", "A\r\n"), 400, ""},
    {get("/", ": b\r\n"), 400, ""},
    {get("/", std::string_view{"A: \0\r\n", 6}), 400, ""},
    // Framing.
    {post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, "/p"},
    {post("Content-Length: 1\r\nContent-Length: 2\r\n", "xx"), 400, "/p"},
    {post("Content-Length: x\r\n", "xx"), 400, "/p"},
    {"POST /p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "/p"},
    {post("Transfer-Encoding: gzip\r\n", ""), 501, "/p"},
    {post("Transfer-Encoding: gzip, chunked\r\n", ""), 501, "/p"},
    {post("Transfer-Encoding: chunked\r\n", "x\r\n"), 400, "/p"},
    {post("Transfer-Encoding: chunked\r\n", "1\nx\r\n"), 400, "/p"},
    {post("Content-Length: 65537\r\n", ""), 413, "/p"},
    {post("Content-Length: 99999999999999999999999\r\n", ""), 413, "/p"},
    {post("Transfer-Encoding: chunked\r\n", "10001\r\n"), 413, "/p"},
};

// How far a request was understood before it was refused does not matter to the table.
void check_refusal(const row& sample, const request_result& result) {
    BOOST_TEST(result.error_status == sample.error_status);
    BOOST_TEST(!!result.error);
    BOOST_TEST(!result.keep_alive);
    BOOST_TEST(result.path == sample.path);
}

} // namespace

BOOST_AUTO_TEST_SUITE(request_parser_test)

static_assert(std::is_trivially_copyable_v<forest::detail::request_parser>);

BOOST_DATA_TEST_CASE(a_good_request_is_understood, data::make(accepted)) {
    const request_result result = feed_request(sample.request);
    BOOST_TEST(result.error_status == none);
    BOOST_TEST(result.error == std::error_code{});
    BOOST_TEST(result.path == sample.path);
    BOOST_TEST(result.keep_alive == sample.keep_alive);
    BOOST_TEST(result.body == sample.body);
    BOOST_TEST(result.surplus == sample.surplus);
    BOOST_TEST(result.within_limits);
}

BOOST_DATA_TEST_CASE(a_bad_request_is_refused_with_the_right_status, data::make(refused)) {
    check_refusal(sample, feed_request(sample.request));
}

BOOST_DATA_TEST_CASE(a_request_parses_alike_for_every_split,
                     data::make(accepted) + data::make(refused)) {
    const request_result whole = feed_request(sample.request);
    BOOST_TEST(feed_request(sample.request, cut_everywhere(sample.request)) == whole);
    for (std::size_t position = 1; position < sample.request.size(); ++position)
        BOOST_TEST(feed_request(sample.request, {position}) == whole, "cut at " << position);
}

BOOST_DATA_TEST_CASE(a_truncated_request_is_never_complete, data::make(accepted)) {
    const std::size_t complete = sample.request.size() - sample.surplus.size();
    for (std::size_t size = 0; size < complete; ++size) {
        const auto cut = feed_request(std::string_view{sample.request}.substr(0, size));
        BOOST_TEST((cut.error == errc::connection_lost), "cut at " << size << ": " << cut);
        BOOST_TEST(cut.error_status == 400);
    }
}

BOOST_AUTO_TEST_CASE(everything_in_a_request_is_reported) {
    std::string text = "\r\nHEAD /a?b HTTP/1.1\r\nHost: h\r\nX_Signature:  ab \r\n\r\n";
    forest::detail::request_parser parser;
    BOOST_TEST(!parser.started());
    BOOST_TEST(parser.parse(text) == text.size());
    BOOST_TEST(parser.started());
    BOOST_TEST(parser.done());
    BOOST_TEST((parser.method() == http_method::head));
    BOOST_TEST(parser.method_text(text) == "HEAD");
    BOOST_TEST(parser.target(text) == "/a?b");
    BOOST_TEST(parser.path(text) == "/a");
    BOOST_TEST(parser.version_minor() == 1);
    BOOST_TEST(parser.fields(text).find("x_signature").value() == "ab");
    BOOST_TEST(parser.consumed() == text.size());
    BOOST_TEST(parser.body(text) == "");
}

struct method_row {
    std::string_view text;
    http_method method;

    friend std::ostream& operator<<(std::ostream& out, const method_row& value) {
        return out << value.text;
    }
};

const std::vector<method_row> methods{{"GET", http_method::get},     {"HEAD", http_method::head},
                                      {"POST", http_method::other},  {"get", http_method::other},
                                      {"GETS", http_method::other},  {"Head", http_method::other},
                                      {"DELETE", http_method::other}};

BOOST_DATA_TEST_CASE(a_method_is_recognised_by_its_exact_name, data::make(methods)) {
    std::string text = std::string{sample.text} + " / HTTP/1.1\r\nHost: a\r\n\r\n";
    forest::detail::request_parser parser;
    (void)parser.parse(text);
    BOOST_TEST((parser.method() == sample.method));
    BOOST_TEST(parser.method_text(text) == sample.text);
}

BOOST_AUTO_TEST_CASE(nothing_is_reported_before_the_head_is_complete) {
    std::string text = "GET /a HTTP/1.1\r\nHost: a\r\n\r";
    forest::detail::request_parser parser;
    BOOST_TEST(parser.parse(text) == text.size());
    BOOST_TEST(!parser.done());
    BOOST_TEST(parser.method_text(text) == "");
    BOOST_TEST(parser.target(text) == "");
    BOOST_TEST(parser.path(text) == "");
    BOOST_TEST(parser.fields(text).count("Host") == 0U);
    BOOST_TEST(!parser.keep_alive());
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_parsed_one_after_the_other) {
    std::string text;
    const int requests = 50;
    for (int index = 0; index < requests; ++index) {
        text += index % 2 == 0 ? post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n")
                               : get("/" + std::to_string(index));
    }
    forest::detail::request_parser parser;
    int parsed = 0;
    while (!text.empty()) {
        text.resize(parser.parse(text));
        BOOST_REQUIRE(parser.done());
        BOOST_REQUIRE(!parser.error());
        BOOST_TEST(parser.path(text) == (parsed % 2 == 0 ? "/p" : "/" + std::to_string(parsed)));
        BOOST_TEST(parser.body(text) == (parsed % 2 == 0 ? "x" : ""));
        text.erase(0, parser.consumed());
        parser.reset();
        ++parsed;
    }
    BOOST_TEST(parsed == requests);
}

BOOST_AUTO_TEST_CASE(a_client_that_expects_continue_is_recognised_until_its_body_is_there) {
    std::string text = post("Content-Length: 2\r\nExpect: 100-Continue\r\n", "");
    forest::detail::request_parser parser;
    BOOST_TEST(parser.parse(text) == text.size());
    BOOST_TEST(!parser.done());
    BOOST_TEST(parser.expects_continue());
    text += "hi";
    (void)parser.parse(text);
    BOOST_TEST(parser.done());
    BOOST_TEST(!parser.expects_continue());

    std::string old = "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    parser.reset();
    (void)parser.parse(old);
    BOOST_TEST(!parser.expects_continue());

    std::string other = post("Content-Length: 2\r\nExpect: more\r\n", "");
    parser.reset();
    (void)parser.parse(other);
    BOOST_TEST(!parser.expects_continue());
}

BOOST_AUTO_TEST_CASE(limits_hold_at_exactly_their_value) {
    const auto status = [](const std::string& request, std::size_t head_max, std::size_t body_max) {
        const message_limits limits{.head_bytes_max = head_max, .body_bytes_max = body_max};
        const request_result whole = feed_request(request, {}, limits);
        BOOST_TEST(feed_request(request, cut_everywhere(request), limits) == whole);
        BOOST_TEST(whole.within_limits);
        return whole.error_status;
    };
    const std::string plain = get("/", "A: b\r\n");
    BOOST_TEST(status(plain, plain.size(), 0) == none);
    BOOST_TEST(status(plain, plain.size() - 1, 0) == 431);
    BOOST_TEST(status("GET /" + std::string(100, 'a'), 50, 0) == 431);
    BOOST_TEST(status("\r\n", 1, 0) == 431);
    const std::string sized = post("Content-Length: 3\r\n", "abc");
    BOOST_TEST(status(sized, 200, 3) == none);
    BOOST_TEST(status(sized, 200, 2) == 413);
    const std::string chunks =
        post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
    BOOST_TEST(status(chunks, 200, 3) == none);
    BOOST_TEST(status(chunks, 200, 2) == 413);
    const std::string trailers =
        post("Transfer-Encoding: chunked\r\n", "0\r\nA: " + std::string(193, 'b') + "\r\n\r\n");
    BOOST_TEST(status(trailers, 200, 3) == none);
    BOOST_TEST(status(trailers, 199, 3) == 431);
}

BOOST_AUTO_TEST_CASE(a_body_of_exactly_the_default_limit_is_taken) {
    const std::string body(64 * 1024, 'x');
    const request_result result = feed_request(post("Content-Length: 65536\r\n", body));
    BOOST_TEST(result.error_status == none);
    BOOST_TEST(result.body.size() == body.size());
}

// Whatever the cuts are, the buffer never holds more than the head and what came last.
BOOST_AUTO_TEST_CASE(a_body_that_is_skipped_takes_no_room) {
    const std::string head = "POST /p HTTP/1.1\r\nHost: a\r\n";
    const std::string sized = head + "Content-Length: 9\r\n\r\n";
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    const std::string next = get("/next");
    const std::pair<std::string, std::string> messages[] = {
        {sized, "012345678"}, {chunked, "3;a=b\r\n012\r\n6\r\n345678\r\n0\r\nT: t\r\n\r\n"}};
    for (const auto& [front, body] : messages) {
        const std::string all = front + body + next;
        for (std::size_t step = 1; step <= all.size(); ++step) {
            forest::detail::request_parser parser{{.head_bytes_max = 100, .body_bytes_max = 9},
                                                  forest::detail::request_body::skipped};
            std::string buffer;
            for (std::size_t at = 0; at < all.size(); at += step) {
                buffer += all.substr(at, step);
                if (!parser.done())
                    buffer.resize(parser.parse(buffer));
                if (!parser.done())
                    BOOST_TEST(buffer.size() <= front.size());
            }
            BOOST_TEST(parser.done());
            BOOST_TEST(!parser.error());
            BOOST_TEST(parser.consumed() == front.size());
            BOOST_TEST(parser.path(buffer) == "/p");
            BOOST_TEST(parser.body(buffer) == "");
            BOOST_TEST(buffer == front + next);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_skipped_has_the_same_limit) {
    for (const std::string& text :
         {post("Content-Length: 3\r\n", "abc"),
          post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")}) {
        for (const std::size_t most : {2U, 3U}) {
            std::string buffer = text;
            forest::detail::request_parser parser{{.head_bytes_max = 200, .body_bytes_max = most},
                                                  forest::detail::request_body::skipped};
            (void)parser.parse(buffer);
            BOOST_TEST(parser.done());
            BOOST_TEST(parser.error_status() == (most == 2 ? 413 : none));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_kind_of_refusal_follows_from_the_code) {
    BOOST_TEST((feed_request("x(").error == std::errc::bad_message));
    BOOST_TEST((feed_request(get("/", "", "HTTP/2.0")).error == std::errc::not_supported));
    BOOST_TEST(
        (feed_request(post("Content-Length: 65537\r\n", "")).error == std::errc::message_size));
    BOOST_TEST((feed_request("GET").error == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(what_comes_after_the_end_is_left_alone) {
    std::string text = get("/a");
    forest::detail::request_parser parser;
    (void)parser.parse(text);
    parser.finish();
    BOOST_TEST(!parser.error());
    std::string more = text + "GET";
    BOOST_TEST(parser.parse(more) == more.size());
    BOOST_TEST(parser.consumed() == text.size());
    BOOST_TEST(parser.keep_alive());
}

BOOST_AUTO_TEST_SUITE_END()
