// SPDX-License-Identifier: BSL-1.0

// B28 over sockets: checks on a pool of threads, a check that hangs, and the probes.

#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/post_to.hpp>
#include <forest/core/check_report.hpp>
#include <forest/core/route_check.hpp>
#include <forest/health_route.hpp>

#include <boost/test/unit_test.hpp>

#include <asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::test::eventually;
using forest::test::raw_answer;
using forest::test::raw_client;
using forest::test::running_server;

namespace {

std::string get(std::string_view path, std::string_view fields = {}) {
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n";
}

constexpr std::string_view draft = "Accept: application/health+json\r\n";

raw_answer ask(const running_server& running, std::string_view path, std::string_view fields = {}) {
    return raw_client{running.port}.ask(get(path, fields));
}

const route_options with_probes{.path = "/checked",
                                .version = "1",
                                .live_path = "/live",
                                .ready_path = "/ready",
                                .startup_path = "/startup"};

} // namespace

BOOST_AUTO_TEST_SUITE(asio_route_checks_test)

BOOST_AUTO_TEST_CASE(B28_a_check_on_a_pool_is_waited_for) {
    asio::thread_pool pool{1};
    running_server running;
    basic_health_route route{*running.server, accept_unsigned, with_probes};
    std::atomic<std::thread::id> thread;
    route.add_check("db", post_to{pool}, [&] {
        thread = std::this_thread::get_id();
        return true;
    });
    route.add_check("disk", post_to{pool.get_executor()},
                    []() -> check_result { throw std::runtime_error("full"); }, {.cache_for = 1h});
    const raw_answer answer = ask(running, "/checked", draft);
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.has("Content-Type: application/health+json"));
    BOOST_TEST(answer.body.find(R"("db":[{"status":"pass")") != std::string::npos);
    BOOST_TEST(answer.body.find(R"("output":"full")") != std::string::npos);
    BOOST_TEST((thread.load() != std::thread::id{} && thread.load() != std::this_thread::get_id()));
    BOOST_TEST(ask(running, "/checked").body == R"({"status":"fail","version":"1"})");
    pool.join();
}

BOOST_AUTO_TEST_CASE(B28_a_check_that_hangs_keeps_nobody_else_from_an_answer) {
    asio::thread_pool pool{1};
    std::promise<void> release;
    running_server running;
    basic_health_route route{*running.server, accept_unsigned, with_probes};
    route.add_check("db", post_to{pool},
                    [released = release.get_future().share()] {
                        released.wait();
                        return true;
                    },
                    {.deadline = 500ms, .cache_for = 1h});
    raw_client waiting{running.port};
    waiting.send(get("/checked", draft));
    // While that one waits, others are answered.
    for (int n = 0; n < 20; ++n) {
        BOOST_TEST(ask(running, "/live").body == "yes\n");
        BOOST_TEST(ask(running, "/ready").body == "no\n");
        BOOST_TEST(ask(running, "/forest/health").status == 200);
    }
    const raw_answer late = waiting.read_answer();
    BOOST_TEST(late.status == 503);
    BOOST_TEST(late.body.find(R"("output":"no result within 500 ms")") != std::string::npos);
    BOOST_TEST(waiting.ask(get("/checked")).status == 503); // on the same connection, at once
    release.set_value();
    BOOST_TEST(eventually([&] { return ask(running, "/ready").body == "yes\n"; }));
    BOOST_TEST(ask(running, "/startup").body == "yes\n");
    BOOST_TEST(waiting.ask(get("/checked")).status == 200);
    pool.join();
}

BOOST_AUTO_TEST_CASE(B28_an_answer_that_waits_is_one_of_several_on_a_connection) {
    running_server running;
    basic_health_route route{*running.server, accept_unsigned, with_probes};
    std::atomic<int> runs = 0;
    asio_clock clock = running.server->clock();
    route.add_check("db",
                    [&](check_report report) {
                        ++runs;
                        clock.async_wait(20ms, [report](std::error_code) { report(true); });
                    },
                    {.cache_for = 1h});
    raw_client client{running.port};
    client.send(get("/checked") + get("/live") + get("/checked"));
    BOOST_TEST(client.read_answer().body == R"({"status":"ok","version":"1"})");
    BOOST_TEST(client.read_answer().body == "yes\n");
    BOOST_TEST(client.read_answer().body == R"({"status":"ok","version":"1"})");
    BOOST_TEST(runs == 1);
}

// The destructor of running_server waits for the io_context to run out of work: for no deadline.
BOOST_AUTO_TEST_CASE(B18_B28_a_server_ends_while_an_answer_waits_and_the_result_comes_later) {
    std::vector<check_report> reports;
    std::atomic<bool> began = false;
    const auto start = std::chrono::steady_clock::now();
    {
        running_server running;
        basic_health_route route{*running.server, accept_unsigned, with_probes};
        route.add_check("db",
                        [&](check_report report) {
                            reports.push_back(std::move(report));
                            began = true;
                        },
                        {.deadline = 1h});
        raw_client client{running.port};
        client.send(get("/checked"));
        BOOST_TEST(eventually([&] { return began.load(); }));
        running.server.reset();
        BOOST_TEST(client.ended());
        running.join();
    }
    BOOST_TEST_REQUIRE(reports.size() == 1U);
    reports[0](true);
    BOOST_TEST((std::chrono::steady_clock::now() - start < 1h));
}

BOOST_AUTO_TEST_CASE(B28_many_clients_ask_while_results_come_from_several_threads) {
    asio::thread_pool pool{3};
    running_server running;
    basic_health_route route{*running.server, accept_unsigned, with_probes};
    std::atomic<int> overlapping = 0;
    std::atomic<int> inside[3] = {};
    for (int n = 0; n < 3; ++n) {
        route.add_check("check " + std::to_string(n), post_to{pool},
                        [&, n] {
                            overlapping += inside[n]++ == 0 ? 0 : 1;
                            --inside[n];
                            return true;
                        },
                        {.deadline = 20s, .cache_for = 0s});
    }
    std::atomic<int> reported = 0;
    route.on_answer([&](const route_answer&) { ++reported; });
    std::atomic<int> wrong = 0;
    std::vector<std::thread> clients;
    for (int n = 0; n < 3; ++n) {
        clients.emplace_back([&] {
            raw_client client{running.port};
            for (int request = 0; request < 100; ++request)
                wrong += client.ask(get("/checked")).status == 200 ? 0 : 1;
        });
    }
    for (std::thread& each : clients)
        each.join();
    BOOST_TEST(wrong == 0);
    BOOST_TEST(overlapping == 0);
    BOOST_TEST(eventually([&] { return reported == 300; }));
    pool.join();
}

// Otherwise anybody could become a client, and keep clients out, by asking a probe.
BOOST_AUTO_TEST_CASE(B23_B28_who_asks_a_probe_is_still_a_stranger) {
    running_server running{{.connections_max = 2}};
    basic_health_route route{*running.server, accept_unsigned, with_probes};
    raw_client client{running.port};
    BOOST_TEST(client.ask(get("/checked")).status == 200);
    raw_client stranger{running.port};
    BOOST_TEST(stranger.ask(get("/live")).status == 200);
    BOOST_TEST(stranger.ask(get("/ready")).status == 200);
    raw_client third{running.port};
    BOOST_TEST(third.ask(get("/live")).status == 200);
    BOOST_TEST(stranger.ended());
    BOOST_TEST(client.ask(get("/checked")).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
