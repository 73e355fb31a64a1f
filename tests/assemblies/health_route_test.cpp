// SPDX-License-Identifier: BSL-1.0

// The rules B20–B22 on the real route, mounted on a server in memory; bytes in, bytes out.

#include <forest/health_client.hpp>
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/network/memory_transport.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

struct mounted {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::memory_server server{clock};

    std::string ask(std::string bytes) {
        std::string answer;
        server.serve(bytes, [&](std::string_view given) { answer = given; });
        return answer;
    }

    std::string get(const std::string& path, const std::string& method = "GET") {
        return ask(method + " " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }
};

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

int status_of(const std::string& answer) {
    return std::stoi(answer.substr(9, 3));
}

bool refuse(const server_request&) {
    return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(health_route_test)

BOOST_AUTO_TEST_CASE(B20_the_defaults_answer_200_with_status_and_version) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    const std::string answer = on.get("/forest/health");
    BOOST_TEST(status_of(answer) == 200);
    BOOST_TEST(body_of(answer) == R"({"status":"ok","version":")" + std::string{version} + R"("})");
    BOOST_TEST(answer.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
    BOOST_TEST(answer.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B20_path_and_version_can_be_chosen) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned, {.path = "/well", .version = "1.16.10"}};
    BOOST_TEST(route.path() == "/well");
    BOOST_TEST(body_of(on.get("/well")) == R"({"status":"ok","version":"1.16.10"})");
    BOOST_TEST(status_of(on.get("/forest/health")) == 404);
}

BOOST_AUTO_TEST_CASE(B20_a_version_with_quotes_is_still_json) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned, {.version = "1\"\n\\"}};
    BOOST_TEST(body_of(on.get("/forest/health")) == R"({"status":"ok","version":"1\"\n\\"})");
}

BOOST_AUTO_TEST_CASE(B20_HEAD_has_the_fields_of_GET_and_no_body) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    const std::string get = on.get("/forest/health");
    const std::string head = on.get("/forest/health", "HEAD");
    BOOST_TEST(head == get.substr(0, get.size() - body_of(get).size()));
}

BOOST_DATA_TEST_CASE(B20_strangers_get_the_same_401_before_anything_else_is_revealed,
                     data::make({"GET", "HEAD"}) * data::make({false, true}), method, drained) {
    mounted on;
    basic_health_route route{on.server, refuse};
    if (drained)
        route.drain();
    const std::string answer = on.get("/forest/health", method);
    BOOST_TEST(status_of(answer) == 401);
    BOOST_TEST(answer.find("\r\nContent-Length: 24\r\n") != std::string::npos);
    if (method == std::string{"GET"})
        BOOST_TEST(body_of(answer) == R"({"error":"Unauthorized"})");
}

BOOST_AUTO_TEST_CASE(a_route_without_a_verifier_is_refused) {
    mounted on;
    BOOST_CHECK_EXCEPTION(
        (basic_health_route{on.server, request_verifier{}}), std::system_error,
        [](const auto& thrown) { return thrown.code() == errc::verifier_missing; });
}

BOOST_AUTO_TEST_CASE(B20_a_verifier_that_throws_has_not_accepted) {
    mounted on;
    basic_health_route route{on.server,
                             [](const server_request&) -> bool { throw std::runtime_error("x"); }};
    BOOST_TEST(status_of(on.get("/forest/health")) == 401);
}

BOOST_AUTO_TEST_CASE(B20_the_verifier_sees_path_method_fields_and_time) {
    mounted on;
    bool seen = false;
    basic_health_route route{on.server, [&](const server_request& asked) {
                                 seen = asked.path == "/forest/health" &&
                                        asked.method == http_method::get &&
                                        asked.fields.find("host") == "a" &&
                                        asked.received == sim::virtual_clock::epoch;
                                 return true;
                             }};
    on.get("/forest/health?now=1");
    BOOST_TEST(seen);
}

struct form {
    const char* request;
    int status;
    friend std::ostream& operator<<(std::ostream& out, const form& shown) {
        return out << shown.status;
    }
};

