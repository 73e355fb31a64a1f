// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_ROUTE_CASES_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_ROUTE_CASES_HPP

#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/core/verification.hpp>
#include <forest/health_route.hpp>
#include <forest/policy/server.hpp>
#include <forest/policy/transport.hpp>
#include <forest/schema_route.hpp>
#include <forest/sim/conformance/server.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

// What the routes do on any server, over real sockets. A test includes this and instantiates the
// cases with FOREST_ROUTE_CASES(Served) in its suite. `Served` is default-constructible and has
//
// - `server()`: the server, to mount routes on;
// - `listen()`: begins to serve on a free port of 127.0.0.1, and returns the port;
// - `static int status(name, usual)`: the status for the form of a request with that name, of which
//   `usual` is that of asio_server: where it differs, docs/reference/foreign-servers.md says so.

namespace forest::test {

inline constexpr std::string_view shared_secret = "s3cret";

inline std::string get_of(std::string_view path, std::string_view lines = {},
                          std::string_view method = "GET") {
    return std::string{method}
               .append(" ")
               .append(path)
               .append(" HTTP/1.1\r\nHost: a\r\n")
               .append(lines) +
           "\r\n";
}

/// The two lines of a signature made now.
inline std::string signature_lines(std::string_view secret = shared_secret,
                                   header_style style = header_style::underscore) {
    hmac_sha256_signer signer{secret, style};
    header_fields fields;
    signer.sign(request{},
                std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now()), fields);
    return std::string{fields.text()};
}

/// The lines of a head without its first line and those that differ from one answer to the next.
inline std::vector<std::string> lasting_lines(const raw_answer& answer) {
    std::vector<std::string> lines;
    std::size_t begin = answer.head.find("\r\n") + 2;
    while (begin < answer.head.size()) {
        const std::size_t end = answer.head.find("\r\n", begin);
        if (const std::string line = answer.head.substr(begin, end - begin);
            !line.empty() && !line.starts_with("Date:"))
            lines.push_back(line);
        begin = end + 2;
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

template <typename Served>
void health_is_answered_to_who_signed() {
    Served served;
    std::mutex mutex;
    std::vector<refusal> decisions;
    basic_health_route route{
        served.server(), hmac_sha256_verifier{shared_secret}, {.version = "1.16.10"}};
    route.on_answer([&](const route_answer& given) {
        const std::lock_guard lock{mutex};
        decisions.push_back(given.verified.why);
    });
    const std::uint16_t port = served.listen();
    const auto ask = [&](const std::string& lines, std::string_view method = "GET") {
        raw_client client{port};
        client.send(get_of("/forest/health", lines, method));
        return client.read_answer(method == "HEAD");
    };
    for (const auto style : {header_style::underscore, header_style::dash}) {
        const raw_answer answer = ask(signature_lines(shared_secret, style));
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == R"({"status":"ok","version":"1.16.10"})");
        BOOST_TEST(answer.has("Content-Type: application/json"));
        BOOST_TEST(answer.has("Cache-Control: no-store"));
        BOOST_TEST(answer.has_name("Date"));
    }
    BOOST_TEST(ask(signature_lines(), "HEAD").status == 200);
    const raw_answer refused = ask({});
    BOOST_TEST(refused.status == 401);
    BOOST_TEST(refused.body == R"({"error":"Unauthorized"})");
    BOOST_TEST(ask(signature_lines("another")).body == refused.body);
    const std::string twice = signature_lines();
    BOOST_TEST(ask(twice + twice.substr(0, twice.find("\r\n") + 2)).status == 401);
    BOOST_TEST(ask({}, "HEAD").status == 401);
    // The callback follows the answer.
    const auto all_came = [&] {
        const std::lock_guard lock{mutex};
        return decisions.size() == 7;
    };
    BOOST_TEST_REQUIRE(eventually(all_came));
    BOOST_TEST(
        (decisions == std::vector<refusal>{refusal::none, refusal::none, refusal::none,
                                           refusal::signature_missing, refusal::signature_wrong,
                                           refusal::fields_conflict, refusal::signature_missing}));
}

template <typename Served>
void strangers_learn_nothing_of_a_state() {
    Served served;
    basic_health_route route{served.server(), hmac_sha256_verifier{shared_secret}};
    const std::uint16_t port = served.listen();
    const auto ask = [&] { return raw_client{port}.ask(get_of("/forest/health")); };
    const raw_answer before = ask();
    route.set_healthy(false);
    const raw_answer unhealthy = ask();
    route.drain();
    for (const raw_answer& each : {unhealthy, ask()}) {
        BOOST_TEST(each.status == 401);
        BOOST_TEST(each.body == before.body);
        BOOST_TEST(lasting_lines(each) == lasting_lines(before), boost::test_tools::per_element());
    }
}

template <typename Served>
void a_route_drains() {
    Served served;
    basic_health_route route{served.server(), accept_unsigned, {.version = "2"}};
    const std::uint16_t port = served.listen();
    const auto ask = [&] { return raw_client{port}.ask(get_of("/forest/health")); };
    BOOST_TEST(ask().body == R"({"status":"ok","version":"2"})");
    route.set_healthy(false);
    raw_answer answer = ask();
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.body == R"({"status":"fail","version":"2"})");
    route.set_healthy(true);
    BOOST_TEST(ask().status == 200);
    route.drain();
    answer = ask();
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.body == R"({"status":"stopping","version":"2"})");
    BOOST_TEST(answer.has("Cache-Control: no-store"));
}

