// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/adapters/asio/asio_server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <future>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// Clients that are broken, slow or hostile. After each, a good client is served as if nothing had
// been.

namespace {

using namespace std::chrono_literals;
using forest::asio_server;
using forest::server_limits;
using forest::server_request;
using forest::test::eventually;
using forest::test::raw_answer;
using forest::test::raw_client;
using forest::test::running_server;

constexpr std::string_view get_health = "GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n";

bool serves(running_server& running) {
    return raw_client{running.port}.ask(get_health).status == 200;
}

bool without_connections(running_server& running) {
    return eventually([&] { return running.server->connections() == 0; });
}

server_limits impatient() {
    server_limits limits;
    limits.header_timeout = 30ms;
    return limits;
}

// Lets this process open `count` descriptors, if the system allows it.
bool allow_descriptors(rlim_t count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= count)
        return true;
    limit.rlim_cur = std::min(count, limit.rlim_max);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == count;
}

struct bad_request {
    const char* name;
    std::string text;
    int status;
};

std::ostream& operator<<(std::ostream& out, const bad_request& bad) {
    return out << bad.name;
}

const bad_request bad_requests[] = {
    {"garbage", "\x16\x03\x01\x02 not HTTP at all \r\n\r\n", 400},
    {"a line without an end", std::string(20000, 'A'), 431},
    {"an endless target", "GET /" + std::string(20000, 'a'), 431},
    {"an endless header value", "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(20000, 'a'), 431},
    {"endless header fields",
     [] {
         std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
         while (text.size() < 20000)
             text += "A: b\r\n";
         return text;
     }(),
     431},
    {"a body announced too large", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
     413},
    {"a body of astronomic length",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413},
    {"a body that grows too large",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n" +
         std::string(0x10001, 'b'),
     413},
    {"a chunk of astronomic length",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413},
    {"a chunk without a length",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n;\r\n", 400},
    {"two framings",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
};

} // namespace

BOOST_AUTO_TEST_SUITE(bad_clients_test)

BOOST_DATA_TEST_CASE(a_bad_request_is_answered_and_the_connection_closed, bad_requests) {
    running_server running;
    raw_client client{running.port};
    client.send(sample.text);
    const raw_answer answer = client.read_answer();
    BOOST_TEST(answer.status == sample.status);
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.ended());
    BOOST_TEST(serves(running));
}

BOOST_DATA_TEST_CASE(a_bad_request_behind_a_good_one_spoils_only_itself, bad_requests) {
    running_server running;
    raw_client client{running.port};
    client.send(std::string{get_health} + sample.text + std::string{get_health});
    BOOST_TEST(client.read_answer().status == 200);
    BOOST_TEST(client.read_answer().status == sample.status);
    BOOST_TEST(client.ended());
    BOOST_TEST(serves(running));
}

BOOST_AUTO_TEST_CASE(a_refusal_can_be_read_although_the_client_goes_on_sending) {
    running_server running;
    raw_client client{running.port};
    // More than the server reads before it answers, less than it drains before it resets.
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" +
                std::string(200000, 'x'));
    BOOST_TEST(client.read_answer().status == 413);
    BOOST_TEST(client.ended());
    client.close();
    BOOST_TEST(without_connections(running));
}

BOOST_AUTO_TEST_CASE(a_refused_client_that_never_stops_sending_is_cut_off) {
    running_server running;
    raw_client client{running.port};
    const std::string junk(1 << 16, '\x01');
    std::size_t sent = 0;
    // What the two kernels buffer is on top of what the server drains.
    constexpr std::size_t far_too_much = std::size_t{64} << 20U;
    while (sent < far_too_much && client.send(junk))
        sent += junk.size();
    BOOST_TEST(sent < far_too_much);
    BOOST_TEST(without_connections(running));
    BOOST_TEST(serves(running));
}

BOOST_AUTO_TEST_CASE(a_slow_header_is_answered_408) {
    running_server running{impatient()};
    raw_client client{running.port};
    client.send(get_health.substr(0, 20));
    const raw_answer answer = client.read_answer();
    BOOST_TEST(answer.status == 408);
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.ended());
    client.close();
    BOOST_TEST(without_connections(running));
}

