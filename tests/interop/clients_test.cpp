// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/health_route.hpp>
#include <forest/schema_route.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// The built-in server with both routes, over sockets, and what the clients for Ruby and Node send
// to it, directly and through proxies (PROTOCOL.md, 2 to 4).

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr std::string_view secret = "not-to-be-printed";
constexpr std::string_view health_path = "/forest/health";
constexpr std::string_view schema_path = "/forest/rpc-schema";
constexpr std::string_view unauthorized_body = R"({"error":"Unauthorized"})";

const std::string shop = R"({"collections":[{"name":"product"}],"charts":[]})";

// A server that clients in production could have before them.
struct serving {
    background loop;
    asio_server server{loop.get_executor()};
    hmac_sha256_verifier verify{secret};
    basic_health_route<asio_server> health{server, verify, {.version = "1.16.10"}};
    basic_schema_route<asio_server> schema{server, verify, sha1_hex, shop};

    serving() {
        if (const std::error_code ec = server.listen("127.0.0.1", 0))
            throw std::system_error(ec);
    }

    [[nodiscard]] raw_client connect() const { return raw_client{server.port()}; }
};

// When a request was signed, and how.
struct signature {
    std::string timestamp;
    std::string digits;
};

signature sign(std::chrono::seconds ago = 0s) {
    const auto stamp = format_timestamp(
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) - ago);
    const std::string timestamp{stamp.data(), stamp.size()};
    const hmac_sha256::hex_digest digits = hmac_sha256{secret}.sign(timestamp);
    return {timestamp, {digits.data(), digits.size()}};
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    std::size_t at = 0;
    while ((at = text.find(what, at)) != std::string::npos) {
        text.replace(at, what.size(), with);
        at += with.size();
    }
    return text;
}

// What a client puts on the wire, with `%PATH%`, `%TIMESTAMP%` and `%SIGNATURE%`; `%CONDITION%` is
// the value of the line that asks for what has changed, or the line is not there.
struct client {
    const char* name;
    std::string request;
    bool keeps_connection;
};

std::ostream& operator<<(std::ostream& out, const client& row) {
    return out << row.name;
}

std::string request_of(const client& from, std::string_view path, const std::string& condition) {
    const signature by = sign();
    std::string text = replaced(from.request, "%PATH%", path);
    text = replaced(text, "%TIMESTAMP%", by.timestamp);
    text = replaced(text, "%SIGNATURE%", by.digits);
    if (!condition.empty())
        return replaced(text, "%CONDITION%", condition);
    const std::size_t at = text.find("%CONDITION%");
    const std::size_t begin = text.rfind("\r\n", at) + 2;
    return text.erase(begin, text.find("\r\n", at) + 2 - begin);
}

