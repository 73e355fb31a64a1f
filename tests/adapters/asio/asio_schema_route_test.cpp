// SPDX-License-Identifier: BSL-1.0

// The schema route on the built-in server, over sockets.

#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/schema_route.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using forest::accept_unsigned;
using forest::asio_server;
using forest::basic_schema_route;
using forest::hmac_sha256;
using forest::hmac_sha256_verifier;
using forest::sha1_hex;
using forest::test::eventually;
using forest::test::raw_answer;
using forest::test::raw_client;
using forest::test::running_server;

using schema_route = basic_schema_route<asio_server>;

const std::string shop = R"({"collections":[{"name":"product"}]})";
const std::string shop_etag = "7ec21c29f877d7cc161e1d193e70a8714ca5ba0d";
const std::string shop_body =
    R"({"collections":[{"name":"product"}],"etag":")" + shop_etag + R"("})";

std::string request(const std::string& lines = {}, const std::string& method = "GET") {
    return method + " /forest/rpc-schema HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}

std::string with_date_of(std::string text, const std::string& head) {
    const auto date = head.find("Date: ");
    return text.replace(text.find("DATE"), 4, head.substr(date, head.find("\r\n", date) - date));
}

// A schema that says its number at both ends.
std::string numbered(int number, std::size_t filling) {
    const std::string digits = std::to_string(number);
    return R"({"first":)" + digits + R"(,"collections":[{"name":")" + std::string(filling, 'x') +
           R"("}],"last":)" + digits + "}";
}

// Whether an answer is one whole numbered schema under the etag that belongs to it. It is taken
// apart at fixed places, without the code that put it together.
bool is_whole(const raw_answer& answer) {
    constexpr std::string_view key = R"(,"etag":")";
    const std::string& body = answer.body;
    const std::size_t tail = key.size() + 40 + 2;
    if (answer.status != 200 || body.size() < tail)
        return false;
    const std::size_t cut = body.size() - tail;
    const std::string etag = body.substr(cut + key.size(), 40);
    const std::string rest = body.substr(0, cut) + '}';
    const auto number_after = [&](std::string_view name) {
        const std::size_t begin = rest.find(name) + name.size();
        return rest.substr(begin, rest.find_first_of(",}", begin) - begin);
    };
    return body.compare(cut, key.size(), key) == 0 && body.ends_with(R"("})") &&
           answer.has("ETag: \"" + etag + '"') && sha1_hex(rest) == etag &&
           number_after(R"("first":)") == number_after(R"("last":)");
}

} // namespace

BOOST_AUTO_TEST_SUITE(asio_schema_route_test)

BOOST_AUTO_TEST_CASE(one_connection_is_answered_200_and_304_in_turn) {
    running_server running;
    const schema_route route{*running.server, accept_unsigned, sha1_hex, shop};
    raw_client client{running.port};
    for (int round = 0; round < 3; ++round) {
        const raw_answer all = client.ask(request());
        BOOST_TEST(all.head == with_date_of("HTTP/1.1 200 OK\r\n"
                                            "DATE\r\n"
                                            "Content-Type: application/json\r\n"
                                            "Content-Length: 86\r\n"
                                            "ETag: \"" +
                                                shop_etag +
                                                "\"\r\n"
                                                "Cache-Control: private, no-cache\r\n"
                                                "\r\n",
                                            all.head));
        BOOST_TEST(all.body == shop_body);
        for (const std::string& tag : {shop_etag, '"' + shop_etag + '"', "W/\"" + shop_etag + '"',
                                       "\"a\", \"" + shop_etag + '"', std::string{"*"}}) {
            const raw_answer none = client.ask(request("If-None-Match: " + tag + "\r\n"));
            BOOST_TEST(none.head == with_date_of("HTTP/1.1 304 Not Modified\r\n"
                                                 "DATE\r\n"
                                                 "ETag: \"" +
                                                     shop_etag +
                                                     "\"\r\n"
                                                     "Cache-Control: private, no-cache\r\n"
                                                     "\r\n",
                                                 none.head));
        }
    }
}

BOOST_AUTO_TEST_CASE(nothing_follows_a_304_or_an_answer_to_HEAD) {
    running_server running;
    const schema_route route{*running.server, accept_unsigned, sha1_hex, shop};
    raw_client client{running.port};
    client.send(request("If-None-Match: *\r\n") + request("", "HEAD") +
                request("If-None-Match: *\r\nConnection: close\r\n", "HEAD"));
    BOOST_TEST(client.read_answer().status == 304);
    const raw_answer head = client.read_answer(true);
    BOOST_TEST(head.status == 200);
    BOOST_TEST(head.has("Content-Length: 86"));
    BOOST_TEST(client.read_answer(true).status == 304);
    BOOST_TEST(client.ended());
}

