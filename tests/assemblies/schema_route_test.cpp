// SPDX-License-Identifier: BSL-1.0

// The rules of PROTOCOL.md, 3 for a server, on the real route, mounted on a server in memory; bytes
// in, bytes out.

#include <forest/schema_route.hpp>

#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

using namespace forest;
namespace data = boost::unit_test::data;

namespace {

// Two schemas and their SHA-1, as sha1sum computes it.
const std::string bare = R"({"collections":[]})";
const std::string bare_etag = "f0973a4587ad2de139727bfd6aa36f21ace66a3f";
const std::string shop = R"({"collections":[{"name":"product"}]})";
const std::string shop_etag = "7ec21c29f877d7cc161e1d193e70a8714ca5ba0d";

std::string served(const std::string& schema, const std::string& etag) {
    return schema.substr(0, schema.size() - 1) + R"(,"etag":")" + etag + R"("})";
}

struct mounted {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::memory_server server{clock};

    std::string ask(std::string bytes) {
        std::string answer;
        server.serve(bytes, [&](std::string_view given) { answer = given; });
        return answer;
    }

    // `lines` are further header lines, each with its end.
    std::string get(const std::string& lines = {}, const std::string& method = "GET") {
        return ask(method + " /forest/rpc-schema HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
    }
};

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

int status_of(const std::string& answer) {
    return std::stoi(answer.substr(9, 3));
}

bool has(const std::string& answer, const std::string& line) {
    return answer.find("\r\n" + line + "\r\n") < answer.find("\r\n\r\n");
}

bool refuse(const server_request&) {
    return false;
}

const std::string not_modified = "HTTP/1.1 304 Not Modified\r\n"
                                 "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                                 "Connection: close\r\n"
                                 "ETag: \"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\"\r\n"
                                 "Cache-Control: private, no-cache\r\n"
                                 "\r\n";

const std::string unauthorized = "HTTP/1.1 401 Unauthorized\r\n"
                                 "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                                 "Content-Type: application/json\r\n"
                                 "Content-Length: 24\r\n"
                                 "Connection: close\r\n"
                                 "Cache-Control: no-store\r\n"
                                 "\r\n"
                                 R"({"error":"Unauthorized"})";

} // namespace

BOOST_AUTO_TEST_SUITE(schema_route_test)

BOOST_AUTO_TEST_CASE(the_schema_comes_with_its_etag_in_the_body_and_in_the_header) {
    mounted on;
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, shop};
    BOOST_TEST(on.get() == "HTTP/1.1 200 OK\r\n"
                           "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                           "Content-Type: application/json\r\n"
                           "Content-Length: 86\r\n"
                           "Connection: close\r\n"
                           "ETag: \"" +
                               shop_etag +
                               "\"\r\n"
                               "Cache-Control: private, no-cache\r\n"
                               "\r\n" +
                               served(shop, shop_etag));
    BOOST_TEST(route.etag() == shop_etag);
    BOOST_TEST(route.path() == "/forest/rpc-schema");
}

BOOST_AUTO_TEST_CASE(the_path_can_be_chosen) {
    mounted on;
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, bare, {.path = "/schema"}};
    BOOST_TEST(route.path() == "/schema");
    BOOST_TEST(status_of(on.ask("GET /schema HTTP/1.1\r\nHost: a\r\n\r\n")) == 200);
    BOOST_TEST(status_of(on.get()) == 404);
}

BOOST_AUTO_TEST_CASE(the_verifier_and_the_callback_need_not_be_copyable) {
    mounted on;
    basic_schema_route route{
        on.server, [own = std::make_unique<bool>(true)](const server_request&) { return *own; },
        sha1_hex, bare};
    int status = 0;
    route.on_answer([&status, factor = std::make_unique<int>(1)](const route_answer& given) {
        status = given.status * *factor;
    });
    BOOST_TEST(status_of(on.get()) == 200);
    BOOST_TEST(status == 200);
}