// Taken down from Ruby 3.1 with Faraday and net/http, Node 20, nginx 1.22, haproxy 2.6 and caddy
// 2.6. Ruby changes the case of names itself, and so does caddy.
const client clients[] = {
    {"Ruby, Faraday",
     "GET %PATH% HTTP/1.1\r\n"
     "Content-Type: application/json\r\n"
     "X_timestamp: %TIMESTAMP%\r\n"
     "X_signature: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "User-Agent: Faraday v2.9.0\r\n"
     "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n"
     "Accept: */*\r\n"
     "Host: localhost:3000\r\n"
     "\r\n",
     true},
    {"Ruby, net/http that closes",
     "GET %PATH% HTTP/1.1\r\n"
     "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n"
     "Accept: */*\r\n"
     "User-Agent: Ruby\r\n"
     "Host: 127.0.0.1:3000\r\n"
     "X_timestamp: %TIMESTAMP%\r\n"
     "X_signature: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "Connection: close\r\n"
     "\r\n",
     false},
    {"Node, http",
     "GET %PATH% HTTP/1.1\r\n"
     "X_TIMESTAMP: %TIMESTAMP%\r\n"
     "X_SIGNATURE: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "Host: 127.0.0.1:3000\r\n"
     "Connection: keep-alive\r\n"
     "\r\n",
     true},
    {"Node, http that closes",
     "GET %PATH% HTTP/1.1\r\n"
     "X_TIMESTAMP: %TIMESTAMP%\r\n"
     "X_SIGNATURE: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "Host: 127.0.0.1:3000\r\n"
     "Connection: close\r\n"
     "\r\n",
     false},
    {"Node, fetch",
     "GET %PATH% HTTP/1.1\r\n"
     "host: 127.0.0.1:3000\r\n"
     "connection: keep-alive\r\n"
     "X_TIMESTAMP: %TIMESTAMP%\r\n"
     "X_SIGNATURE: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "accept: */*\r\n"
     "accept-language: *\r\n"
     "sec-fetch-mode: cors\r\n"
     "user-agent: node\r\n"
     "pragma: no-cache\r\n"
     "cache-control: no-cache\r\n"
     "accept-encoding: gzip, deflate\r\n"
     "\r\n",
     true},
    {"nginx, names with dashes",
     "GET %PATH% HTTP/1.0\r\n"
     "Host: 127.0.0.1:3000\r\n"
     "Connection: close\r\n"
     "User-Agent: forest/0.1.0\r\n"
     "Accept: application/json\r\n"
     "X-Timestamp: %TIMESTAMP%\r\n"
     "X-Signature: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "\r\n",
     false},
    {"nginx, underscores_in_headers on",
     "GET %PATH% HTTP/1.0\r\n"
     "Host: warehouse_upstream\r\n"
     "Connection: close\r\n"
     "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n"
     "Accept: */*\r\n"
     "User-Agent: Ruby\r\n"
     "X_timestamp: %TIMESTAMP%\r\n"
     "X_signature: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "\r\n",
     false},
    {"haproxy",
     "GET %PATH% HTTP/1.1\r\n"
     "accept-encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n"
     "accept: */*\r\n"
     "user-agent: Ruby\r\n"
     "host: 127.0.0.1:3000\r\n"
     "x_timestamp: %TIMESTAMP%\r\n"
     "x_signature: %SIGNATURE%\r\n"
     "if-none-match: %CONDITION%\r\n"
     "x-forwarded-for: 127.0.0.1\r\n"
     "\r\n",
     true},
    {"caddy",
     "GET %PATH% HTTP/1.1\r\n"
     "Host: warehouse.example\r\n"
     "User-Agent: Ruby\r\n"
     "Accept: */*\r\n"
     "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "X-Forwarded-For: 127.0.0.1\r\n"
     "X-Forwarded-Host: warehouse.example\r\n"
     "X-Forwarded-Proto: http\r\n"
     "X_signature: %SIGNATURE%\r\n"
     "X_timestamp: %TIMESTAMP%\r\n"
     "\r\n",
     true},
    // Which puma leaves without an end.
    {"HTTP/1.0 that would keep the connection",
     "GET %PATH% HTTP/1.0\r\n"
     "Connection: keep-alive\r\n"
     "X_TIMESTAMP: %TIMESTAMP%\r\n"
     "X_SIGNATURE: %SIGNATURE%\r\n"
     "If-None-Match: %CONDITION%\r\n"
     "\r\n",
     false},
};

// One client's requests, each on the connection that the client would use.
class asking {
public:
    asking(const serving& served, const client& as)
        : served_{served}, as_{as}, connection_{served.connect()} {}

    raw_answer get(std::string_view path, const std::string& condition = {}) {
        const raw_answer answer = connection_.ask(request_of(as_, path, condition));
        BOOST_TEST(answer.has("Connection: close") != as_.keeps_connection);
        if (!as_.keeps_connection) {
            BOOST_TEST(connection_.ended());
            connection_ = served_.connect();
        }
        return answer;
    }

private:
    const serving& served_;
    const client& as_;
    raw_client connection_;
};

// How a client may say which schema it has, in terms of the etag E.
struct condition {
    const char* value;
    int status;
};

std::ostream& operator<<(std::ostream& out, const condition& row) {
    return out << row.value;
}

const condition conditions[] = {
    {"E", 304},
    {"\"E\"", 304},
    {"W/\"E\"", 304},
    {"\"other\", \"E\"", 304},
    {"\"other\",W/\"E\" , \"third\"", 304},
    {"other, E", 304},
    {"*", 304},
    {"  E  ", 304},
    {"\"with, comma\", \"E\"", 304},
    {"other", 200},
    {"\"other\"", 200},
    {"\"E", 200},
    {"w/\"E\"", 200},
    {"\"*\"", 200},
    {"EE", 200},
    {"\"E \"", 200},
    {"\"\"", 200},
};

