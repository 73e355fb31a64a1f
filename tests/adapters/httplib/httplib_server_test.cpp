// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/httplib/httplib_server.hpp>

#include <adapters/support/raw_client.hpp>
#include <adapters/support/route_cases.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>

#include <forest/health_route.hpp>

#include <httplib.h>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using forest::accept_unsigned;
using forest::basic_health_route;
using forest::errc;
using forest::httplib_server;
using forest::response;
using forest::server_request;
using forest::test::eventually;
using forest::test::get_of;
using forest::test::raw_answer;
using forest::test::raw_client;

/// A server of the application's. It does not keep connections long, so that it stops soon.
struct application : httplib::Server {
    application() { set_keep_alive_timeout(1); }
};

struct served_httplib {
    httplib_server& server() { return mounted; }

    std::uint16_t listen() {
        if (const std::error_code ec = mounted.listen("127.0.0.1", 0))
            throw std::system_error{ec};
        return mounted.port();
    }

    // What docs/reference/foreign-servers.md lists for cpp-httplib.
    static int status(std::string_view form, int usual) {
        // 0.11 skips lines that are no fields, and decodes escapes in values; 400 is what the
        // adapter says to a decoded line end.
        if (form == "an escaped line end in a value")
            return 400;
        return usual;
    }

    application own;
    httplib_server mounted{own};
};

} // namespace

BOOST_AUTO_TEST_SUITE(httplib_server_test)

FOREST_ROUTE_CASES(served_httplib)

BOOST_AUTO_TEST_CASE(the_routes_of_the_application_stay_its_own) {
    application own;
    own.Get("/hello", [](const httplib::Request&, httplib::Response& answer) {
        answer.set_content("hello", "text/plain");
    });
    // Is called for our answers, too, and may leave those alone that have a body.
    own.set_error_handler(httplib::Server::HandlerWithResponse{
        [](const httplib::Request&, httplib::Response& answer) {
            if (!answer.body.empty())
                return httplib::Server::HandlerResponse::Unhandled;
            answer.set_content("own page", "text/plain");
            return httplib::Server::HandlerResponse::Handled;
        }});
    httplib_server server{own};
    basic_health_route route{server, accept_unsigned};
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    BOOST_TEST(client.ask(get_of("/hello")).body == "hello");
    BOOST_TEST(client.ask(get_of("/forest/health")).status == 200);
    route.drain();
    const raw_answer stopping = client.ask(get_of("/forest/health"));
    BOOST_TEST(stopping.status == 503);
    BOOST_TEST(stopping.body.starts_with(R"({"status":"stopping")"));
    BOOST_TEST(client.ask(get_of("/missing")).body == "own page");
}

BOOST_AUTO_TEST_CASE(an_application_may_listen_itself_and_outlive_the_adapter) {
    application own;
    {
        httplib_server server{own};
        const basic_health_route route{server, accept_unsigned};
    }
    const int port = own.bind_to_any_port("127.0.0.1");
    BOOST_TEST_REQUIRE(port > 0);
    const std::jthread running{[&] { own.listen_after_bind(); }};
    BOOST_TEST_REQUIRE(eventually([&] { return own.is_running(); }));
    httplib_server late{own};
    BOOST_TEST(late.get("/late", [](const server_request&, const auto&) {}) ==
               std::make_error_code(std::errc::device_or_resource_busy));
    BOOST_TEST(late.listen("127.0.0.1", 0) == make_error_code(errc::listen_failed));
    late.stop(); // is not this object's to stop
    BOOST_TEST(raw_client{static_cast<std::uint16_t>(port)}.ask(get_of("/forest/health")).status ==
               200);
    own.stop();
}

BOOST_AUTO_TEST_CASE(a_responder_that_is_kept_too_long_answers_503) {
    application own;
    httplib_server server{own, {.answer_timeout = 50ms}};
    std::mutex mutex;
    std::vector<std::function<void(const response&)>> kept;
    BOOST_TEST_REQUIRE(!server.get("/late", [&](const server_request&, auto respond) {
        const std::lock_guard lock{mutex};
        kept.emplace_back(respond);
    }));
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    const raw_answer answer = client.ask(get_of("/late"));
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.body == R"({"error":"Service Unavailable"})");
    kept.front()({.status = 200, .body = "too late", .fields = {}});
    BOOST_TEST(client.ask(get_of("/missing")).status == 404);
}