// The offer is that of a server that can answer later, and a client that asks without it is
// answered at once.
template <typename Served>
void B48_only_a_server_that_can_answer_later_holds() {
    Served served;
    using server_type = std::remove_cvref_t<decltype(served.server())>;
    basic_health_route route{
        served.server(), accept_unsigned, {.version = "2", .hold_max = std::chrono::seconds{30}}};
    const std::uint16_t port = served.listen();
    const raw_answer plain = raw_client{port}.ask(get_of("/forest/health"));
    BOOST_TEST(plain.status == 200);
    BOOST_TEST(plain.has("Forest-Hold: 30") == holding_server<server_type>);
    raw_client client{port};
    client.send(get_of("/forest/health", "Prefer: wait=30\r\n"));
    if (holding_server<server_type>) {
        BOOST_TEST_REQUIRE(eventually([&] { return route.held() == 1; }));
        route.drain();
    }
    const raw_answer answer = client.read_answer();
    BOOST_TEST(answer.status == (holding_server<server_type> ? 503 : 200));
    BOOST_TEST(answer.has_name("Preference-Applied") == holding_server<server_type>);
    BOOST_TEST(!answer.has_name("Forest-Hold"));
    BOOST_TEST(route.held() == 0U);
}

template <typename Served>
void HEAD_has_the_fields_of_GET() {
    Served served;
    basic_health_route health{served.server(), accept_unsigned};
    basic_schema_route schema{served.server(), accept_unsigned, sha1_hex,
                              R"({"collections":[{"name":"product"}]})"};
    const std::uint16_t port = served.listen();
    for (const std::string path : {"/forest/health", "/forest/rpc-schema"}) {
        raw_client client{port};
        client.send(get_of(path, {}, "HEAD"));
        const raw_answer head = client.read_answer(true);
        // On the same connection: a body would be taken for this answer.
        const raw_answer get = client.ask(get_of(path));
        BOOST_TEST(head.status == 200);
        BOOST_TEST(get.status == 200);
        BOOST_TEST(!get.body.empty());
        const std::vector<std::string> lines = lasting_lines(head);
        for (const std::string& line : lasting_lines(get))
            BOOST_TEST((std::find(lines.begin(), lines.end(), line) != lines.end()), line);
    }
}

