// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/response_parser.hpp>

#include <core/detail/http/feeding.hpp>
#include <forest/core/error.hpp>
#include <forest/detail/health/judge.hpp>
#include <forest/policy/transport.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
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
using forest::message_limits;
using forest_test::cut_everywhere;
using forest_test::cuts;
using forest_test::feed_response;
using forest_test::response_result;

constexpr std::string_view healthy = R"({"status":"ok","version":"1.16.10"})";

// What the whole check makes of an answer: the parser's error, or else the verdict's.
std::error_code check(const std::string& answer) {
    std::vector<char> buffer{answer.begin(), answer.end()};
    forest::detail::response_parser parser;
    (void)parser.parse(buffer);
    parser.finish();
    if (parser.error())
        return parser.error();
    return forest::detail::judge({.status = parser.status(),
                                  .fields = parser.fields(buffer),
                                  .body = parser.body(buffer)},
                                 {})
        .error;
}

std::string with_body(std::string_view status, std::string_view body,
                      std::string_view fields = "") {
    std::string answer{"HTTP/1.1 "};
    answer.append(status).append("\r\nContent-Length: ").append(std::to_string(body.size()));
    answer.append("\r\n").append(fields).append("\r\n").append(body);
    return answer;
}

std::string hex(std::size_t number) {
    std::string digits;
    for (; number > 0; number /= 16)
        digits.insert(digits.begin(), "0123456789abcdef"[number % 16]);
    return digits.empty() ? "0" : digits;
}

std::string chunked(std::string_view body, std::size_t chunk, std::string_view extension = "",
                    std::string_view trailers = "") {
    std::string answer{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
    for (; !body.empty(); body.remove_prefix(std::min(chunk, body.size()))) {
        const std::string_view piece = body.substr(0, chunk);
        answer.append(hex(piece.size())).append(extension).append("\r\n").append(piece);
        answer.append("\r\n");
    }
    return answer.append("0").append(extension).append("\r\n").append(trailers).append("\r\n");
}

struct row {
    std::string name;
    std::string answer;
    std::error_code error;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << value.name;
    }
};

const std::error_code none;

std::string of_size(std::size_t size, std::string_view begin, std::string_view end) {
    std::string text{begin};
    text.resize(size - end.size(), ' ');
    return text.append(end);
}

// An answer whose header section has exactly `size` bytes.
std::string with_head_of(std::size_t size) {
    return of_size(size, "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nA: b", "\r\n\r\n") +
           R"({"status":"ok"})";
}

