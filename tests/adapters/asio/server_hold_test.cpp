// SPDX-License-Identifier: BSL-1.0

// B48 over sockets: answers that routes hold, and what ends a hold. The server's side of B47 (a
// drain is told at once) and B51 (a held schema), too.

#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_raw_client.hpp>

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/core/response.hpp>
#include <forest/health_route.hpp>
#include <forest/policy/server.hpp>
#include <forest/schema_route.hpp>

#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::test::certificate_files;
using forest::test::eventually;
using forest::test::port_of;
using forest::test::raw_answer;
using forest::test::raw_client;
using forest::test::running_server;
using forest::test::test_certificates;
using forest::test::tls_raw_client;
namespace data = boost::unit_test::data;

namespace {

// The longest hold: no test waits for its end.
constexpr std::string_view held_check = "GET /held HTTP/1.1\r\nHost: a\r\nPrefer: wait=240\r\n\r\n";
constexpr std::string_view plain_check = "GET /held HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view ok = R"({"status":"ok","version":"1"})";
constexpr std::string_view stopping = R"({"status":"stopping","version":"1"})";

route_options held_options(std::size_t per_address_max = 64) {
    return {
        .path = "/held", .version = "1", .hold_max = 240s, .held_per_address_max = per_address_max};
}

// A server with a route that holds.
struct holding : running_server {
    explicit holding(const server_limits& limits = {}, const route_options& chosen = held_options())
        : running_server{limits}, route{*server, accept_unsigned, chosen} {}

    [[nodiscard]] bool holds(std::size_t count) const {
        return eventually([&] { return route.held() == count; });
    }

    // A client whose check is held.
    [[nodiscard]] raw_client held_client(std::string_view request = held_check) const {
        const std::size_t before = route.held();
        raw_client client{port};
        client.send(request);
        BOOST_TEST_REQUIRE(holds(before + 1));
        return client;
    }

    basic_health_route<asio_server> route;
};

// A server on the thread of the test, which runs only when it is polled.
struct polled {
    explicit polled(const server_limits& limits = {}) : server{io, limits} {
        BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    }

    template <typename Claim>
    void poll_until(const Claim& claim) {
        BOOST_TEST_REQUIRE(eventually([&] {
            io.restart();
            io.poll();
            return claim();
        }));
    }

    asio::io_context io;
    asio_server server;
};

} // namespace

BOOST_AUTO_TEST_SUITE(server_hold_test)

BOOST_AUTO_TEST_CASE(B48_a_held_answer_is_exempt_from_the_answer_timeout) {
    server_limits limits;
    limits.answer_timeout = 50ms;
    limits.header_timeout = 50ms;
    holding on{limits};
    raw_client client = on.held_client("GET /held HTTP/1.1\r\nHost: a\r\nPrefer: wait=1\r\n\r\n");
    const auto begin = std::chrono::steady_clock::now();
    const raw_answer answer = client.read_answer();
    BOOST_TEST((std::chrono::steady_clock::now() - begin > 500ms));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == ok);
    BOOST_TEST(answer.has("Preference-Applied: wait=1"));
    BOOST_TEST(answer.has("Vary: Prefer"));
    BOOST_TEST(answer.has("Forest-Hold: 240"));
    BOOST_TEST(!answer.has("Connection: close"));
    BOOST_TEST(client.ask(plain_check).status == 200); // The connection is as any other.
}

BOOST_AUTO_TEST_CASE(B47_a_drain_is_told_at_once_to_all) {
    holding on;
    std::vector<raw_client> clients;
    for (int count = 0; count < 20; ++count)
        clients.push_back(on.held_client());
    on.route.drain();
    BOOST_TEST(on.route.held() == 0U);
    for (raw_client& each : clients) {
        const raw_answer answer = each.read_answer();
        BOOST_TEST(answer.status == 503);
        BOOST_TEST(answer.body == stopping);
        BOOST_TEST(!answer.has_name("Forest-Hold"));
    }
}

// The answers are on their way before `drain` returns: nothing runs afterwards.
BOOST_DATA_TEST_CASE(B48_a_stop_after_a_drain_cuts_no_held_answer, data::make({false, true}),
                     drained) {
    polled on;
    basic_health_route route{on.server, accept_unsigned, held_options()};
    std::vector<raw_client> clients;
    for (std::size_t count = 1; count <= 20; ++count) {
        clients.emplace_back(on.server.port()).send(held_check);
        on.poll_until([&] { return route.held() == count; });
    }
    if (drained)
        route.drain();
    on.server.stop();
    BOOST_TEST(on.server.connections() == 0U);
    BOOST_TEST(route.held() == 0U);
    for (raw_client& each : clients) {
        const raw_answer answer = each.read_answer();
        BOOST_TEST(answer.status == (drained ? 503 : 200));
        BOOST_TEST(answer.body == (drained ? stopping : ok));
        BOOST_TEST(answer.has("Connection: close") == !drained);
        BOOST_TEST(answer.has_name("Forest-Hold") == false);
        BOOST_TEST(each.ended());
    }
}