BOOST_AUTO_TEST_CASE(a_timeout_out_of_its_range_is_refused) {
    application own;
    for (const forest::duration timeout :
         {forest::duration{0}, forest::duration{-1s}, forest::duration{std::chrono::days{367}}})
        BOOST_CHECK_EXCEPTION((httplib_server{own, {.answer_timeout = timeout}}), std::system_error,
                              [](const std::system_error& thrown) {
                                  return thrown.code() ==
                                         forest::httplib_errc::invalid_answer_timeout;
                              });
    const std::error_code ec = forest::httplib_errc::invalid_answer_timeout;
    BOOST_TEST(ec.message() ==
               "httplib_server_options.answer_timeout must be greater than 0 and at most 366 days");
    BOOST_TEST(ec.category().name() == std::string_view{"forest.httplib_server_options"});
}

BOOST_AUTO_TEST_CASE(the_fields_that_the_library_adds_are_left_out) {
    application own;
    httplib_server server{own};
    std::string seen;
    BOOST_TEST_REQUIRE(
        !server.get("/fields", [&](const server_request& asked, const auto& respond) {
            seen = asked.fields.text();
            respond({.fields = {}});
        }));
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client{server.port()}.ask(
        get_of("/fields", "Remote_Addr: mine\r\nX-B: 1\r\nX-A: 2\r\nx-b: 0\r\n"));
    // Sorted by name, but repeated names in their order.
    BOOST_TEST(seen == "Host: a\r\nRemote_Addr: mine\r\nX-A: 2\r\nX-B: 1\r\nx-b: 0\r\n");
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_served_and_its_file_removed) {
    const std::string path = (std::filesystem::temp_directory_path() /
                              ("httplib" + std::to_string(::getpid()) + ".sock"))
                                 .string();
    {
        application own;
        httplib_server server{own};
        basic_health_route route{server, accept_unsigned};
        BOOST_TEST_REQUIRE(!server.listen_unix(path));
        BOOST_TEST(server.port() == 0);
        BOOST_TEST(raw_client{path}.ask(get_of("/forest/health")).status == 200);
        application second;
        httplib_server other{second};
        BOOST_TEST(other.listen_unix(path) == make_error_code(errc::address_in_use));
        BOOST_TEST(raw_client{path}.ask(get_of("/forest/health")).status == 200);
    }
    BOOST_TEST(!std::filesystem::exists(path));
    BOOST_TEST(!std::filesystem::exists(path + ".lock"));
    application own;
    httplib_server server{own};
    BOOST_TEST(server.listen_unix("") == make_error_code(errc::path_invalid));
    BOOST_TEST(server.listen_unix(std::string(200, 'x')) == make_error_code(errc::path_invalid));
    BOOST_TEST(server.listen_unix("/missing/a.sock") == make_error_code(errc::listen_failed));
}

BOOST_AUTO_TEST_CASE(a_place_where_it_cannot_listen_is_an_error) {
    application own;
    httplib_server server{own};
    BOOST_TEST(server.listen("256.0.0.1", 0) == make_error_code(errc::listen_failed));
    BOOST_TEST(server.listen("192.0.2.1", 0) == make_error_code(errc::listen_failed));
    forest::test::running_server other;
    BOOST_TEST(server.listen("127.0.0.1", other.port) == make_error_code(errc::address_in_use));
    BOOST_TEST(server.port() == 0);
    BOOST_TEST(!server.listen("127.0.0.1", 0)); // an error left nothing behind
    BOOST_TEST(server.listen("127.0.0.1", 0) == make_error_code(errc::listen_failed));
    server.stop();
    server.stop();
}

BOOST_AUTO_TEST_CASE(a_stop_waits_for_the_request_that_has_begun) {
    application own;
    httplib_server server{own};
    std::mutex mutex;
    std::optional<std::function<void(const response&)>> kept;
    BOOST_TEST_REQUIRE(!server.get("/late", [&](const server_request&, auto respond) {
        const std::lock_guard lock{mutex};
        kept = respond;
    }));
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    client.send(get_of("/late"));
    BOOST_TEST_REQUIRE(eventually([&] {
        const std::lock_guard lock{mutex};
        return kept.has_value();
    }));
    std::jthread stopping{[&] { server.stop(); }};
    (*kept)({.status = 200, .body = "whole", .fields = {}});
    BOOST_TEST(client.read_answer().body == "whole");
}

#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
BOOST_AUTO_TEST_CASE(an_SSLServer_without_a_certificate_is_an_error) {
    httplib::SSLServer own{"/missing/certificate.pem", "/missing/key.pem"};
    httplib_server server{own};
    BOOST_TEST(server.listen("127.0.0.1", 0) == make_error_code(errc::tls_configuration_invalid));
    BOOST_TEST(server.listen_unix("/tmp/unused.sock") ==
               make_error_code(errc::tls_configuration_invalid));
}
#endif

BOOST_AUTO_TEST_SUITE_END()