BOOST_AUTO_TEST_CASE(a_slow_body_is_answered_408) {
    running_server running{impatient()};
    raw_client client{running.port};
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    BOOST_TEST(client.read_answer().status == 408);
}

BOOST_AUTO_TEST_CASE(dripping_bytes_does_not_extend_the_time_for_a_header) {
    running_server running{impatient()};
    raw_client client{running.port};
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    const auto begin = std::chrono::steady_clock::now();
    // Each byte is well within the timeout, all together are not.
    while (client.send("x") && std::chrono::steady_clock::now() - begin < 10s) {
        char byte = 0;
        if (::recv(client.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
            break;
        std::this_thread::sleep_for(5ms);
    }
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 10s));
    BOOST_TEST(client.read_answer().status == 408);
}

BOOST_AUTO_TEST_CASE(a_later_request_has_the_same_time_as_the_first) {
    running_server running{impatient()};
    raw_client client{running.port};
    BOOST_TEST(client.ask(get_health).status == 200);
    client.send(get_health.substr(0, 20));
    BOOST_TEST(client.read_answer().status == 408);
    raw_client pipelining{running.port};
    pipelining.send(std::string{get_health} + "GET");
    BOOST_TEST(pipelining.read_answer().status == 200);
    BOOST_TEST(pipelining.read_answer().status == 408);
}

BOOST_AUTO_TEST_CASE(a_client_that_says_nothing_is_closed_without_a_word) {
    running_server running{impatient()};
    raw_client client{running.port};
    BOOST_TEST(client.ended());
    BOOST_TEST(without_connections(running));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_without_a_word) {
    server_limits limits;
    limits.idle_timeout = 20ms;
    running_server running{limits};
    raw_client client{running.port};
    BOOST_TEST(client.ask(get_health).status == 200);
    BOOST_TEST(client.ended());
    BOOST_TEST(without_connections(running));
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_its_answer_is_closed) {
    server_limits limits;
    limits.send_timeout = 30ms;
    running_server running{limits};
    (void)running.server->get(
        "/large", [body = std::string(32 << 20, 'z')](const server_request&, auto respond) {
            respond({.body = body, .fields = {}});
        });
    raw_client client{running.port};
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    // First the connection is there, or it is gone already.
    BOOST_TEST(serves(running));
    BOOST_TEST(without_connections(running));
    BOOST_TEST(client.read_to_end().size() < std::size_t{32} << 20U);
}

BOOST_AUTO_TEST_CASE(a_client_that_reads_its_answer_slowly_gets_all_of_it) {
    server_limits limits;
    limits.send_timeout = 2s;
    running_server running{limits};
    (void)running.server->get(
        "/large", [body = std::string(32 << 20, 'z')](const server_request&, auto respond) {
            respond({.body = body, .fields = {}});
        });
    raw_client client{running.port};
    client.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    // Longer than the timeout, but never that long without taking some of it.
    for (int pause = 0; pause < 24; ++pause) {
        std::this_thread::sleep_for(100ms);
        client.read_more(1 << 20);
    }
    BOOST_TEST(client.read_to_end().size() > std::size_t{32} << 20U);
}

BOOST_AUTO_TEST_CASE(a_client_may_leave_after_each_byte_of_a_request) {
    constexpr std::string_view request =
        "POST /forest/health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n";
    running_server running;
    for (std::size_t size = 0; size <= request.size(); ++size) {
        raw_client ends{running.port};
        ends.send(request.substr(0, size));
        ends.close();
        raw_client resets{running.port};
        resets.send(request.substr(0, size));
        resets.reset();
    }
    BOOST_TEST(without_connections(running));
    BOOST_TEST(serves(running));
}