template <typename Served>
void a_schema_is_sent_once() {
    Served served;
    basic_schema_route route{served.server(), accept_unsigned, sha1_hex,
                             R"({"collections":[{"name":"product"}]})"};
    const std::uint16_t port = served.listen();
    const auto ask = [&](const std::string& lines) {
        return raw_client{port}.ask(get_of("/forest/rpc-schema", lines));
    };
    const raw_answer whole = ask({});
    const std::string etag = route.etag();
    BOOST_TEST(whole.status == 200);
    BOOST_TEST(whole.body == R"({"collections":[{"name":"product"}],"etag":")" + etag + R"("})");
    BOOST_TEST(whole.has("ETag: \"" + etag + '"'));
    for (const std::string& tag :
         {etag, '"' + etag + '"', "W/\"" + etag + '"', "\"a\", \"" + etag + '"'}) {
        const raw_answer unchanged = ask("If-None-Match: " + tag + "\r\n");
        BOOST_TEST(unchanged.status == 304, tag);
        BOOST_TEST(unchanged.body.empty());
        BOOST_TEST(unchanged.has("ETag: \"" + etag + '"'));
        BOOST_TEST(!unchanged.has_name("Content-Type"));
    }
    BOOST_TEST(ask("If-None-Match: \"other\"\r\n").status == 200);
    // Two megabytes, and so more than one write.
    const std::string name(2'000'000, 'x');
    BOOST_TEST_REQUIRE(!route.replace(R"({"collections":[{"name":")" + name + R"("}]})"));
    const raw_answer large = ask("If-None-Match: \"" + etag + "\"\r\n");
    BOOST_TEST(large.status == 200);
    BOOST_TEST(large.body.size() > name.size());
    BOOST_TEST(large.body.ends_with(route.etag() + R"("})"));
    route.drain();
    BOOST_TEST(ask({}).body == R"({"status":"stopping"})");
}

/// A form of a request, as PROTOCOL.md lists them, and the status that asio_server sends.
struct request_form {
    std::string_view name;
    std::string bytes;
    int status;
};

