// SPDX-License-Identifier: BSL-1.0
#include <fuzz/json_target.hpp>
#include <fuzz/mutator.hpp>
#include <fuzz/request_parser_target.hpp>
#include <fuzz/response_parser_target.hpp>
#include <fuzz/schema_target.hpp>
#include <fuzz/timestamp_target.hpp>
#include <fuzz/url_target.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

// The targets that need no connection.

using namespace forest_fuzz;

namespace {

constexpr int rounds_of_parsers = 6'000;
constexpr int rounds_of_readers = 20'000;

} // namespace

BOOST_AUTO_TEST_SUITE(fuzz_smoke_test)

BOOST_AUTO_TEST_CASE(the_response_parser_keeps_its_promises) {
    const samples corpus{"aaHTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}",
                         "aaHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                         "chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
                         "aaHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 204\r\n\r\n",
                         "aaHTTP/1.0 200 OK\r\nConnection: close\r\n\r\nbody",
                         "baHTTP/1.1 200 \r\nConnection: a, close\r\nContent-Length: 0\r\n\r\n"};
    samples pieces = http_pieces;
    pieces.emplace_back("HTTP/1.1 100 \r\n\r\n");
    drive(forest_fuzz::response_parser_target, {corpus, pieces}, rounds_of_parsers);
}

BOOST_AUTO_TEST_CASE(the_request_parser_keeps_its_promises) {
    const samples corpus{
        "aaGET /forest/health HTTP/1.1\r\nHost: a:80\r\nX_TIMESTAMP: 1\r\n\r\nGET / HTTP/1.1",
        "aaPOST http://a/b?c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET",
        "aaPOST / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nhi\r\n0\r\n\r\nGET",
        "aa\r\nHEAD / HTTP/1.0\r\n\r\n",
        "baOPTIONS * HTTP/1.1\r\nHost: [::1]\r\nExpect: 100-continue\r\n\r\n"};
    samples pieces = http_pieces;
    pieces.insert(pieces.end(), {"GET ", "*", "http://", "/", "?", "#"});
    drive(forest_fuzz::request_parser_target, {corpus, pieces}, rounds_of_parsers);
}

BOOST_AUTO_TEST_CASE(json_keeps_its_promises) {
    const samples corpus{R"({"status":"ok","version":"1.16.10"})",
                         R"({"a":[1,-2.5e+3,null,{"b":[]}],"version":"\u00e9\ud83d\ude00"} )",
                         R"( {"status" : "stopping" , "version" : 1 })",
                         R"([true,false,"\"\\\/\b\f\n\r\t"])",
                         "{\"version\":\"" + std::string(200, 'v') + "\"}"};
    const samples pieces{"{",  "}",    "[",   "]",       ",",        ":",
                         "\"", "\\",   "\\u", "\\ud800", "\xc3\xa9", "\xf0",
                         " ",  "null", "0",   "1e5",     "-",        "\"status\":\"ok\","};
    drive(forest_fuzz::json_target, {corpus, pieces}, rounds_of_readers);
}

BOOST_AUTO_TEST_CASE(schemas_keep_their_promises) {
    const samples corpus{
        "\"7ec21c29\"\n{\"collections\":[{\"name\":\"product\",\"fields\":[{\"name\":\"id\"}]}]}",
        "W/\"a,b\"\n"
        R"({"etag":"da39a3ee","charts":["a",{"name":"b"},1],"collections":[]})",
        "a, W/\"b\" , \"c\"\n"
        R"( {"collections" : [ {"name":"\u0061"} , {"name":"b"} ] , "etag" : "" } )",
        "*\n"
        R"({"collections":[{"name":"a"}],"\u0065tag":"x","etag":null,"charts":{}})",
        "raw\n"
        R"({"status":"ok","version":"1.16.10"})"};
    const samples pieces{"\n",
                         "\"",
                         "W/",
                         "*",
                         ",",
                         " ",
                         "a",
                         "{",
                         "}",
                         "[",
                         "]",
                         ":",
                         "\\",
                         "\\ud800",
                         "1e999",
                         "null",
                         "{}",
                         "\"name\"",
                         "\"etag\":\"e\",",
                         "{\"name\":\"c\"},",
                         "\"charts\":[\"d\"],",
                         ",\"collections\":[]"};
    drive(forest_fuzz::schema_target, {corpus, pieces}, rounds_of_readers);
}

BOOST_AUTO_TEST_CASE(urls_keep_their_promises) {
    const samples corpus{"http://localhost:3000/forest/health",
                         "https://[fe80::1]:8443/a?b=c#d",
                         "http+unix://%2Frun%2Fa.sock/forest/health",
                         "http://127.0.0.1",
                         "HTTPS://User.example:443/%7e",
                         "http://[fe80::1%25eth0]:80/",
                         "http://[FE80::2%25e%2dh.1]/",
                         "https://a.b.:81/"};
    const samples pieces{"http",  "s",     "://", ":",   "/",      "//",      "@", "?",
                         "#",     "%",     "%2F", "[",   "]",      "::",      "1", ".",
                         "+unix", "65535", "a",   "%25", "%C3%A9", "\xc3\xa9"};
    drive(forest_fuzz::url_target, {corpus, pieces}, rounds_of_readers);
}

BOOST_AUTO_TEST_CASE(timestamps_keep_their_promises) {
    const samples corpus{"2025-12-09T12:00:00.000Z",      "2024-02-29t23:59:60+23:59",
                         "0000-01-01T00:00:00-00",        " 9999-12-31T23:59:59.999999-2359",
                         "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                         "Sun Nov  6 08:49:37 1994"};
    const samples pieces{"Z",  "z", "+", "-", ":",  ".",  "T",   "t",   " ",
                         "\t", "0", "1", "9", "60", "00", "Feb", "GMT", ","};
    drive(forest_fuzz::timestamp_target, {corpus, pieces}, rounds_of_readers);
}

BOOST_AUTO_TEST_SUITE_END()