// The header lines of a signature, in terms of the timestamp T and its signature S, and whether
// they are accepted.
struct signed_lines {
    const char* lines;
    bool accepted;
};

std::ostream& operator<<(std::ostream& out, const signed_lines& row) {
    return out << row.lines;
}

const signed_lines signatures[] = {
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: %S%\r\n", true},
    {"x_timestamp: %T%\r\nx_signature: %S%\r\n", true},
    {"X_timestamp: %T%\r\nX_signature: %S%\r\n", true},
    {"X-Timestamp: %T%\r\nX-Signature: %S%\r\n", true},
    {"x-timestamp: %T%\r\nx-signature: %S%\r\n", true},
    {"X-TIMESTAMP: %T%\r\nX_signature: %S%\r\n", true},
    {"X_SIGNATURE:%S%\r\nX_TIMESTAMP:   %T%  \r\n", true},
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: %S%\r\nX-Timestamp: %T%\r\nX-Signature: %S%\r\n", true},
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: %S%\r\nX-Timestamp: other\r\n", false},
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: %S%\r\nX-Signature: other\r\n", false},
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: %S%\r\nX_SIGNATURE: %S%\r\n", false},
    // As a proxy, or Node, joins lines of one name.
    {"X_TIMESTAMP: %T%, %T%\r\nX_SIGNATURE: %S%, %S%\r\n", false},
    {"X_TIMESTAMP: %T%\r\n", false},
    {"X_SIGNATURE: %S%\r\n", false},
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: \r\n", false},
    {"X_TIMESTAMP: \r\nX_SIGNATURE: %S%\r\n", false},
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: 0%S%\r\n", false},
    {"X_TIMESTAMP: %T%\r\nX_SIGNATURE: abc\r\n", false},
    {"XTIMESTAMP: %T%\r\nXSIGNATURE: %S%\r\n", false},
    {"Authorization: %S%\r\nDate: %T%\r\n", false},
    {"", false},
};

// A request that is more than a GET: what comes between the signature and the end, and what the
// server answers. After 400 and up to 501 of framing it closes, because nobody can tell where the
// next request begins.
struct unusual {
    const char* name;
    const char* line; ///< the method, target and version
    std::string rest; ///< further lines, the empty one, and the body
    int status;
    bool closes = false;
};

std::ostream& operator<<(std::ostream& out, const unusual& row) {
    return out << row.name;
}