inline std::vector<request_form> request_forms() {
    const std::string path = "/forest/health";
    return {
        {"usual", get_of(path), 200},
        {"with a query", get_of(path + "?query=1"), 200},
        {"absolute", "GET http://a.example:80" + path + "?a HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"HTTP/1.0", "GET " + path + " HTTP/1.0\r\n\r\n", 200},
        {"with a range", get_of(path, "Range: bytes=0-1\r\n"), 200},
        {"another path", get_of("/forest/healthy"), 404},
        {"a shorter path", get_of("/forest"), 404},
        {"root", get_of("/"), 404},
        {"escapes in the path", get_of("/%66orest/health"), 404},
        {"POST", get_of(path, "Content-Length: 0\r\n", "POST"), 405},
        {"PUT", get_of(path, "Content-Length: 0\r\n", "PUT"), 405},
        {"PATCH", get_of(path, "Content-Length: 0\r\n", "PATCH"), 405},
        {"DELETE", get_of(path, {}, "DELETE"), 405},
        {"OPTIONS", get_of(path, {}, "OPTIONS"), 405},
        {"no host", "GET " + path + " HTTP/1.1\r\n\r\n", 400},
        {"two hosts", get_of(path, "Host: b\r\n"), 400},
        {"a host that is none", "GET " + path + " HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"no blank", "GET" + path + " HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"nonsense", "nonsense\r\n\r\n", 400},
        {"a length that is none", get_of(path, "Content-Length: x\r\n"), 400},
        {"two lengths", get_of(path, "Content-Length: 0\r\nContent-Length: 1\r\n"), 400},
        {"a blank in a name", get_of(path, "X Y: 1\r\n"), 400},
        {"a blank behind a name", get_of(path, "X-Y : 1\r\n"), 400},
        {"an escaped line end in a value", get_of(path, "X-Y: 1%0d%0aX-Z: 2\r\n"), 200},
        {"bare line feeds", "GET " + path + " HTTP/1.1\nHost: a\n\n", 400},
    };
}

template <typename Served>
void each_form_of_a_request_has_its_status() {
    Served served;
    std::atomic<int> calls = 0;
    basic_health_route route{served.server(), [&](const server_request& asked) {
                                 ++calls;
                                 return asked.path == "/forest/health";
                             }};
    const std::uint16_t port = served.listen();
    for (const request_form& form : request_forms()) {
        calls = 0;
        raw_client client{port};
        const raw_answer answer = client.ask(form.bytes);
        const int expected = Served::status(form.name, form.status);
        BOOST_TEST_CONTEXT(form.name) {
            BOOST_TEST(answer.status == expected);
            BOOST_TEST(calls == (expected == 200 ? 1 : 0));
            if (expected == 200)
                BOOST_TEST(answer.body.starts_with(R"({"status":"ok")"));
            if (expected == 405)
                BOOST_TEST(answer.has("Allow: GET, HEAD"));
        }
    }
}

template <typename Served>
void a_head_too_large_is_refused() {
    Served served;
    std::atomic<int> calls = 0;
    basic_health_route route{served.server(), [&](const server_request&) {
                                 ++calls;
                                 return true;
                             }};
    const std::uint16_t port = served.listen();
    for (const std::string& bytes :
         {get_of("/forest/health", "X-Long: " + std::string(100'000, 'x') + "\r\n"),
          get_of("/forest/health?" + std::string(100'000, 'x'))}) {
        raw_client client{port};
        client.send(bytes);
        const raw_answer answer = client.read_answer();
        // Some libraries close with bytes unread, and the answer is lost in the reset.
        BOOST_TEST((answer.status == 0 || (400 <= answer.status && answer.status < 500)),
                   answer.status);
    }
    BOOST_TEST(calls == 0);
    BOOST_TEST(raw_client{port}.ask(get_of("/forest/health")).status == 200);
}

template <typename Served>
void our_client_finds_the_server_healthy() {
    Served served;
    basic_health_route route{served.server(), hmac_sha256_verifier{shared_secret}};
    const std::uint16_t port = served.listen();
    asio::io_context io;
    const auto check = [&](std::string_view secret) {
        std::error_code found;
        async_check(io.get_executor(),
                    url{"http://127.0.0.1:" + std::to_string(port) + "/forest/health"},
                    std::chrono::seconds{20}, hmac_sha256_signer{secret},
                    [&](const verdict& given) { found = given.error; });
        io.restart();
        io.run();
        return found;
    };
    BOOST_TEST(check(shared_secret) == std::error_code{});
    BOOST_TEST(check("another") == make_error_code(errc::unauthorized));
    route.drain();
    BOOST_TEST(check(shared_secret) == make_error_code(errc::stopping));
}

template <typename Served>
void many_clients_at_once_get_their_own_answers() {
    constexpr int threads_count = 6;
    constexpr int requests = 25;
    Served served;
    basic_health_route route{served.server(), [](const server_request& asked) {
                                 return asked.fields.find("X-Who") == "friend";
                             }};
    const std::uint16_t port = served.listen();
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < threads_count; ++thread)
            threads.emplace_back([&, friendly = thread % 2 == 0] {
                for (int number = 0; number < requests; ++number) {
                    const auto answer = raw_client{port}.ask(get_of(
                        "/forest/health", friendly ? "X-Who: friend\r\n" : "X-Who: foe\r\n"));
                    if (answer.status != (friendly ? 200 : 401))
                        ++wrong;
                }
            });
    }
    BOOST_TEST(wrong == 0);
}

template <typename Served>
void a_path_is_refused_that_cannot_be_used() {
    Served served;
    const auto nothing = [](const server_request&, auto respond) { respond({.fields = {}}); };
    BOOST_TEST(served.server().get("/a.b+(c)", nothing) == std::error_code{});
    for (const std::string path : {"/a.b+(c)", "", "no-slash", "/a b", "/a?b", "/a#b"})
        BOOST_TEST(served.server().get(path, nothing) == make_error_code(errc::path_invalid), path);
    BOOST_CHECK_THROW((basic_health_route{served.server(), accept_unsigned, {.path = "x"}}),
                      std::system_error);
    const std::uint16_t port = served.listen();
    BOOST_TEST(raw_client{port}.ask(get_of("/a.b+(c)")).status == 200);
    BOOST_TEST(raw_client{port}.ask(get_of("/aXb+(c)")).status == 404);
}

template <typename Served>
void an_exception_of_a_handler_becomes_500() {
    Served served;
    BOOST_TEST_REQUIRE(served.server().get("/throws", [](const server_request&, const auto&) {
        throw 1; // NOLINT: not even a std::exception
    }) == std::error_code{});
    BOOST_TEST_REQUIRE(served.server().get("/odd", [](const server_request&, const auto& respond) {
        respond({.status = 99, .fields = {}});
    }) == std::error_code{});
    const std::uint16_t port = served.listen();
    BOOST_TEST(raw_client{port}.ask(get_of("/throws")).status == 500);
    BOOST_TEST(raw_client{port}.ask(get_of("/odd")).status == 500);
}

template <typename Served>
void an_answer_may_come_later_and_after_the_server() {
    std::mutex mutex;
    std::vector<std::function<void(const response&)>> kept;
    const auto count = [&] {
        const std::lock_guard lock{mutex};
        return kept.size();
    };
    {
        Served served;
        BOOST_TEST_REQUIRE(served.server().get("/late", [&](const server_request&, auto respond) {
            const std::lock_guard lock{mutex};
            kept.emplace_back(respond);
        }) == std::error_code{});
        const std::uint16_t port = served.listen();
        raw_client first{port};
        first.send(get_of("/late"));
        BOOST_TEST_REQUIRE(eventually([&] { return count() == 1; }));
        BOOST_TEST(!first.has_received());
        kept.front()({.status = 200, .body = "late", .fields = {}});
        BOOST_TEST(first.read_answer().body == "late");
        kept.front()({.status = 200, .body = "again", .fields = {}});
        BOOST_TEST(first.ask(get_of("/missing")).status == 404);
        // A client that has gone harms nobody.
        raw_client gone{port};
        gone.send(get_of("/late"));
        BOOST_TEST_REQUIRE(eventually([&] { return count() == 2; }));
        gone.reset();
        kept.back()({.status = 200, .body = "late", .fields = {}});
        raw_client dropped{port};
        dropped.send(get_of("/late"));
        BOOST_TEST_REQUIRE(eventually([&] { return count() == 3; }));
        {
            std::function<void(const response&)> last;
            const std::lock_guard lock{mutex};
            last.swap(kept.back());
            kept.pop_back();
        }
        BOOST_TEST(dropped.read_answer().status == 500);
    }
    for (const auto& each : kept)
        each({.status = 200, .body = "after the end", .fields = {}});
}

/// The harness of the battery for servers.
template <typename Served>
struct served_over_sockets : sim::conformance::server_over_sockets {
    Served served;
    auto& server() { return served.server(); }

    void send(std::string bytes, std::function<void(std::string)> done) {
        if (port == 0)
            port = served.listen(); // The battery has registered its paths.
        server_over_sockets::send(std::move(bytes), std::move(done));
    }
};

template <typename Served>
void the_battery_finds_nothing() {
    served_over_sockets<Served> harness;
    const auto found = sim::conformance::check_server(harness);
    for (const auto& each : found)
        BOOST_ERROR(to_string(each));
    BOOST_TEST(found.empty());
}

#define FOREST_ROUTE_CASE(Served, name)                                                            \
    BOOST_AUTO_TEST_CASE(name) {                                                                   \
        forest::test::name<Served>();                                                              \
    }

/// All cases, as test cases of the suite around it.
#define FOREST_ROUTE_CASES(Served)                                                                 \
    FOREST_ROUTE_CASE(Served, health_is_answered_to_who_signed)                                    \
    FOREST_ROUTE_CASE(Served, strangers_learn_nothing_of_a_state)                                  \
    FOREST_ROUTE_CASE(Served, a_route_drains)                                                      \
    FOREST_ROUTE_CASE(Served, B48_only_a_server_that_can_answer_later_holds)                       \
    FOREST_ROUTE_CASE(Served, HEAD_has_the_fields_of_GET)                                          \
    FOREST_ROUTE_CASE(Served, a_schema_is_sent_once)                                               \
    FOREST_ROUTE_CASE(Served, each_form_of_a_request_has_its_status)                               \
    FOREST_ROUTE_CASE(Served, a_head_too_large_is_refused)                                         \
    FOREST_ROUTE_CASE(Served, our_client_finds_the_server_healthy)                                 \
    FOREST_ROUTE_CASE(Served, many_clients_at_once_get_their_own_answers)                          \
    FOREST_ROUTE_CASE(Served, a_path_is_refused_that_cannot_be_used)                               \
    FOREST_ROUTE_CASE(Served, an_exception_of_a_handler_becomes_500)                               \
    FOREST_ROUTE_CASE(Served, an_answer_may_come_later_and_after_the_server)                       \
    FOREST_ROUTE_CASE(Served, the_battery_finds_nothing)

} // namespace forest::test

#endif