// The forms of a request, as PROTOCOL.md lists them for servers.
BOOST_DATA_TEST_CASE(
    B20_request_forms,
    data::make(std::vector<form>{
        {"GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"GET /forest/health?query=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"GET http://a/forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 200},
        {"GET /forest/health HTTP/1.0\r\n\r\n", 200},
        {"POST /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405},
        {"DELETE /forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"GET /forest/healthy HTTP/1.1\r\nHost: a\r\n\r\n", 404},
        {"GET /forest HTTP/1.1\r\nHost: a\r\n\r\n", 404},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404},
        {"GET /forest/health HTTP/1.1\r\n\r\n", 400},
        {"GET /forest/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET/forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"nonsense\r\n\r\n", 400},
        {"GET /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400},
        {"GET /forest/health HTTP/1.1\nHost: a\n\n", 400}}),
    sample) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    BOOST_TEST(status_of(on.ask(sample.request)) == sample.status);
}

BOOST_AUTO_TEST_CASE(B20_405_names_the_methods_that_are_allowed) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    BOOST_TEST(on.get("/forest/health", "PUT").find("\r\nAllow: GET, HEAD\r\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(B20_each_answer_is_reported_for_the_log) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    std::vector<int> reported;
    route.on_answer([&](const route_answer& given) {
        BOOST_TEST(given.path == "/forest/health");
        reported.push_back(given.status);
        throw std::runtime_error("a log that fails harms nobody");
    });
    on.get("/forest/health");
    route.drain();
    on.get("/forest/health");
    BOOST_TEST(reported == (std::vector<int>{200, 503}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_verifier_and_the_callback_need_not_be_copyable) {
    mounted on;
    basic_health_route route{on.server,
                             [name = std::make_unique<std::string>("/forest/health")](
                                 const server_request& asked) { return asked.path == *name; }};
    int status = 0;
    route.on_answer([&status, factor = std::make_unique<int>(1)](const route_answer& given) {
        status = given.status * *factor;
    });
    BOOST_TEST(status_of(on.get("/forest/health")) == 200);
    BOOST_TEST(status == 200);
    basic_health_route strict{
        on.server,
        [own = std::make_unique<bool>(false)](const server_request&) { return *own; },
        {.path = "/strict"}};
    BOOST_TEST(status_of(on.get("/strict")) == 401);
}

BOOST_AUTO_TEST_CASE(a_handler_of_the_server_in_memory_need_not_be_copyable) {
    mounted on;
    on.server.get("/owned", [body = std::make_unique<std::string>("owned")](const server_request&,
                                                                            const auto& respond) {
        respond({.body = *body, .fields = {}});
    });
    BOOST_TEST(body_of(on.get("/owned")) == "owned");
}

BOOST_AUTO_TEST_CASE(B20_the_log_has_the_reason_and_the_stranger_has_not) {
    mounted on;
    std::vector<verification> decided{refusal::replayed, refusal::signature_wrong, false, true};
    std::vector<refusal> reported;
    std::size_t number = 0;
    basic_health_route route{on.server, [&](const server_request&) -> verification {
                                 if (number == decided.size())
                                     throw std::runtime_error("x");
                                 return decided[number++];
                             }};
    route.on_answer([&](const route_answer& given) {
        reported.push_back(given.verified.why);
        BOOST_TEST(hint(given.verified).empty() == (given.status == 200));
    });
    const std::string replayed = on.get("/forest/health");
    BOOST_TEST(on.get("/forest/health") == replayed);
    BOOST_TEST(on.get("/forest/health") == replayed);
    BOOST_TEST(status_of(on.get("/forest/health")) == 200);
    BOOST_TEST(on.get("/forest/health") == replayed);
    BOOST_TEST((reported == std::vector<refusal>{refusal::replayed, refusal::signature_wrong,
                                                 refusal::unspecified, refusal::none,
                                                 refusal::undecided}));
}

BOOST_AUTO_TEST_CASE(B21_drain_turns_the_answer_into_stopping) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned, {.version = "2"}};
    BOOST_TEST(!route.draining());
    route.drain();
    route.drain();
    BOOST_TEST(route.draining());
    const std::string answer = on.get("/forest/health");
    BOOST_TEST(status_of(answer) == 503);
    BOOST_TEST(body_of(answer) == R"({"status":"stopping","version":"2"})");
}

BOOST_AUTO_TEST_CASE(B9_B21_a_drained_server_is_down_at_the_next_check_of_the_real_client) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    basic_health_client client{sim::memory_transport{on.queue, on.server, 5ms}, on.clock,
                               unsigned_requests{}, exponential_backoff{},
                               "http://warehouse.example/forest/health"};
    std::vector<outage> downs;
    client.on_server_down([&](const outage& ended) { downs.push_back(ended); });
    client.start();
    on.queue.run_for(45s);
    route.drain();
    on.queue.run_for(16s);
    BOOST_TEST_REQUIRE(downs.size() == 1U);
    BOOST_TEST((downs.front().last_error == errc::stopping));
}

BOOST_AUTO_TEST_CASE(B21_a_route_that_is_not_healthy_says_fail_until_it_is_again) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned, {.version = "2"}};
    BOOST_TEST(route.healthy());
    for (int round = 0; round < 2; ++round) {
        route.set_healthy(false);
        route.set_healthy(false);
        BOOST_TEST(!route.healthy());
        const std::string answer = on.get("/forest/health");
        BOOST_TEST(status_of(answer) == 503);
        BOOST_TEST(body_of(answer) == R"({"status":"fail","version":"2"})");
        BOOST_TEST(answer.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
        BOOST_TEST(body_of(on.get("/forest/health", "HEAD")).empty());
        route.set_healthy(true);
        BOOST_TEST(route.healthy());
        BOOST_TEST(status_of(on.get("/forest/health")) == 200);
    }
}

BOOST_AUTO_TEST_CASE(B21_a_drained_route_says_stopping_whether_it_is_healthy_or_not) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned, {.version = "2"}};
    route.set_healthy(false);
    route.drain();
    BOOST_TEST(body_of(on.get("/forest/health")) == R"({"status":"stopping","version":"2"})");
    route.set_healthy(true);
    BOOST_TEST(body_of(on.get("/forest/health")) == R"({"status":"stopping","version":"2"})");
}