// So nginx forwards.
BOOST_AUTO_TEST_CASE(http_1_0_is_answered_and_closed) {
    running_server running;
    const schema_route route{*running.server, accept_unsigned, sha1_hex, shop};
    for (const bool known : {false, true}) {
        raw_client client{running.port};
        const std::string line = known ? "If-None-Match: " + shop_etag + "\r\n" : "";
        const raw_answer answer =
            client.ask("GET /forest/rpc-schema HTTP/1.0\r\nConnection: close\r\n" + line + "\r\n");
        BOOST_TEST(answer.status == (known ? 304 : 200));
        BOOST_TEST(answer.has("Connection: close"));
        BOOST_TEST(answer.has_name("Content-Length") == !known);
        BOOST_TEST(answer.body == (known ? "" : shop_body));
        BOOST_TEST(client.ended());
    }
}

BOOST_AUTO_TEST_CASE(only_a_client_that_signs_learns_anything) {
    running_server running;
    const schema_route route{*running.server, hmac_sha256_verifier{"my-secret"}, sha1_hex, shop};
    raw_client client{running.port};
    const auto stamp = forest::format_timestamp(
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    const std::string timestamp{stamp.data(), stamp.size()};
    hmac_sha256 key{"my-secret"};
    const hmac_sha256::hex_digest digits = key.sign(timestamp);
    const std::string signature{digits.data(), digits.size()};
    const std::string known = "If-None-Match: " + shop_etag + "\r\n";
    const std::string lines =
        "X-Timestamp: " + timestamp + "\r\nX-Signature: " + signature + "\r\n";
    BOOST_TEST(client.ask(request(lines)).body == shop_body);
    BOOST_TEST(client.ask(request(lines + known)).status == 304);
    for (const std::string& unsigned_lines : {std::string{}, known}) {
        const raw_answer refused = client.ask(request(unsigned_lines));
        BOOST_TEST(refused.status == 401);
        BOOST_TEST(refused.body == R"({"error":"Unauthorized"})");
        BOOST_TEST(!refused.has_name("ETag"));
    }
}

BOOST_AUTO_TEST_CASE(a_schema_of_10_MB_arrives_whole) {
    running_server running;
    const schema_route route{*running.server, accept_unsigned, sha1_hex,
                             numbered(1, 10 * 1024 * 1024)};
    raw_client client{running.port};
    for (int round = 0; round < 2; ++round) {
        const raw_answer answer = client.ask(request());
        BOOST_TEST(answer.body.size() > std::size_t{10 * 1024 * 1024});
        BOOST_TEST(is_whole(answer));
        BOOST_TEST(client.ask(request("If-None-Match: " + route.etag() + "\r\n")).status == 304);
    }
}

BOOST_AUTO_TEST_CASE(while_schemas_are_replaced_each_answer_is_one_of_them) {
    running_server running;
    schema_route route{*running.server, accept_unsigned, sha1_hex, numbered(0, 5000)};
    constexpr int replacements = 1000;
    std::atomic<int> answered = 0;
    std::atomic<int> torn = 0;
    std::atomic<bool> ended = false;
    std::vector<std::thread> clients;
    for (int count = 0; count < 4; ++count)
        clients.emplace_back([&] {
            try {
                raw_client client{running.port};
                while (!ended) {
                    torn += is_whole(client.ask(request())) ? 0 : 1;
                    ++answered;
                }
            } catch (const std::exception&) {
                ++torn;
            }
        });
    bool in_time = true;
    std::thread replacer{[&] {
        // One answer for each replacement at least, so that the two really meet.
        for (int number = 1; number <= replacements && in_time; ++number) {
            in_time = eventually([&] { return answered >= number || torn > 0; });
            const auto size = static_cast<std::size_t>(number % 7) * 1000;
            torn += route.replace(numbered(number, size)) ? 1 : 0;
        }
        ended = true;
    }};
    replacer.join();
    for (std::thread& client : clients)
        client.join();
    BOOST_TEST(in_time);
    BOOST_TEST(torn == 0);
    BOOST_TEST(answered >= replacements);
    BOOST_TEST(route.etag() == sha1_hex(numbered(replacements, replacements % 7 * 1000)));
}

BOOST_AUTO_TEST_CASE(several_threads_replace_while_others_ask) {
    running_server running;
    schema_route route{*running.server, accept_unsigned, sha1_hex, numbered(0, 10)};
    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (int index = 0; index < 4; ++index)
        threads.emplace_back([&, index] {
            for (int round = 0; round < 250; ++round)
                failed += route.replace(numbered(index, 10)) ? 1 : 0;
        });
    raw_client client{running.port};
    for (int round = 0; round < 100; ++round)
        BOOST_TEST(is_whole(client.ask(request())));
    for (std::thread& thread : threads)
        thread.join();
    BOOST_TEST(failed == 0);
    bool known = false;
    for (int index = 0; index < 4; ++index)
        known = known || route.etag() == sha1_hex(numbered(index, 10));
    BOOST_TEST(known);
}

BOOST_AUTO_TEST_CASE(the_answers_outlive_the_route_object) {
    running_server running;
    {
        const schema_route route{*running.server, accept_unsigned, sha1_hex, shop};
    }
    raw_client client{running.port};
    BOOST_TEST(client.ask(request()).body == shop_body);
}

BOOST_AUTO_TEST_SUITE_END()