BOOST_AUTO_TEST_CASE(B48_a_server_that_is_destroyed_answers_first) {
    std::optional<raw_client> client;
    {
        holding on;
        client = on.held_client();
    }
    BOOST_TEST(client->read_answer().body == ok);
    BOOST_TEST(client->ended());
}

BOOST_AUTO_TEST_CASE(B48_a_stop_with_time_left_answers_first) {
    holding on;
    raw_client client = on.held_client();
    on.server->stop(20s);
    const raw_answer answer = client.read_answer();
    BOOST_TEST(answer.body == ok);
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.ended());
    BOOST_TEST(on.route.held() == 0U);
}

BOOST_AUTO_TEST_CASE(B48_a_client_that_goes_away_frees_its_place_at_once) {
    holding on{{}, held_options(1)};
    for (int way = 0; way < 3; ++way) {
        raw_client client = on.held_client();
        BOOST_TEST(!raw_client{on.port}.ask(held_check).has_name("Forest-Hold")); // It is full.
        switch (way) {
        case 0: client.close(); break;
        case 1: client.reset(); break;
        default: client.shutdown_sending(); break;
        }
        BOOST_TEST(on.holds(0));
    }
    BOOST_TEST(eventually([&] { return on.server->connections() == 0; }));
    BOOST_TEST(raw_client{on.port}.ask(plain_check).has("Forest-Hold: 240"));
}

BOOST_AUTO_TEST_CASE(B48_a_client_that_sends_more_ends_its_hold) {
    holding on;
    raw_client client = on.held_client();
    client.send(plain_check);
    const raw_answer held = client.read_answer();
    BOOST_TEST(held.body == ok);
    BOOST_TEST(held.has("Preference-Applied: wait=240"));
    BOOST_TEST(!held.has_name("Forest-Hold"));
    const raw_answer next = client.read_answer();
    BOOST_TEST(next.body == ok);
    BOOST_TEST(!next.has_name("Preference-Applied"));
    client.send(held_check);
    BOOST_TEST(on.holds(1));
}

BOOST_AUTO_TEST_CASE(B48_a_request_that_is_followed_by_another_is_not_held) {
    holding on;
    raw_client client{on.port};
    client.send(std::string{held_check} + std::string{held_check});
    BOOST_TEST(client.read_answer().body == ok);
    BOOST_TEST(on.holds(1)); // the second one
}

// Both places are taken by held checks of accepted clients.
BOOST_AUTO_TEST_CASE(B48_an_answer_is_given_early_when_the_server_is_full) {
    server_limits limits;
    limits.connections_max = 2;
    holding on{limits};
    raw_client oldest = on.held_client();
    raw_client newer = on.held_client();
    for (int round = 0; round < 3; ++round) {
        raw_client further{on.port};
        BOOST_TEST(further.ask(plain_check).status == 200);
        const raw_answer early = oldest.read_answer();
        BOOST_TEST(early.body == ok);
        BOOST_TEST(early.has("Connection: close"));
        BOOST_TEST(early.has("Preference-Applied: wait=240"));
        BOOST_TEST(!early.has_name("Forest-Hold"));
        BOOST_TEST(oldest.ended());
        BOOST_TEST(on.route.held() == 1U);
        further.close();
        oldest = std::exchange(newer, on.held_client());
    }
}

BOOST_AUTO_TEST_CASE(B48_each_address_has_so_many_places) {
    holding on{{}, held_options(2)};
    const std::string path = "/tmp/forest_hold_" + std::to_string(::getpid()) + ".sock";
    BOOST_TEST(!on.server->listen_unix(path));
    const raw_client first = on.held_client();
    const raw_client second = on.held_client();
    const raw_answer beyond = raw_client{on.port}.ask(held_check);
    BOOST_TEST(beyond.body == ok);
    BOOST_TEST(!beyond.has_name("Forest-Hold"));
    BOOST_TEST(!beyond.has_name("Preference-Applied"));
    raw_client local{path}; // It has no address.
    local.send(held_check);
    BOOST_TEST(on.holds(3));
}