BOOST_AUTO_TEST_CASE(B20_B21_a_stranger_does_not_learn_that_a_route_is_not_healthy) {
    mounted on;
    basic_health_route route{on.server, refuse};
    const std::string before = on.get("/forest/health");
    route.set_healthy(false);
    BOOST_TEST(on.get("/forest/health") == before);
    BOOST_TEST(status_of(before) == 401);
}

// Status and body come from one decision, although other threads change the state meanwhile.
BOOST_AUTO_TEST_CASE(B21_health_may_be_set_from_any_thread) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    std::atomic<bool> ended = false;
    std::thread setter{[&] {
        for (bool healthy = false; !ended; healthy = !healthy)
            route.set_healthy(healthy);
    }};
    int torn = 0;
    for (int n = 0; n < 2000; ++n) {
        const std::string answer = on.get("/forest/health");
        const bool ok = body_of(answer).find(R"("status":"ok")") != std::string::npos;
        torn += ok != (status_of(answer) == 200) ? 1 : 0;
    }
    ended = true;
    setter.join();
    BOOST_TEST(torn == 0);
}

BOOST_AUTO_TEST_CASE(B6_B21_a_server_that_says_fail_is_down_after_the_threshold_and_not_at_once) {
    mounted on;
    basic_health_route route{on.server, accept_unsigned};
    basic_health_client client{sim::memory_transport{on.queue, on.server, 5ms}, on.clock,
                               unsigned_requests{}, exponential_backoff{},
                               "http://warehouse.example/forest/health"};
    std::vector<outage> downs;
    int ups = 0;
    client.on_server_down([&](const outage& ended) { downs.push_back(ended); });
    client.on_server_up([&](const outage&) { ++ups; });
    client.start();
    on.queue.run_for(45s);
    route.set_healthy(false);
    on.queue.run_for(1min);
    BOOST_TEST_REQUIRE(downs.size() == 1U);
    BOOST_TEST((downs.front().last_error == errc::unexpected_status));
    BOOST_TEST(downs.front().last_status == 503);
    BOOST_TEST(downs.front().failures == options{}.failure_threshold);
    route.set_healthy(true);
    on.queue.run_for(1min);
    BOOST_TEST(ups == 1);
}

BOOST_AUTO_TEST_CASE(a_crash_and_a_restart_are_each_reported_once_through_the_real_codec) {
    sim::world world;
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse);
    for (unsigned round = 0; round < 10; ++round) {
        const auto fault = round % 2 == 0 ? sim::fault_kind::crash : sim::fault_kind::freeze;
        world.play({.kind = fault, .at = world.now() + 1h, .lasting = 1h});
        world.run_for(2h - 1s);
        BOOST_TEST(client.downs() == round + 1);
        BOOST_TEST((client.status() == target_status::down));
        world.run_for(1h);
        BOOST_TEST(client.ups() == round + 1);
    }
}

BOOST_AUTO_TEST_CASE(the_answers_outlive_the_route_object) {
    mounted on;
    {
        basic_health_route route{on.server, accept_unsigned};
    }
    BOOST_TEST(status_of(on.get("/forest/health")) == 200);
}

BOOST_AUTO_TEST_SUITE_END()