BOOST_AUTO_TEST_CASE(HEAD_has_the_fields_of_GET_and_no_body) {
    mounted on;
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, shop};
    const std::string get = on.get();
    BOOST_TEST(on.get("", "HEAD") == get.substr(0, get.size() - body_of(get).size()));
    BOOST_TEST(on.get("If-None-Match: " + shop_etag + "\r\n", "HEAD") == not_modified);
}

BOOST_DATA_TEST_CASE(
    a_client_that_has_the_schema_gets_an_answer_without_a_body,
    data::make({"If-None-Match: 7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\r\n",
                "If-None-Match: \"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\"\r\n",
                "If-None-Match: W/\"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\"\r\n",
                "If-None-Match: \"a\", 7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\r\n",
                "If-None-Match: \"a\"\r\n"
                "if-none-match: \"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\"\r\n",
                "If-None-Match: W/\"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\r\n",
                "If-None-Match: \"W/\"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\"\r\n",
                "If-None-Match: W/7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\r\n",
                "If-None-Match: \"a\" ,W/\"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d , b\r\n",
                "If-None-Match: \"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d-gzip\"\r\n",
                "If-None-Match: *\r\n"})) {
    mounted on;
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, shop};
    BOOST_TEST(on.get(sample) == not_modified);
}

BOOST_DATA_TEST_CASE(
    who_has_another_schema_or_none_is_given_this_one,
    data::make({"", "If-None-Match:\r\n", "If-None-Match: \"\"\r\n",
                "If-None-Match: f0973a4587ad2de139727bfd6aa36f21ace66a3f\r\n",
                "If-None-Match: \"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\r\n",
                "If-None-Match: 7ec21c29f877d7cc161e1d193e70a8714ca5ba0dx\r\n",
                "If-None-Match: \"a,7ec21c29f877d7cc161e1d193e70a8714ca5ba0d,b\"\r\n",
                "If-None-Match: *, *\r\n", "If-Match: \"a\"\r\n",
                "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT\r\n"})) {
    mounted on;
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, shop};
    const std::string answer = on.get(sample);
    BOOST_TEST(status_of(answer) == 200);
    BOOST_TEST(body_of(answer) == served(shop, shop_etag));
}

BOOST_DATA_TEST_CASE(strangers_get_the_same_401_whatever_they_have,
                     data::make({"", "If-None-Match: 7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\r\n",
                                 "If-None-Match: \"7ec21c29f877d7cc161e1d193e70a8714ca5ba0d\"\r\n",
                                 "If-None-Match: *\r\n", "If-None-Match: x\r\n"})) {
    mounted on;
    const basic_schema_route route{on.server, refuse, sha1_hex, shop};
    BOOST_TEST(on.get(sample) == unauthorized);
    BOOST_TEST(on.get(sample, "HEAD") + body_of(unauthorized) == unauthorized);
}

BOOST_AUTO_TEST_CASE(a_stranger_cannot_tell_the_schema_from_the_health_check) {
    mounted on;
    const basic_schema_route schema{on.server, refuse, sha1_hex, shop};
    const basic_health_route health{on.server, refuse};
    BOOST_TEST(on.ask("GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n") == on.get());
}

BOOST_AUTO_TEST_CASE(a_verifier_that_throws_has_not_accepted) {
    mounted on;
    const basic_schema_route route{
        on.server, [](const server_request&) -> bool { throw std::runtime_error("x"); }, sha1_hex,
        shop};
    BOOST_TEST(on.get() == unauthorized);
}

BOOST_AUTO_TEST_CASE(a_request_is_signed_as_a_check_is) {
    mounted on;
    const basic_schema_route route{on.server, hmac_sha256_verifier{"my-secret"}, sha1_hex, shop};
    const std::string timestamp = "2026-01-01T00:00:00.000Z";
    hmac_sha256 key{"my-secret"};
    const hmac_sha256::hex_digest signature = key.sign(timestamp);
    const std::string lines = "X_TIMESTAMP: " + timestamp + "\r\nX_SIGNATURE: " +
                              std::string{signature.data(), signature.size()} + "\r\n";
    BOOST_TEST(status_of(on.get(lines)) == 200);
    BOOST_TEST(on.get(lines + "If-None-Match: " + shop_etag + "\r\n") == not_modified);
    BOOST_TEST(on.get("X_TIMESTAMP: " + timestamp + "\r\n") == unauthorized);
}