// Both columns of the table in PROTOCOL.md, 1, and section 4.
std::vector<row> protocol_rows() {
    std::vector<row> rows;
    const auto add = [&](std::string name, std::string answer, std::error_code error = {}) {
        rows.push_back({std::move(name), std::move(answer), error});
    };
    const std::string body{healthy};

    for (const std::string_view status : {"200 OK", "201 Created", "202 A", "206 P", "299 ?"})
        add("any 2xx: " + std::string{status}, with_body(status, body));
    add("a content type", with_body("200 OK", body, "Content-Type: application/json\r\n"));
    add("a foreign content type", with_body("200 OK", body, "Content-Type: text/html\r\n"));
    add("chunked", chunked(body, 10));
    add("one chunk of 35 bytes, as Rails", chunked(body, 1000));
    add("chunks of one byte", chunked(body, 1));
    add("chunk extensions", chunked(body, 10, ";a=\"b;\\\"c\" ; d"));
    add("trailers", chunked(body, 10, "", "X-Sum: 12\r\nEmpty:\r\n"));
    add("close-delimited HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n" + body);
    add("close-delimited HTTP/1.1", "HTTP/1.1 200 OK\r\n\r\n" + body);
    add("100 first", "HTTP/1.1 100 Continue\r\n\r\n" + with_body("200 OK", body));
    add("103 first", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + with_body("200 OK", body));
    add("100 and 103 first", "HTTP/1.1 100\r\n\r\nHTTP/1.1 103 \r\nContent-Length: 9\r\n\r\n" +
                                 with_body("200 OK", body));
    add("no reason phrase", with_body("200 ", body));
    add("no reason phrase and no blank", with_body("200", body));
    add("a header with an empty value, as Node", with_body("200 OK", body, "X-Empty:\r\n"));
    add("neither Date, Server nor Connection, as Puma", with_body("200 OK", body));
    add("lower-case names, as haproxy",
        "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    add("the last status counts", with_body("200 OK", R"({"status":"no","status":"ok"})"));
    add("no version", with_body("200 OK", R"({"status":"ok"})"));
    add("a version that is no string", with_body("200 OK", R"({"status":"ok","version":[1]})"));
    add("other members", with_body("200 OK", R"({"a":{"status":"no"},"status":"ok","b":[]})"));
    add("Content-Length twice, equal", with_body("200 OK", body, "Content-Length: 35\r\n"));
    add("a head of 16 KiB", with_head_of(16 * 1024));
    add("a body of 64 KiB", with_body("200 OK", of_size(64 * 1024, R"({"status":"ok")", "}")));
    add("a chunked body of 64 KiB", chunked(of_size(64 * 1024, R"({"status":"ok")", "}"), 77));

    add("204", "HTTP/1.1 204 No Content\r\n\r\n", errc::malformed_body);
    add("empty body", with_body("200 OK", ""), errc::malformed_body);
    for (const std::string_view status : {"301 M", "302 F", "304 N", "404 N", "500 E", "502 B"})
        add("not 2xx: " + std::string{status}, with_body(status, body), errc::unexpected_status);
    add("401", with_body("401 Unauthorized", body), errc::unauthorized);
    add("403", with_body("403 Forbidden", body), errc::unauthorized);
    add("stopping", with_body("503 S", R"({"status":"stopping"})"), errc::stopping);
    add("503 with an ok body", with_body("503 S", body), errc::unexpected_status);
    add("101", "HTTP/1.1 101 Switching\r\n\r\n", errc::unexpected_status);
    add("a string", with_body("200 OK", "\"OK\""), errc::malformed_body);
    add("OK in capitals", with_body("200 OK", R"({"status":"OK"})"), errc::not_ok);
    add("an array", with_body("200 OK", R"(["status","ok"])"), errc::malformed_body);
    add("null", with_body("200 OK", "null"), errc::malformed_body);
    add("a byte order mark", with_body("200 OK", "\xef\xbb\xbf" + body), errc::malformed_body);
    add("trailing junk", with_body("200 OK", body + "x"), errc::malformed_body);
    add("a second object", with_body("200 OK", body + body), errc::malformed_body);
    add("a JSON comment", with_body("200 OK", "/* x */" + body), errc::malformed_body);
    add("a JSON line comment", with_body("200 OK", body + "// x"), errc::malformed_body);
    add("encoded", with_body("200 OK", body, "Content-Encoding: gzip\r\n"),
        errc::unsupported_encoding);
    add("a transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        errc::unsupported_encoding);
    add("truncated Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n" + body,
        errc::connection_lost);
    add("truncated chunk", chunked(body, 10).substr(0, 70), errc::connection_lost);
    add("nothing", "", errc::connection_lost);
    add("only a 100", "HTTP/1.1 100 Continue\r\n\r\n", errc::connection_lost);

    const auto malformed = errc::malformed_response;
    add("both lengths in conflict", with_body("200 OK", body, "Content-Length: 36\r\n"), malformed);
    add("length and coding", with_body("200 OK", body, "Transfer-Encoding: chunked\r\n"),
        malformed);
    add("chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        malformed);
    add("a length that is no number", with_body("200 OK", body, "Content-Length: x\r\n"),
        malformed);
    add("bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 35\n\n" + body, malformed);
    add("one bare line feed", "HTTP/1.1 200 OK\r\nContent-Length: 35\n\r\n" + body, malformed);
    add("a folded line", with_body("200 OK", body, "A: b\r\n c\r\n"), malformed);
    add("NUL in a header", with_body("200 OK", body, std::string_view{"A: \0\r\n", 6}), malformed);
    add("blank before the colon", with_body("200 OK", body, "A : b\r\n"), malformed);
    add("no colon", with_body("200 OK", body, "A\r\n"), malformed);
    add("empty name", with_body("200 OK", body, ": b\r\n"), malformed);
    add("bad chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", malformed);
    for (const std::string greeting :
         {"SSH-2.0-OpenSSH_9.2p1 Debian", "220 smtp.example ESMTP", "220-ftp.example", "+OK POP3",
          "* OK IMAP4rev2", "-ERR unknown command", "RTSP/1.0 400 Bad Request", "RFB 003.008"})
        add("greeting " + greeting, greeting + "\r\n", errc::other_protocol);
    add("TLS alert", std::string{"\x15\x03\x01\0\x02\x02\x28", 7}, errc::tls_expected);
    add("TLS alert and more", std::string{"\x15\x03\x03\0\x02\x02\x28", 7} + "HTTP/1.1 200",
        errc::tls_expected);
    add("no version of TLS", "\x15\x02\x01\x01\x01", malformed);
    add("HTTP/2 settings", std::string{"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64", 15},
        errc::http2_only);
    add("HTTP/2 goaway", std::string{"\0\0\x22\x07\0\0\0\0\0", 9}, errc::http2_only);
    add("zeros", std::string(64, '\0'), malformed);
    add("half a greeting", "SS", malformed);
    add("half a frame", std::string{"\0\0\x12\x04", 4}, malformed);
    add("another greeting", "SSX-2.0", malformed);
    add("a greeting after a 100", "HTTP/1.1 100 Continue\r\n\r\nSSH-2.0-x\r\n", malformed);
    add("an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", malformed);
    add("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", malformed);
    add("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", malformed);
    add("HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n", malformed);
    add("lower-case protocol", "http/1.1 200 OK\r\n\r\n", malformed);
    add("two blanks", "HTTP/1.1  200 OK\r\n\r\n", malformed);
    add("two digits", "HTTP/1.1 20 OK\r\n\r\n", malformed);
    add("four digits", "HTTP/1.1 2000 OK\r\n\r\n", malformed);
    add("status below 100", "HTTP/1.1 099 OK\r\n\r\n", malformed);
    add("status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n", malformed);
    add("a control in the reason", "HTTP/1.1 200 O\x01K\r\n\r\n", malformed);
    add("a bare CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n", malformed);
    add("a tab for a blank", "HTTP/1.1\t200 OK\r\n\r\n", malformed);

    const auto too_large = errc::response_too_large;
    add("a head over 16 KiB", with_head_of(16 * 1024 + 1), too_large);
    add("endless head", "HTTP/1.1 200 OK\r\nA: " + std::string(20000, 'a'), too_large);
    add("endless reason", "HTTP/1.1 200 " + std::string(20000, 'a'), too_large);
    std::string interim;
    while (interim.size() <= 16 * 1024)
        interim += "HTTP/1.1 100 Continue\r\n\r\n";
    add("endless 1xx", interim, too_large);
    const std::string large = of_size(64 * 1024 + 1, R"({"status":"ok")", "}");
    add("a body over 64 KiB", with_body("200 OK", large), too_large);
    add("a chunked body over 64 KiB", chunked(large, 1000), too_large);
    add("an unsized body over 64 KiB", "HTTP/1.1 200 OK\r\n\r\n" + large, too_large);
    add("a huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        too_large);
    add("a huge chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        too_large);
    add("endless trailers", chunked("x", 1, "", "A: " + std::string(20000, 'a') + "\r\n"),
        too_large);
    add("endless extension", chunked("x", 1, ";" + std::string(20000, 'a')), too_large);
    return rows;
}

// The answers that are short enough to be cut everywhere.
std::vector<row> short_rows() {
    std::vector<row> rows;
    for (const row& candidate : protocol_rows()) {
        if (candidate.answer.size() < 1000)
            rows.push_back(candidate);
    }
    return rows;
}

} // namespace

BOOST_AUTO_TEST_SUITE(response_parser_test)

static_assert(std::is_trivially_copyable_v<forest::detail::response_parser>);

BOOST_DATA_TEST_CASE(every_answer_of_the_protocol_page_gets_its_verdict,
                     data::make(protocol_rows())) {
    BOOST_TEST(check(sample.answer) == sample.error);
}

BOOST_DATA_TEST_CASE(an_answer_parses_alike_byte_by_byte, data::make(protocol_rows())) {
    // Pieces of a few hundred bytes for the long ones: copying each prefix would take minutes.
    const std::size_t step = sample.answer.size() < 1000 ? 1 : 509;
    cuts positions;
    for (std::size_t position = step; position < sample.answer.size(); position += step)
        positions.push_back(position);
    const response_result whole = feed_response(sample.answer);
    BOOST_TEST(whole.within_limits);
    BOOST_TEST(feed_response(sample.answer, positions) == whole);
}

BOOST_DATA_TEST_CASE(an_answer_parses_alike_for_every_split_in_two, data::make(short_rows())) {
    const response_result whole = feed_response(sample.answer);
    for (std::size_t position = 1; position < sample.answer.size(); ++position)
        BOOST_TEST(feed_response(sample.answer, {position}) == whole, "cut at " << position);
}

BOOST_DATA_TEST_CASE(a_truncated_answer_of_known_length_is_a_lost_connection,
                     data::make(short_rows())) {
    const response_result whole = feed_response(sample.answer);
    for (std::size_t size = 0; size < sample.answer.size(); ++size) {
        const response_result cut = feed_response(std::string_view{sample.answer}.substr(0, size));
        // An answer delimited by the close looks like a shorter one. Every other cut is noticed,
        // and a malformed answer may be noticed already.
        const bool delimited_by_close = !cut.error && !whole.error && cut.status == whole.status &&
                                        cut.fields == whole.fields && !whole.keep_alive;
        // Half of what would show another protocol shows only that it is not HTTP.
        const bool half_shown =
            cut.error == errc::malformed_response && whole.error == forest::condition::bad_answer;
        BOOST_TEST((cut.error == errc::connection_lost || cut.error == whole.error ||
                    delimited_by_close || half_shown),
                   "cut at " << size << ": " << cut);
        if (whole.keep_alive)
            BOOST_TEST((cut.error == errc::connection_lost), "cut at " << size << ": " << cut);
    }
}

BOOST_AUTO_TEST_CASE(status_fields_and_body_are_reported) {
    const response_result result = feed_response(
        "HTTP/1.1 103 Hints\r\nB: c\r\n\r\nHTTP/1.1 201 Made it\r\nA:  b \r\nContent-Length: 2\r\n"
        "\r\nhi");
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.status == 201);
    BOOST_TEST(result.fields == "A=b\nContent-Length=2\n");
    BOOST_TEST(result.body == "hi");
    BOOST_TEST(result.keep_alive);
}

BOOST_AUTO_TEST_CASE(nothing_is_reported_before_the_head_is_complete) {
    std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r";
    forest::detail::response_parser parser;
    BOOST_TEST(!parser.started());
    BOOST_TEST(parser.parse({}) == 0U);
    BOOST_TEST(!parser.started());
    BOOST_TEST(parser.parse(text) == text.size());
    BOOST_TEST(parser.started());
    BOOST_TEST(!parser.done());
    BOOST_TEST(parser.status() == 0);
    BOOST_TEST(!parser.fields(text).find("Content-Length").has_value());
    BOOST_TEST(parser.body(text) == "");
    BOOST_TEST(!parser.keep_alive());
}

BOOST_AUTO_TEST_CASE(a_parser_that_was_reset_knows_nothing_of_the_answer_before) {
    forest::detail::response_parser parser;
    std::string garbage = "x";
    (void)parser.parse(garbage);
    BOOST_TEST((parser.error() == errc::malformed_response));
    parser.reset({}, true);
    BOOST_TEST(!parser.done());
    BOOST_TEST(!parser.error());
    std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    BOOST_TEST(parser.parse(head) == head.size());
    BOOST_TEST(parser.done());
    BOOST_TEST(parser.status() == 200);
    BOOST_TEST(parser.keep_alive());
}

struct bodiless {
    std::string_view answer;
    bool to_head_request;
    bool keep_alive;

    friend std::ostream& operator<<(std::ostream& out, const bodiless& value) {
        return out << value.answer;
    }
};

const std::vector<bodiless> bodiless_rows{
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", true, true},
    {"HTTP/1.1 200 OK\r\n\r\n", true, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", true, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", true, false},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, false},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, true},
    {"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", false, true},
    {"HTTP/1.1 304 Not Modified\r\n\r\n", false, true},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", false, false},
};

BOOST_DATA_TEST_CASE(some_answers_have_no_body_whatever_the_header_says,
                     data::make(bodiless_rows)) {
    std::string text{sample.answer};
    forest::detail::response_parser parser{{}, sample.to_head_request};
    BOOST_TEST(parser.parse(text) == text.size());
    BOOST_TEST(parser.done());
    BOOST_TEST(!parser.error());
    BOOST_TEST(parser.body(text) == "");
    BOOST_TEST(parser.keep_alive() == sample.keep_alive);
}

struct reuse {
    std::string_view answer;
    bool keep_alive;

    friend std::ostream& operator<<(std::ostream& out, const reuse& value) {
        return out << value.answer;
    }
};

const std::vector<reuse> reuse_rows{
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx", true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: a, CLOSE\r\n\r\nx", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: a\r\nconnection: Close\r\n\r\nx", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: closed\r\n\r\nx", true},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx",
     false},
    {"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
     false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\nConnection:\r\n\r\nx", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", true},
    {"HTTP/1.1 200 OK\r\n\r\nx", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\r\n", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx", false},
    {"garbage", false},
};