BOOST_AUTO_TEST_CASE(B48_a_check_over_TLS_is_held) {
    test_certificates made;
    const certificate_files own = made.server();
    holding on;
    BOOST_TEST_REQUIRE(!on.server->listen_tls("127.0.0.1", 0, {own.certificate, own.key, {}}));
    const std::uint16_t port = port_of(on.server->endpoints().back());
    {
        tls_raw_client leaving{port, made.ca_file()};
        leaving.send(held_check);
        BOOST_TEST(on.holds(1));
    }
    BOOST_TEST(on.holds(0));
    tls_raw_client client{port, made.ca_file()};
    client.send(held_check);
    BOOST_TEST(on.holds(1));
    on.route.drain();
    BOOST_TEST(client.ask("").find(stopping) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B51_a_replaced_schema_is_sent_at_once) {
    running_server running;
    basic_schema_route route{*running.server,
                             accept_unsigned,
                             sha1_hex,
                             R"({"collections":[]})",
                             {.path = "/schema", .hold_max = 240s}};
    const auto request = [&] {
        return "GET /schema HTTP/1.1\r\nHost: a\r\nPrefer: wait=240\r\nIf-None-Match: \"" +
               route.etag() + "\"\r\n\r\n";
    };
    raw_client client{running.port};
    client.send(request());
    BOOST_TEST(eventually([&] { return route.held() == 1; }));
    BOOST_TEST(!route.replace(R"({"collections":[{"name":"product"}]})"));
    const raw_answer answer = client.read_answer();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.has("ETag: \"" + route.etag() + "\""));
    client.send(request());
    BOOST_TEST(eventually([&] { return route.held() == 1; }));
}

// A handler that does not answer although it is asked.
BOOST_AUTO_TEST_CASE(B48_the_answer_timeout_applies_again_when_a_hold_ends) {
    server_limits limits;
    limits.answer_timeout = 50ms;
    running_server running{limits};
    std::mutex mutex;
    std::optional<server_responder> kept;
    std::atomic<int> told = 0;
    (void)running.server->get("/never", [&](const server_request&, const auto& respond) {
        if (!respond.hold([&](hold_end why) { told += why == hold_end::answer_now; }))
            return;
        const std::lock_guard lock{mutex};
        kept = respond;
    });
    raw_client client{running.port};
    client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(eventually([&] {
        const std::lock_guard lock{mutex};
        return kept.has_value();
    }));
    std::this_thread::sleep_for(100ms);
    BOOST_TEST(!client.has_received()); // It is held.
    client.send(plain_check);
    BOOST_TEST(client.read_answer().status == 503);
    BOOST_TEST(told == 1);
    BOOST_TEST(!kept->hold([](hold_end) {}));
    (*kept)(response{});
}

BOOST_AUTO_TEST_CASE(B48_an_answer_that_is_given_ends_nothing_else) {
    running_server running;
    std::atomic<int> told = 0;
    std::atomic<int> holds = 0;
    (void)running.server->get("/now", [&](const server_request&, const auto& respond) {
        holds += respond.hold([&](hold_end) { ++told; });
        holds += respond.hold([&](hold_end) { ++told; }); // twice is once
        respond({.body = "{}", .fields = {}});
    });
    {
        raw_client client{running.port};
        for (int round = 0; round < 3; ++round)
            BOOST_TEST(client.ask("GET /now HTTP/1.1\r\nHost: a\r\n\r\n").body == "{}");
    }
    BOOST_TEST(eventually([&] { return running.server->connections() == 0; }));
    BOOST_TEST(holds == 3);
    BOOST_TEST(told == 0);
}

// Clients come and go while the health changes, and the server stops in the middle.
BOOST_AUTO_TEST_CASE(B48_no_place_leaks_while_everything_happens_at_once) {
    holding on;
    std::atomic<bool> over = false;
    std::atomic<int> answers = 0;
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int index = 0; index < 3; ++index) {
        threads.emplace_back([&, index] {
            try {
                for (int round = index; !over; ++round) {
                    raw_client client{on.port};
                    client.send(held_check);
                    if (round % 3 == 0)
                        client.reset();
                    else if (round % 3 == 1 || client.read_answer().status != 0)
                        ++answers;
                }
            } catch (...) { // The server has stopped, or forgotten the client.
                failures += over ? 0 : 1;
            }
        });
    }
    for (int round = 0; round < 300 || answers < 60; ++round) {
        on.route.set_healthy(round % 2 == 0);
        std::this_thread::sleep_for(1ms);
    }
    on.route.drain();
    over = true;
    on.server->stop();
    for (std::thread& each : threads)
        each.join();
    BOOST_TEST(on.holds(0));
    BOOST_TEST(failures == 0);
}

BOOST_AUTO_TEST_SUITE_END()