struct form {
    const char* request;
    int status;
    friend std::ostream& operator<<(std::ostream& out, const form& shown) {
        return out << shown.status;
    }
};

BOOST_DATA_TEST_CASE(
    request_forms,
    data::make(std::vector<form>{
        {"GET /forest/rpc-schema HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"GET /forest/rpc-schema?query=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"GET http://a/forest/rpc-schema HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"GET /forest/rpc-schema HTTP/1.0\r\n\r\n", 200},
        {"GET /forest/rpc-schema HTTP/1.0\r\nIf-None-Match: *\r\n\r\n", 304},
        {"POST /forest/rpc-schema HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405},
        {"POST /forest/rpc-schema HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", 405},
        {"GET /forest/rpc-schemas HTTP/1.1\r\nHost: a\r\n\r\n", 404},
        {"GET /forest HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", 404},
        {"GET /forest/rpc-schema HTTP/1.1\r\n\r\n", 400}}),
    sample) {
    mounted on;
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, shop};
    const std::string answer = on.ask(sample.request);
    BOOST_TEST(status_of(answer) == sample.status);
    if (sample.status == 200)
        BOOST_TEST(body_of(answer) == served(shop, shop_etag));
}

BOOST_DATA_TEST_CASE(
    an_etag_that_comes_with_the_text_is_not_believed,
    data::make({R"({"collections":[{"name":"product"}],"etag":"old"})",
                R"({"etag":"old","collections":[{"name":"product"}]})",
                R"({"\u0065tag":"old","collections":[{"name":"product"}],"etag":{"etag":1}})",
                "\n {\"collections\":[{\"name\":\"product\"}],\"etag\":\"\"}\r\n\t"})) {
    mounted on;
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, sample};
    BOOST_TEST(route.etag() == shop_etag);
    BOOST_TEST(body_of(on.get()) == served(shop, shop_etag));
}

BOOST_AUTO_TEST_CASE(all_other_bytes_of_the_text_go_out_as_they_stand) {
    mounted on;
    const std::string text = "{ \"collections\" : [\n{\"name\":\"\\u00e9\",\"etag\":1.0e+00}] ,"
                             "\"charts\":[\"\xc3\xa9\"], \"other\":[{}]\n}";
    const basic_schema_route route{on.server, accept_unsigned, sha1_hex, text};
    BOOST_TEST(body_of(on.get()) == served(text, sha1_hex(text)));
}

BOOST_AUTO_TEST_CASE(a_schema_that_was_served_is_served_again_as_it_was) {
    mounted on;
    mounted again;
    const basic_schema_route first{on.server, accept_unsigned, sha1_hex, shop};
    const basic_schema_route second{again.server, accept_unsigned, sha1_hex, body_of(on.get())};
    BOOST_TEST(on.get() == again.get());
}

BOOST_AUTO_TEST_CASE(a_schema_is_replaced_at_run_time) {
    mounted on;
    basic_schema_route route{on.server, accept_unsigned, sha1_hex, bare};
    const std::string has_bare = "If-None-Match: " + bare_etag + "\r\n";
    BOOST_TEST(status_of(on.get(has_bare)) == 304);
    BOOST_TEST(!route.replace(shop));
    BOOST_TEST(route.etag() == shop_etag);
    const std::string answer = on.get(has_bare);
    BOOST_TEST(body_of(answer) == served(shop, shop_etag));
    BOOST_TEST(has(answer, "ETag: \"" + shop_etag + '"'));
    BOOST_TEST(on.get("If-None-Match: " + shop_etag + "\r\n") == not_modified);
    BOOST_TEST(!route.replace(bare));
    BOOST_TEST(status_of(on.get(has_bare)) == 304);
}

struct bad_text {
    const char* text;
    errc error;
    friend std::ostream& operator<<(std::ostream& out, const bad_text& shown) {
        return out << shown.text;
    }
};