BOOST_AUTO_TEST_CASE(a_request_may_come_byte_by_byte) {
    running_server running;
    raw_client client{running.port};
    for (int round = 0; round < 2; ++round) {
        for (const char byte : get_health)
            client.send({&byte, 1});
        BOOST_TEST(client.read_answer().status == 200);
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_stops_sending_still_gets_its_answers) {
    running_server running;
    raw_client client{running.port};
    client.send(std::string{get_health} + std::string{get_health});
    client.shutdown_sending();
    BOOST_TEST(client.read_answer().status == 200);
    BOOST_TEST(client.read_answer().status == 200);
    BOOST_TEST(client.ended());
    BOOST_TEST(without_connections(running));
}

BOOST_AUTO_TEST_CASE(half_a_request_before_the_end_is_not_answered) {
    running_server running;
    raw_client client{running.port};
    client.send(get_health.substr(0, 20));
    client.shutdown_sending();
    BOOST_TEST(client.ended());
    BOOST_TEST(without_connections(running));
}

BOOST_AUTO_TEST_CASE(a_thousand_idle_clients_do_not_keep_out_a_check) {
    constexpr std::size_t idle_clients = 1000;
    BOOST_REQUIRE_MESSAGE(allow_descriptors(3000), "the limit on descriptors is too low");
    running_server running; // connections_max is 1024
    std::vector<raw_client> idle;
    for (std::size_t client = 0; client < idle_clients; ++client)
        idle.emplace_back(running.port);
    BOOST_TEST(eventually([&] { return running.server->connections() == idle_clients; }));
    BOOST_TEST(serves(running));
    for (std::size_t client = 0; client < 200; ++client) {
        idle.emplace_back(running.port);
        BOOST_TEST(serves(running));
        BOOST_TEST(running.server->connections() <= server_limits{}.connections_max);
    }
    // The oldest gave up their places, the youngest are still served.
    BOOST_TEST(idle.front().ended());
    BOOST_TEST(idle.back().ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(the_one_that_has_waited_the_longest_gives_up_its_place) {
    server_limits limits;
    limits.connections_max = 3;
    running_server running{limits};
    raw_client first{running.port};
    raw_client second{running.port};
    raw_client third{running.port};
    BOOST_TEST(eventually([&] { return running.server->connections() == 3; }));
    BOOST_TEST(first.ask(get_health).status == 200);
    BOOST_TEST(third.ask(get_health).status == 200);
    second.send(get_health.substr(0, 10)); // which is not yet a request
    raw_client fourth{running.port};
    BOOST_TEST(fourth.ask(get_health).status == 200);
    BOOST_TEST(second.read_to_end().empty());
    BOOST_TEST(third.ask(get_health).status == 200);
    BOOST_TEST(first.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(a_client_waits_while_all_places_are_being_answered) {
    server_limits limits;
    limits.connections_max = 1;
    running_server running{limits};
    std::promise<asio_server::responder> arrived;
    (void)running.server->get("/kept", [&](const server_request&, auto respond) {
        arrived.set_value(std::move(respond));
    });
    raw_client served{running.port};
    served.send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto respond = arrived.get_future().get();
    raw_client waiting{running.port};
    waiting.send(get_health);
    respond({.body = "x", .fields = {}});
    BOOST_TEST(served.read_answer().body == "x");
    BOOST_TEST(waiting.read_answer().status == 200);
    BOOST_TEST(served.ended());
    BOOST_TEST(running.server->connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_server_without_descriptors_takes_one_from_an_idle_client) {
    running_server running;
    raw_client idle{running.port};
    BOOST_TEST(eventually([&] { return running.server->connections() == 1; }));
    raw_client fresh{running.port};
    BOOST_TEST(eventually([&] { return running.server->connections() == 2; }));
    // The client of the next check is the last descriptor that the process may have.
    const int last = ::socket(AF_INET, SOCK_STREAM, 0);
    ::close(last);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit exhausted = before;
    exhausted.rlim_cur = static_cast<rlim_t>(last) + 1;
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &exhausted) == 0);
    std::optional<raw_answer> answer;
    {
        raw_client check{running.port};
        answer = check.ask(get_health);
    }
    ::setrlimit(RLIMIT_NOFILE, &before);
    BOOST_TEST(answer->status == 200);
    BOOST_TEST(idle.ended());
}

BOOST_AUTO_TEST_CASE(many_clients_at_once_are_all_served) {
    running_server running;
    std::vector<std::future<int>> clients;
    for (int client = 0; client < 16; ++client)
        clients.push_back(std::async(std::launch::async, [port = running.port] {
            int served = 0;
            for (int connection = 0; connection < 5; ++connection) {
                raw_client one{port};
                for (int request = 0; request < 10; ++request)
                    served += one.ask(get_health).status == 200 ? 1 : 0;
            }
            return served;
        }));
    for (auto& client : clients)
        BOOST_TEST(client.get() == 50);
}

BOOST_AUTO_TEST_SUITE_END()
