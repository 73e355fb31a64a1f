// SPDX-License-Identifier: BSL-1.0
#include <forest/sim/network/memory_server.hpp>

#include <forest/core/ip_address.hpp>
#include <forest/policy/server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace data = boost::unit_test::data;
using namespace forest;

} // namespace

BOOST_AUTO_TEST_SUITE(memory_server_test)

BOOST_DATA_TEST_CASE(a_204_and_a_304_have_no_body_whatever_the_handler_says,
                     data::make({204, 304}) ^ data::make({"No Content", "Not Modified"}), status,
                     reason) {
    for (const char* const method : {"GET", "HEAD"}) {
        sim::event_queue queue;
        sim::memory_server server{sim::virtual_clock{queue}};
        server.get("/", [&](const server_request&, const auto& respond) {
            response given{.status = status, .body = "{}", .fields = {}};
            BOOST_TEST(!given.fields.add("ETag", "\"a\""));
            respond(given);
        });
        std::string answer;
        std::string asked = std::string{method} + " / HTTP/1.1\r\nHost: a\r\n\r\n";
        server.serve(asked, [&](std::string_view bytes) { answer = bytes; });
        BOOST_TEST(answer == "HTTP/1.1 " + std::to_string(status) + " " + reason +
                                 "\r\n"
                                 "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                                 "Connection: close\r\n"
                                 "ETag: \"a\"\r\n"
                                 "\r\n");
    }
}

BOOST_AUTO_TEST_CASE(an_answer_has_the_bytes_of_the_real_server) {
    sim::event_queue queue;
    sim::memory_server server{sim::virtual_clock{queue}};
    server.get("/", [&](const server_request&, const auto& respond) {
        respond(response{.body = "{}", .fields = {}});
    });
    std::string answer;
    std::string asked = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    server.serve(asked, [&](std::string_view bytes) { answer = bytes; });
    BOOST_TEST(answer == "HTTP/1.1 200 OK\r\n"
                         "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                         "Content-Type: application/json\r\n"
                         "Content-Length: 2\r\n"
                         "Connection: close\r\n"
                         "\r\n"
                         "{}");
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_after_the_server_is_gone) {
    sim::event_queue queue;
    auto server = std::make_unique<sim::memory_server>(sim::virtual_clock{queue});
    std::optional<sim::memory_server::responder> kept;
    server->get("/", [&](const server_request&, const auto& respond) { kept = respond; });
    std::string answer;
    std::string asked = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    server->serve(asked, [&](std::string_view bytes) { answer = bytes; });
    server.reset();
    kept.reset();
    BOOST_TEST(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
    BOOST_TEST(answer.ends_with("\r\n\r\n{\"error\":\"Internal Server Error\"}"));
}

// The receiver of an answer may make the next request within its call.
BOOST_AUTO_TEST_CASE(a_request_within_the_delivery_of_an_answer_does_not_change_that_answer) {
    sim::event_queue queue;
    sim::memory_server server{sim::virtual_clock{queue}};
    std::string inner;
    std::string outer;
    std::string second = "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n";
    std::string first = second;
    server.serve(first, [&](std::string_view bytes) {
        server.serve(second, [&](std::string_view nested) { inner = nested; });
        outer = bytes;
    });
    BOOST_TEST(outer.starts_with("HTTP/1.1 404 Not Found\r\n"));
    BOOST_TEST(outer == inner);
}

// Both ends of a hold are told once, and not after the answer.
BOOST_AUTO_TEST_CASE(a_held_answer_ends_with_the_client_or_with_the_need_of_the_server) {
    for (const int way : {0, 1, 2}) {
        sim::event_queue queue;
        sim::memory_server server{sim::virtual_clock{queue}};
        std::string told;
        std::optional<sim::memory_server::responder> kept;
        server.get("/", [&](const server_request&, const auto& respond) {
            BOOST_TEST(respond.hold(
                [&](hold_end why) { told += why == hold_end::client_gone ? "gone " : "now "; }));
            kept = respond;
        });
        std::string answer;
        std::string asked = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        const auto pending = server.serve(asked, [&](std::string_view bytes) { answer = bytes; });
        if (way == 0)
            pending.client_gone();
        if (way == 1)
            pending.answer_now();
        BOOST_TEST(answer.empty());
        (*kept)(response{.body = "{}", .fields = {}});
        pending.client_gone();
        pending.answer_now();
        BOOST_TEST(told == (way == 0 ? "gone " : way == 1 ? "now " : ""));
        BOOST_TEST(answer.empty() == (way == 0));
        BOOST_TEST(!kept->hold([](hold_end) {})); // It is answered.
    }
}

BOOST_AUTO_TEST_CASE(a_handler_knows_the_address_of_the_client) {
    sim::event_queue queue;
    sim::memory_server server{sim::virtual_clock{queue}};
    std::optional<ip_address> seen;
    server.get("/", [&](const server_request& request, const auto&) { seen = request.peer; });
    const std::string asked = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const ip_address client{.bytes = {192, 0, 2, 1}};
    std::string bytes = asked;
    server.serve(bytes, [](std::string_view) {}, false, client);
    BOOST_TEST((seen == client));
    bytes = asked;
    server.serve(bytes, [](std::string_view) {});
    BOOST_TEST(!seen.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