const std::vector<bad_text> bad_texts{{"", errc::malformed_body},
                                      {" ", errc::malformed_body},
                                      {"[]", errc::malformed_body},
                                      {R"({"collections":[]})"
                                       "x",
                                       errc::malformed_body},
                                      {R"({"collections":[])", errc::malformed_body},
                                      {"{\"collections\":[],\"a\":\"\xff\"}", errc::malformed_body},
                                      {"{}", errc::malformed_schema},
                                      {R"({"collections":{}})", errc::malformed_schema},
                                      {R"({"collections":[{}]})", errc::malformed_schema},
                                      {R"({"collections":[{"name":1}]})", errc::malformed_schema}};

BOOST_DATA_TEST_CASE(a_text_that_is_no_schema_leaves_the_old_one_in_place, data::make(bad_texts)) {
    mounted on;
    basic_schema_route route{on.server, accept_unsigned, sha1_hex, shop};
    const std::string before = on.get();
    BOOST_TEST((route.replace(sample.text) == sample.error));
    BOOST_TEST(on.get() == before);
    BOOST_TEST(route.etag() == shop_etag);
}

BOOST_DATA_TEST_CASE(a_route_without_a_schema_is_refused_and_mounts_nothing,
                     data::make(bad_texts)) {
    mounted on;
    BOOST_CHECK_EXCEPTION((basic_schema_route{on.server, accept_unsigned, sha1_hex, sample.text}),
                          std::system_error,
                          [&](const auto& thrown) { return thrown.code() == sample.error; });
    BOOST_TEST(status_of(on.get()) == 404);
}

BOOST_AUTO_TEST_CASE(a_route_without_a_verifier_or_a_hash_is_refused_and_mounts_nothing) {
    mounted on;
    BOOST_CHECK_EXCEPTION(
        (basic_schema_route{on.server, request_verifier{}, sha1_hex, shop}), std::system_error,
        [](const auto& thrown) { return thrown.code() == errc::verifier_missing; });
    BOOST_CHECK_EXCEPTION((basic_schema_route{on.server, accept_unsigned, schema_hash{}, shop}),
                          std::system_error,
                          [](const auto& thrown) { return thrown.code() == errc::hash_missing; });
    BOOST_TEST(status_of(on.get()) == 404);
}

BOOST_AUTO_TEST_CASE(a_hash_that_cannot_be_an_etag_leaves_the_old_schema_in_place) {
    mounted on;
    std::string answered = "version-1";
    basic_schema_route route{on.server, accept_unsigned, [&](std::string_view) { return answered; },
                             bare};
    const std::string before = on.get();
    BOOST_TEST(has(before, "ETag: \"version-1\""));
    for (const char* bad : {"", " ", "a b", "a\"b", "a\r\nX: b", "\xc3\xa9"}) {
        answered = bad;
        BOOST_TEST((route.replace(shop) == errc::header_invalid));
    }
    for (const std::size_t size : {header_fields::capacity - 7, header_fields::capacity}) {
        answered.assign(size, 'x');
        BOOST_TEST((route.replace(shop) == errc::header_too_large));
    }
    BOOST_TEST(on.get() == before);
    answered = R"(it's,\)";
    BOOST_TEST(!route.replace(shop));
    BOOST_TEST(body_of(on.get()) == served(shop, R"(it's,\\)"));
    BOOST_TEST(status_of(on.get("If-None-Match: W/\"it's,\\\"\r\n")) == 304);
}

BOOST_AUTO_TEST_CASE(a_hash_that_throws_leaves_the_old_schema_in_place) {
    mounted on;
    bool failing = false;
    basic_schema_route route{on.server, accept_unsigned,
                             [&](std::string_view text) {
                                 if (failing)
                                     throw std::runtime_error("x");
                                 return sha1_hex(text);
                             },
                             bare};
    failing = true;
    BOOST_CHECK_THROW((void)route.replace(shop), std::runtime_error);
    BOOST_TEST(body_of(on.get()) == served(bare, bare_etag));
    failing = false;
    BOOST_TEST(!route.replace(shop));
    BOOST_TEST(body_of(on.get()) == served(shop, shop_etag));
}