BOOST_DATA_TEST_CASE(a_connection_is_reused_only_when_the_peer_permits_it, data::make(reuse_rows)) {
    BOOST_TEST(feed_response(sample.answer).keep_alive == sample.keep_alive);
    BOOST_TEST(feed_response(sample.answer, cut_everywhere(sample.answer)).keep_alive ==
               sample.keep_alive);
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_answer_are_not_kept) {
    std::string text =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nHTTP";
    forest::detail::response_parser parser;
    const std::size_t kept = parser.parse(text);
    BOOST_TEST(kept ==
               std::string_view{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx"}.size());
    BOOST_TEST(parser.body(std::span{text}.first(kept)) == "x");
}

struct first_fault {
    std::string_view answer;
    std::size_t consumed;

    friend std::ostream& operator<<(std::ostream& out, const first_fault& value) {
        return out << value.answer;
    }
};

const std::vector<first_fault> first_faults{
    {"x", 0},
    {"HTTP/1.1 200 OK\n", 15},
    {"HTTP/2", 5},
    {"HTTP/1.1 0", 9},
    {"HTTP/1.1 200 OK\r\nA B", 18},
    {"HTTP/1.1 200 OK\r\nA: b\r\n c", 23},
    {"HTTP/1.1 100 C\r\n\r\nX", 18},
};

BOOST_DATA_TEST_CASE(garbage_is_detected_at_the_first_byte_that_cannot_be_right,
                     data::make(first_faults)) {
    std::string text{sample.answer};
    forest::detail::response_parser parser;
    (void)parser.parse(std::span{text}.first(sample.consumed));
    BOOST_TEST(!parser.done());
    (void)parser.parse(std::span{text}.first(sample.consumed + 1));
    BOOST_TEST(parser.done());
    BOOST_TEST((parser.error() == errc::malformed_response));
}

BOOST_AUTO_TEST_CASE(limits_hold_at_exactly_their_value) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
    const std::string interim = "HTTP/1.1 100 \r\n\r\n";
    const auto error = [](const std::string& answer, std::size_t head_max, std::size_t body_max) {
        const message_limits limits{.head_bytes_max = head_max, .body_bytes_max = body_max};
        const response_result whole = feed_response(answer, {}, limits);
        BOOST_TEST(feed_response(answer, cut_everywhere(answer), limits) == whole);
        BOOST_TEST(whole.within_limits);
        return whole.error;
    };
    BOOST_TEST(error(head + "body", head.size(), 4) == none);
    BOOST_TEST((error(head + "body", head.size() - 1, 4) == errc::response_too_large));
    BOOST_TEST((error(head + "body", head.size(), 3) == errc::response_too_large));
    BOOST_TEST(error(interim + head + "body", interim.size() + head.size(), 4) == none);
    BOOST_TEST((error(interim + head + "body", interim.size() + head.size() - 1, 4) ==
                errc::response_too_large));
    BOOST_TEST(error("HTTP/1.1 200 OK\r\n\r\nbody", 19, 4) == none);
    BOOST_TEST((error("HTTP/1.1 200 OK\r\n\r\nbody", 19, 3) == errc::response_too_large));
    const std::string chunks = chunked("body", 1);
    BOOST_TEST(error(chunks, 100, 4) == none);
    BOOST_TEST((error(chunks, 100, 3) == errc::response_too_large));
    BOOST_TEST((error("H", 0, 0) == errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(what_comes_after_the_end_changes_nothing) {
    std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    forest::detail::response_parser parser;
    (void)parser.parse(text);
    BOOST_TEST(parser.keep_alive());
    parser.finish();
    BOOST_TEST(!parser.error());
    std::string more = text + "surplus";
    BOOST_TEST(parser.parse(more) == text.size());
    BOOST_TEST(!parser.keep_alive());
    BOOST_TEST(parser.body(more) == "x");
}

BOOST_AUTO_TEST_SUITE_END()