const unusual unusual_requests[] = {
    {"a body", "GET /forest/rpc-schema HTTP/1.1", "Content-Length: 2\r\n\r\n{}", 200},
    {"an empty body", "GET /forest/rpc-schema HTTP/1.1", "Content-Length: 0\r\n\r\n", 200},
    {"a body in chunks", "GET /forest/rpc-schema HTTP/1.1",
     "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX-Sum: 2\r\n\r\n", 200},
    {"chunks that are none", "GET /forest/rpc-schema HTTP/1.1",
     "Transfer-Encoding: chunked\r\n\r\n{}\r\n", 400, true},
    {"a length and chunks", "GET /forest/rpc-schema HTTP/1.1",
     "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
    {"chunks in HTTP/1.0", "GET /forest/rpc-schema HTTP/1.0",
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
    {"a coding that is not read", "GET /forest/rpc-schema HTTP/1.1",
     "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, true},
    {"a body over the limit", "GET /forest/rpc-schema HTTP/1.1", "Content-Length: 65537\r\n\r\n",
     413, true},
    {"POST with a body in chunks", "POST /forest/rpc-schema HTTP/1.1",
     "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 405},
    {"PUT", "PUT /forest/rpc-schema HTTP/1.1", "Content-Length: 2\r\n\r\n{}", 405},
    {"a query", "GET /forest/rpc-schema?a=b HTTP/1.1", "\r\n", 200},
    {"the absolute form", "GET http://warehouse.example:3000/forest/rpc-schema HTTP/1.1", "\r\n",
     200},
    {"an unknown path", "GET /forest HTTP/1.1", "\r\n", 404},
    {"a path that only begins so", "GET /forest/rpc-schemas HTTP/1.1", "\r\n", 404},
    {"HTTP/2.0", "GET /forest/rpc-schema HTTP/2.0", "\r\n", 505, true},
    {"no version", "GET /forest/rpc-schema", "\r\n", 400, true},
    {"two Hosts", "GET /forest/rpc-schema HTTP/1.1", "Host: b\r\n\r\n", 400, true},
    {"a line end that is none", "GET /forest/rpc-schema HTTP/1.1", "A: b\n\r\n", 400, true},
};

std::string with_signature(std::string lines, const signature& by) {
    return replaced(replaced(std::move(lines), "%T%", by.timestamp), "%S%", by.digits);
}

std::string get_schema(const std::string& lines) {
    return "GET /forest/rpc-schema HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}

std::string signed_by(const signature& by) {
    return with_signature(signatures[0].lines, by);
}

} // namespace

BOOST_AUTO_TEST_SUITE(clients_test)

BOOST_DATA_TEST_CASE(a_client_is_served_as_it_expects, clients) {
    const serving served;
    const std::string etag = served.schema.etag();
    asking master{served, sample};

    const raw_answer health = master.get(health_path);
    BOOST_TEST(health.status == 200);
    BOOST_TEST(health.has("Content-Type: application/json"));
    BOOST_TEST(health.body == R"({"status":"ok","version":"1.16.10"})");

    // The Node client looks for the etag in the body, and the older Ruby client in the header.
    const raw_answer schema = master.get(schema_path);
    BOOST_TEST(schema.status == 200);
    BOOST_TEST(schema.has("Content-Type: application/json"));
    BOOST_TEST(!schema.has_name("Content-Encoding")); // though some of them offer to unpack it
    BOOST_TEST(schema.has("ETag: \"" + etag + '"'));
    const json document = json::parse(schema.body);
    BOOST_TEST(document.at("etag") == etag);
    BOOST_TEST(document.at("collections").at(0).at("name") == "product");
    BOOST_TEST(sha1_hex(shop) == etag);

    // Both send it back raw.
    const raw_answer unchanged = master.get(schema_path, document.at("etag"));
    BOOST_TEST(unchanged.status == 304);
    BOOST_TEST(unchanged.body.empty());
    BOOST_TEST(!unchanged.has_name("Content-Length"));
    BOOST_TEST(!unchanged.has_name("Transfer-Encoding"));
    BOOST_TEST(master.get(schema_path, "another").body == schema.body);
    BOOST_TEST(master.get(health_path).status == 200);
}

BOOST_DATA_TEST_CASE(a_client_hears_of_another_schema, clients) {
    serving served;
    asking master{served, sample};
    const std::string before = served.schema.etag();
    BOOST_TEST(master.get(schema_path, before).status == 304);
    BOOST_REQUIRE(!served.schema.replace(R"({"collections":[]})"));
    const raw_answer changed = master.get(schema_path, before);
    BOOST_TEST(changed.status == 200);
    const std::string after = json::parse(changed.body).at("etag");
    BOOST_TEST(after == served.schema.etag());
    BOOST_TEST(after != before);
    BOOST_TEST(master.get(schema_path, after).status == 304);
}

BOOST_DATA_TEST_CASE(the_etag_is_recognised_in_every_form, conditions) {
    const serving served;
    const std::string value = replaced(sample.value, "E", served.schema.etag());
    for (const client& each : clients)
        BOOST_TEST((asking{served, each}.get(schema_path, value).status == sample.status),
                   each.name);
}

BOOST_AUTO_TEST_CASE(a_list_may_go_over_several_lines) {
    const serving served;
    const std::string etag = served.schema.etag();
    raw_client client = served.connect();
    BOOST_TEST(client
                   .ask(get_schema(signed_by(sign()) +
                                   "If-None-Match: \"other\"\r\n"
                                   "If-None-Match: " +
                                   etag + "\r\n"))
                   .status == 304);
    BOOST_TEST(client
                   .ask(get_schema(signed_by(sign()) + "If-None-Match: *\r\n"
                                                       "If-None-Match: \"other\"\r\n"))
                   .status == 200);
}

BOOST_DATA_TEST_CASE(a_signature_is_found_under_both_spellings, signatures) {
    const serving served;
    raw_client client = served.connect();
    const raw_answer answer = client.ask(get_schema(with_signature(sample.lines, sign())));
    BOOST_TEST(answer.status == (sample.accepted ? 200 : 401));
    if (!sample.accepted) {
        BOOST_TEST(answer.body == unauthorized_body);
        BOOST_TEST(!answer.has_name("ETag"));
    }
    // The connection has not suffered.
    BOOST_TEST(client.ask(get_schema(signed_by(sign()))).status == 200);
}

BOOST_AUTO_TEST_CASE(a_client_that_cannot_sign_does_not_learn_whether_the_schema_changed) {
    const serving served;
    raw_client client = served.connect();
    const std::string known = "If-None-Match: " + served.schema.etag() + "\r\n";
    const raw_answer plain = client.ask(get_schema(""));
    const raw_answer conditional = client.ask(get_schema(known));
    BOOST_TEST(plain.status == 401);
    BOOST_TEST(conditional.status == 401);
    BOOST_TEST(plain.body == conditional.body);
    BOOST_TEST(client.ask(get_schema(known + signed_by(sign()))).status == 304);
}

// Not at the very ends, which the tests of the verifier hold: here the clock runs.
BOOST_AUTO_TEST_CASE(five_minutes_of_skew_are_borne) {
    const serving served;
    raw_client client = served.connect();
    for (const std::chrono::seconds ago : {-290s, -61s, 61s, 290s})
        BOOST_TEST(client.ask(get_schema(signed_by(sign(ago)))).status == 200);
    for (const std::chrono::seconds ago : {-310s, 310s})
        BOOST_TEST(client.ask(get_schema(signed_by(sign(ago)))).body == unauthorized_body);
}

BOOST_DATA_TEST_CASE(what_no_client_should_send_is_read_or_refused, unusual_requests) {
    const serving served;
    raw_client client = served.connect();
    const std::string request =
        std::string{sample.line} + "\r\nHost: a\r\n" + signed_by(sign()) + sample.rest;
    const raw_answer answer = client.ask(request);
    BOOST_TEST(answer.status == sample.status);
    BOOST_TEST(answer.has("Connection: close") == sample.closes);
    BOOST_TEST(answer.has("Allow: GET, HEAD") == (sample.status == 405));
    if (sample.closes)
        BOOST_TEST(client.ended());
    else
        BOOST_TEST(client.ask(get_schema(signed_by(sign()))).status == 200);
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_100_gets_it) {
    const serving served;
    raw_client client = served.connect();
    client.send(get_schema(signed_by(sign()) + "Expect: 100-continue\r\nContent-Length: 2\r\n"));
    BOOST_TEST(client.read_answer().status == 100);
    client.send("{}");
    BOOST_TEST(client.read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(HEAD_is_answered_as_GET_without_the_body) {
    const serving served;
    raw_client client = served.connect();
    const std::string request = replaced(get_schema(signed_by(sign())), "GET ", "HEAD ");
    client.send(request);
    const raw_answer head = client.read_answer(true);
    const raw_answer whole = client.ask(get_schema(signed_by(sign())));
    BOOST_TEST(head.status == 200);
    BOOST_TEST(head.has("Content-Length: " + std::to_string(whole.body.size())));
    BOOST_TEST(head.has("ETag: \"" + served.schema.etag() + '"'));
}

// As a proxy does that sends several requests at once.
BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    const serving served;
    raw_client client = served.connect();
    const std::string known = "If-None-Match: " + served.schema.etag() + "\r\n";
    client.send(get_schema(signed_by(sign())) + get_schema(signed_by(sign()) + known) +
                get_schema("") + get_schema(signed_by(sign())));
    for (const int expected : {200, 304, 401, 200})
        BOOST_TEST(client.read_answer().status == expected);
}

BOOST_AUTO_TEST_CASE(a_request_may_come_byte_by_byte) {
    const serving served;
    raw_client client = served.connect();
    const std::string request = request_of(clients[0], schema_path, served.schema.etag());
    for (const char& byte : request)
        client.send({&byte, 1});
    BOOST_TEST(client.read_answer().status == 304);
}

BOOST_AUTO_TEST_SUITE_END()