// Keeps its only handler, and responds when the test calls it.
struct manual_server {
    using responder = std::function<void(const response&)>;
    std::function<void(const server_request&, responder)> handler;
    std::error_code error;

    std::error_code get(const std::string&,
                        std::function<void(const server_request&, responder)> given) {
        handler = std::move(given);
        return error;
    }
};

BOOST_AUTO_TEST_CASE(a_schema_that_is_replaced_while_it_is_being_sent_stays_until_it_is) {
    manual_server server;
    basic_schema_route route{server, accept_unsigned, sha1_hex, shop};
    std::string sent;
    server.handler({}, [&](const response& answer) {
        BOOST_TEST(!route.replace(bare)); // Nor is any lock held meanwhile.
        BOOST_TEST(route.etag() == bare_etag);
        sent = answer.body;
    });
    BOOST_TEST(sent == served(shop, shop_etag));
}

BOOST_AUTO_TEST_CASE(no_request_copies_the_schema) {
    manual_server server;
    const basic_schema_route route{server, accept_unsigned, sha1_hex, shop};
    std::vector<const char*> seen;
    const auto look = [&](const response& answer) { seen.push_back(answer.body.data()); };
    server.handler({}, look);
    server.handler({}, look);
    BOOST_TEST_REQUIRE(seen.size() == 2U);
    BOOST_TEST(static_cast<const void*>(seen[0]) == static_cast<const void*>(seen[1]));
}

BOOST_AUTO_TEST_CASE(a_304_has_no_content_type_on_any_server) {
    manual_server server;
    const basic_schema_route route{server, accept_unsigned, sha1_hex, shop};
    int answers = 0;
    server.handler({.fields = field_view{"If-None-Match: *\r\n"}}, [&](const response& answer) {
        ++answers;
        BOOST_TEST(answer.status == 304);
        BOOST_TEST(answer.content_type == "");
        BOOST_TEST(answer.body == "");
    });
    BOOST_TEST(answers == 1);
}

BOOST_AUTO_TEST_CASE(the_error_of_a_server_is_thrown) {
    manual_server server;
    server.error = errc::path_invalid;
    BOOST_CHECK_EXCEPTION((basic_schema_route{server, accept_unsigned, sha1_hex, shop}),
                          std::system_error,
                          [](const auto& thrown) { return thrown.code() == errc::path_invalid; });
}

BOOST_AUTO_TEST_CASE(each_answer_is_reported_for_the_log) {
    mounted on;
    bool accepting = true;
    basic_schema_route route{on.server, [&](const server_request&) { return accepting; }, sha1_hex,
                             shop};
    std::vector<int> reported;
    route.on_answer([&](const route_answer& given) {
        BOOST_TEST(given.path == "/forest/rpc-schema");
        reported.push_back(given.status);
        throw std::runtime_error("a log that fails harms nobody");
    });
    on.get();
    on.get("If-None-Match: *\r\n");
    accepting = false;
    on.get();
    BOOST_TEST(reported == (std::vector<int>{200, 304, 401}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_answers_outlive_the_route_object) {
    mounted on;
    {
        const basic_schema_route route{on.server, accept_unsigned, sha1_hex, shop};
    }
    BOOST_TEST(body_of(on.get()) == served(shop, shop_etag));
}

BOOST_AUTO_TEST_CASE(B33_a_drained_route_announces_the_end_to_those_who_may_ask) {
    mounted on;
    bool allowed = true;
    basic_schema_route route{on.server, [&](const server_request&) { return allowed; },
                             [](std::string_view) { return "tag"; }, R"({"collections":[]})"};
    BOOST_TEST(!route.draining());
    route.drain();
    BOOST_TEST(route.draining());
    const std::string answer = on.get();
    BOOST_TEST(status_of(answer) == 503);
    BOOST_TEST(body_of(answer) == R"({"status":"stopping"})");
    allowed = false;
    BOOST_TEST(status_of(on.get()) == 401);
}

BOOST_AUTO_TEST_SUITE_END()
