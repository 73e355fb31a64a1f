// SPDX-License-Identifier: BSL-1.0

// B28 on the real route under virtual time: the checks of an application, and the probes that say
// yes or no.

#include <forest/health_route.hpp>

#include <forest/core/check_report.hpp>
#include <forest/core/error.hpp>
#include <forest/core/route_check.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/network/memory_transport.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
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
namespace data = boost::unit_test::data;

namespace {

constexpr std::string_view draft = "Accept: application/health+json\r\n";

std::string body_of(const std::string& answer) {
    const std::size_t head = answer.find("\r\n\r\n");
    return head == std::string::npos ? std::string{} : answer.substr(head + 4);
}

// 0 without an answer.
int status_of(const std::string& answer) {
    return answer.empty() ? 0 : std::stoi(answer.substr(9, 3));
}

// A server and a route with its checks.
template <typename Server = sim::memory_server>
struct checked_route {
    explicit checked_route(const route_options& options = {.version = "1"},
                           route_verifier verify = accept_unsigned)
        : route{std::in_place, server, std::move(verify), options} {}

    // The answer, which may come later.
    std::shared_ptr<std::string> ask(std::string_view fields = {},
                                     const std::string& path = "/forest/health",
                                     const std::string& method = "GET") {
        auto answer = std::make_shared<std::string>();
        std::string bytes = method + " " + path + " HTTP/1.1\r\nHost: a\r\n";
        bytes.append(fields).append("\r\n");
        server.serve(bytes, [answer](std::string_view given) { *answer = given; });
        return answer;
    }

    std::string now(std::string_view fields = {}, const std::string& path = "/forest/health") {
        return *ask(fields, path);
    }

    // Adds a check that keeps its report in `reports`.
    void add_kept(const std::string& name, const check_options& options = {}) {
        route->add_check(
            name, [this](check_report report) { reports.push_back(std::move(report)); }, options);
    }

    sim::event_queue queue;
    Server server{sim::virtual_clock{queue}};
    std::vector<check_report> reports;
    std::optional<basic_health_route<Server>> route;
};

// A server without a clock.
class clockless_server {
public:
    explicit clockless_server(sim::virtual_clock clock) : server_{std::move(clock)} {}

    template <typename Handler>
    void get(std::string path, Handler handler) {
        server_.get(std::move(path), std::move(handler));
    }

    template <typename Receiver>
    void serve(std::string& bytes, Receiver receiver) {
        server_.serve(bytes, std::move(receiver));
    }

private:
    sim::memory_server server_;
};
static_assert(server<clockless_server> && !timed_server<clockless_server>);

// A queue of some other part of an application, whose length comes later.
struct work_queue {
    std::function<void(int)> told;

    void async_length(std::function<void(int)> callback) { told = std::move(callback); }
};

constexpr std::string_view ok = R"({"status":"ok","version":"1"})";
constexpr std::string_view failed = R"({"status":"fail","version":"1"})";

} // namespace

BOOST_AUTO_TEST_SUITE(health_route_checks_test)

BOOST_DATA_TEST_CASE(B28_an_answer_says_what_the_checks_have_found, data::make({0, 1, 2}), index) {
    const check_result results[] = {check_result::pass(), check_result::warn("slow"),
                                    check_result::fail("gone")};
    const check_result& result = results[index];
    checked_route on;
    on.route->add_check("db", [&](const check_report& report) { report(result); });
    const std::string answer = on.now();
    BOOST_TEST(status_of(answer) == (index < 2 ? 200 : 503));
    BOOST_TEST(body_of(answer) == (index < 2 ? ok : failed));
    BOOST_TEST(answer.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
    BOOST_TEST(answer.find("\r\nCache-Control: no-store\r\n") != std::string::npos);

    const std::string described = on.now(draft);
    BOOST_TEST(status_of(described) == (index < 2 ? 200 : 503));
    BOOST_TEST(described.find("\r\nContent-Type: application/health+json\r\n") !=
               std::string::npos);
    BOOST_TEST(described.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
    const std::string status{name(result.status)};
    const std::string output = index == 0 ? "" : ",\"output\":\"" + result.output + "\"";
    BOOST_TEST(body_of(described) ==
               "{\"status\":\"" + status +
                   "\",\"version\":\"1\",\"checks\":{\"db\":[{\"status\":\"" + status +
                   "\",\"observedValue\":0,\"observedUnit\":\"ms\",\"time\":\"2026-01-01T00:00:00."
                   "000Z\"" +
                   output + "}]}}");
    BOOST_TEST(body_of(*on.ask(draft, "/forest/health", "HEAD")).empty());
}

BOOST_AUTO_TEST_CASE(B28_the_document_is_for_those_that_name_its_type) {
    checked_route on;
    on.route->add_check("db", [](const check_report& report) { report(true); });
    const auto described = [&](const std::string& accept) {
        return body_of(on.now("Accept: " + accept + "\r\n")).find("checks") != std::string::npos;
    };
    for (const char* accept :
         {"application/health+json", "Application/Health+JSON", "application/health+json;q=0.5",
          "application/json, application/health+json ; charset=utf-8;q=1",
          "text/html,application/health+json\r\nAccept: application/json",
          "application/json\r\nAccept: application/health+json"})
        BOOST_TEST(described(accept), accept);
    for (const char* accept :
         {"application/json", "*/*", "application/*", "application/health+json;q=0",
          "application/health+json; q=0.000", "application/health", "application/health+jsonx", ""})
        BOOST_TEST(!described(accept), accept);
}

BOOST_AUTO_TEST_CASE(B28_a_route_without_checks_answers_as_before) {
    checked_route on;
    BOOST_TEST(on.now(draft) == on.now());
    BOOST_TEST(body_of(on.now(draft)) == ok);
}

BOOST_AUTO_TEST_CASE(B28_strangers_learn_nothing_and_run_nothing) {
    int runs = 0;
    checked_route on{{.version = "1"}, [](const server_request&) { return false; }};
    const std::string before = on.now(draft);
    on.route->add_check("db", [&](const check_report& report) {
        ++runs;
        report(check_result::fail("secret"));
    });
    BOOST_TEST(on.now(draft) == before);
    BOOST_TEST(status_of(before) == 401);
    BOOST_TEST(runs == 0);
}

BOOST_AUTO_TEST_CASE(B28_an_answer_waits_for_the_result) {
    checked_route on;
    work_queue queue;
    auto& route = *on.route;
    route.add_check("queue", [&](const check_report& report) {
        queue.async_length([report](int length) { report(length < 1000); });
    });
    std::vector<int> reported;
    route.on_answer([&](const route_answer& given) {
        BOOST_TEST(given.path == "/forest/health");
        BOOST_TEST((given.method == http_method::get && given.verified));
        reported.push_back(given.status);
    });
    const auto answer = on.ask();
    on.queue.run_for(1s);
    BOOST_TEST(answer->empty());
    BOOST_TEST(reported.empty());
    queue.told(10);
    BOOST_TEST(body_of(*answer) == ok);
    BOOST_TEST(reported == std::vector{200}, boost::test_tools::per_element());
    on.queue.run_for(1h);
    const auto next = on.ask();
    queue.told(1000);
    BOOST_TEST(body_of(*next) == failed);
}

BOOST_AUTO_TEST_CASE(B28_a_check_that_hangs_is_reported_at_its_deadline_until_its_result_comes) {
    checked_route on;
    on.add_kept("db", {.deadline = 2s});
    const auto first = on.ask(draft);
    on.queue.run_for(2s - 1ns);
    BOOST_TEST(first->empty());
    on.queue.run_for(1ns);
    BOOST_TEST(status_of(*first) == 503);
    BOOST_TEST(first->find(R"("observedValue":2000)") != std::string::npos);
    BOOST_TEST(first->find(R"("output":"no result within 2 s")") != std::string::npos);
    on.queue.run_for(1h);
    BOOST_TEST(body_of(on.now()) == failed); // at once
    BOOST_TEST(on.reports.size() == 1U);     // never twice at a time
    on.reports[0](check_result::warn("late"));
    BOOST_TEST(body_of(on.now()) == ok);
    BOOST_TEST(body_of(on.now(draft)).find(R"("output":"late")") != std::string::npos);
    BOOST_TEST(on.reports.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B28_requests_during_a_run_wait_for_that_run) {
    checked_route on;
    on.add_kept("db", {.deadline = 2s, .cache_for = 0s});
    std::vector<std::shared_ptr<std::string>> answers;
    for (int n = 0; n < 3; ++n) {
        answers.push_back(on.ask());
        on.queue.run_for(500ms);
    }
    BOOST_TEST(on.reports.size() == 1U);
    on.reports[0](true);
    for (const auto& each : answers)
        BOOST_TEST(body_of(*each) == ok);
    on.queue.run_for(1h);
    BOOST_TEST(on.reports.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B28_a_request_waits_for_no_run_that_begins_after_it) {
    checked_route on;
    on.add_kept("a", {.deadline = 2s, .cache_for = 0s});
    const auto first = on.ask();
    on.queue.run_for(1s);
    on.add_kept("b", {.deadline = 10s});
    const auto second = on.ask();
    on.queue.run_for(1s);
    BOOST_TEST(status_of(*first) == 503);
    BOOST_TEST(second->empty());
    on.reports[1](true);
    BOOST_TEST(body_of(*second) == failed); // a has exceeded its deadline
}

BOOST_AUTO_TEST_CASE(B28_the_shortest_deadline_wakes_though_a_longer_one_came_first) {
    checked_route on;
    on.add_kept("a", {.deadline = 30s});
    on.add_kept("b", {.deadline = 2s, .cache_for = 0s});
    const auto first = on.ask();
    on.reports[0](true);
    BOOST_TEST(first->empty());
    on.queue.run_for(2s);
    BOOST_TEST(status_of(*first) == 503);
}

BOOST_AUTO_TEST_CASE(B28_results_are_cached) {
    int runs = 0;
    checked_route on;
    on.route->add_check("db",
                        [&](const check_report& report) {
                            ++runs;
                            report(true);
                        },
                        {.cache_for = 10s});
    for (int second = 0; second < 100; ++second) {
        BOOST_TEST(body_of(on.now()) == ok);
        on.queue.run_for(1s);
    }
    BOOST_TEST(runs == 10);
}

BOOST_AUTO_TEST_CASE(B28_a_check_that_throws_fails_with_the_text) {
    checked_route on;
    on.route->add_check("a", [](const check_report&) { throw std::runtime_error("no \"pool\""); });
    on.route->add_check("b", [](const check_report&) { throw 1; });
    on.route->add_check("c", [](const check_report& report) {
        report(true);
        throw std::runtime_error("too late");
    });
    const std::string answer = body_of(on.now(draft));
    BOOST_TEST(answer.find(R"("output":"no \"pool\"")") != std::string::npos);
    BOOST_TEST(answer.find(R"("output":"an exception that is no std::exception")") !=
               std::string::npos);
    BOOST_TEST(answer.find("too late") == std::string::npos);
    BOOST_TEST(body_of(on.now()) == failed);
}

BOOST_AUTO_TEST_CASE(B28_a_report_that_is_dropped_is_a_failure) {
    checked_route on;
    on.add_kept("db", {.cache_for = 0s});
    const auto answer = on.ask(draft);
    auto copy = on.reports[0];
    on.reports.clear();
    BOOST_TEST(answer->empty());
    {
        const auto last = std::move(copy);
    }
    BOOST_TEST(answer->find(R"("output":"the check was dropped")") != std::string::npos);
    copy(true); // moved from: nothing
    const auto next = on.ask();
    on.reports[0](true);
    on.reports[0](false);
    BOOST_TEST(body_of(*next) == ok);
}

BOOST_AUTO_TEST_CASE(B28_a_check_that_cannot_be_added_is_refused_and_the_others_stay) {
    checked_route on;
    auto& route = *on.route;
    const auto passes = [](const check_report& report) { report(true); };
    const auto refused_with = [](errc code) {
        return [code](const std::system_error& thrown) {
            return thrown.code() == code && !std::string{thrown.what()}.empty();
        };
    };
    BOOST_CHECK_EXCEPTION(route.add_check("", passes), std::system_error,
                          refused_with(errc::check_name_invalid));
    BOOST_TEST(body_of(on.now(draft)) == ok); // still a route without checks
    route.add_check("db", passes);
    const std::string before = body_of(on.now(draft));
    BOOST_CHECK_EXCEPTION(route.add_check("db", [](const check_report& report) { report(false); }),
                          std::system_error, refused_with(errc::check_name_invalid));
    BOOST_CHECK_EXCEPTION(route.add_check("a", passes, {.deadline = 0s}), std::system_error,
                          refused_with(errc::invalid_check_deadline));
    BOOST_CHECK_EXCEPTION(route.add_check("a", passes, {.cache_for = -1s}), std::system_error,
                          refused_with(errc::invalid_check_cache_for));
    BOOST_CHECK_EXCEPTION(route.add_check("a", std::function<void(check_report)>{}),
                          std::system_error, refused_with(errc::check_function_missing));
    using task = detail::unique_function<void()>;
    BOOST_CHECK_EXCEPTION(route.add_check(
                              "a", [](const task&) {}, std::function<bool()>{}),
                          std::system_error, refused_with(errc::check_function_missing));
    BOOST_CHECK_EXCEPTION(
        route.add_check("a", detail::unique_function<void(task)>{}, [] { return true; }),
        std::system_error, refused_with(errc::check_function_missing));
    BOOST_TEST(body_of(on.now(draft)) == before);
}

BOOST_AUTO_TEST_CASE(B28_a_check_that_blocks_runs_on_a_pool) {
    checked_route on;
    std::vector<detail::unique_function<void()>> pool;
    const auto post = [&](auto task) { pool.push_back(std::move(task)); };
    int runs = 0;
    on.route->add_check("db", post, [&, own = std::make_unique<int>(1)]() -> check_result {
        if (++runs > 1)
            throw std::runtime_error("gone");
        return *own == 1;
    });
    on.route->add_check("disk", post, [] { return true; });
    const auto first = on.ask();
    BOOST_TEST(pool.size() == 2U);
    pool[0]();
    BOOST_TEST(first->empty());
    pool[1]();
    BOOST_TEST(body_of(*first) == ok);
    pool.clear();
    on.queue.run_for(1h);
    const auto second = on.ask(draft);
    pool[0]();
    pool[1]();
    BOOST_TEST(second->find(R"("output":"gone")") != std::string::npos);
    pool.clear();
    on.queue.run_for(1h);
    const auto third = on.ask(draft); // the pool ends without calling anything
    pool.clear();
    BOOST_TEST(third->find(R"("output":"the check was dropped")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B28_a_pool_that_throws_has_not_run_the_check) {
    checked_route on;
    on.route->add_check(
        "db", [](const auto&) { throw std::runtime_error("the pool is full"); },
        [] { return true; });
    BOOST_TEST(on.now(draft).find(R"("output":"the pool is full")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B28_nothing_is_called_or_kept_when_the_server_is_gone) {
    std::vector<check_report> reports;
    std::vector<detail::unique_function<void()>> pool;
    auto kept = std::make_shared<int>(0);
    std::shared_ptr<std::string> answer;
    {
        checked_route on;
        on.route->add_check(
            "a", [kept, &reports](check_report report) { reports.push_back(std::move(report)); });
        on.route->add_check(
            "b", [&](auto task) { pool.push_back(std::move(task)); },
            [kept] {
                ++*kept;
                return true;
            });
        answer = on.ask();
        BOOST_TEST(answer->empty());
    }
    BOOST_TEST(kept.use_count() == 1); // although a report and a task are still there
    reports[0](true);
    pool[0]();
    BOOST_TEST(*kept == 0);
}

BOOST_AUTO_TEST_CASE(B28_the_checks_outlive_the_route_object) {
    checked_route on;
    on.add_kept("db");
    on.route.reset();
    const auto answer = on.ask();
    on.reports[0](true);
    BOOST_TEST(body_of(*answer) == ok);
}

BOOST_AUTO_TEST_CASE(B28_a_server_without_a_clock_answers_at_once_with_the_last_results) {
    checked_route<clockless_server> on;
    on.add_kept("db", {.cache_for = 1h});
    BOOST_TEST(on.now(draft).find(R"("output":"no result yet")") != std::string::npos);
    on.reports[0](true);
    BOOST_TEST(body_of(on.now()) == ok);
    on.route->add_check("disk", [](const check_report& report) { report(false); });
    BOOST_TEST(body_of(on.now()) == failed); // a result that is there at once is used
}

BOOST_AUTO_TEST_CASE(B21_B28_set_healthy_and_drain_win_over_checks_that_pass) {
    checked_route on;
    on.add_kept("db");
    const auto held = on.ask();
    on.route->set_healthy(false);
    on.reports[0](true);
    BOOST_TEST(body_of(*held) == failed);
    BOOST_TEST(on.now(draft).find(R"({"status":"fail","version":"1","output":)") !=
               std::string::npos);
    on.route->set_healthy(true);
    BOOST_TEST(body_of(on.now()) == ok);
    on.queue.run_for(1h);
    const auto waiting = on.ask(draft);
    on.route->drain();
    BOOST_TEST(body_of(on.now(draft)) == R"({"status":"stopping","version":"1"})"); // at once
    on.reports[1](true);
    BOOST_TEST(body_of(*waiting) == R"({"status":"stopping","version":"1"})");
    on.queue.run_for(1h);
    on.now();
    BOOST_TEST(on.reports.size() == 2U); // a route that stops runs no checks
}

BOOST_AUTO_TEST_CASE(B28_the_probes_are_off_by_default) {
    checked_route on;
    for (const char* path : {"/live", "/ready", "/startup"})
        BOOST_TEST(status_of(on.now({}, path)) == 404);
}

BOOST_AUTO_TEST_CASE(B28_two_equal_paths_are_refused_before_anything_is_mounted) {
    sim::event_queue queue;
    sim::memory_server server{sim::virtual_clock{queue}};
    for (const route_options& options : {route_options{.live_path = "/a", .ready_path = "/a"},
                                         route_options{.path = "/a", .startup_path = "/a"},
                                         route_options{.ready_path = "/b", .startup_path = "/b"}}) {
        BOOST_CHECK_EXCEPTION(
            (basic_health_route{server, accept_unsigned, options}), std::system_error,
            [](const auto& thrown) { return thrown.code() == errc::path_invalid; });
        std::string answer;
        std::string request = "GET " + options.path + " HTTP/1.1\r\nHost: a\r\n\r\n";
        server.serve(request, [&](std::string_view given) { answer = given; });
        BOOST_TEST(status_of(answer) == 404);
    }
}

// No answer of a probe has more than these bytes.
BOOST_AUTO_TEST_CASE(B28_the_probes_say_yes_or_no_to_anybody_and_nothing_else) {
    checked_route on{{.version = "secret",
                      .live_path = "/live",
                      .ready_path = "/ready",
                      .startup_path = "/startup"},
                     [](const server_request&) { return false; }};
    const auto says = [&](const std::string& path, const char* expected) {
        const std::string answer = on.now(draft, path);
        BOOST_TEST(body_of(answer) == expected, path << " says " << answer);
        BOOST_TEST(status_of(answer) == (expected == std::string_view{"yes\n"} ? 200 : 503));
        BOOST_TEST(answer.find("\r\nContent-Type: text/plain\r\n") != std::string::npos);
        BOOST_TEST(answer.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
        BOOST_TEST(answer.find("secret") == std::string::npos);
        const std::string head = *on.ask({}, path, "HEAD");
        BOOST_TEST(status_of(head) == status_of(answer));
        BOOST_TEST(body_of(head).empty());
    };
    on.add_kept("secret", {.deadline = 2s, .cache_for = 10s});
    says("/live", "yes\n");
    BOOST_TEST(on.reports.empty());
    says("/startup", "no\n"); // it answers at once, and begins the run
    says("/ready", "no\n");
    BOOST_TEST(on.reports.size() == 1U);
    on.reports[0](check_result::warn("secret"));
    on.route->set_healthy(false);
    says("/startup", "no\n");
    on.route->set_healthy(true);
    says("/ready", "yes\n");
    on.queue.run_for(10s);
    says("/ready", "yes\n"); // the last result, during the next run
    BOOST_TEST(on.reports.size() == 2U);
    on.queue.run_for(2s);
    says("/ready", "no\n"); // it hangs
    says("/startup", "yes\n");
    on.reports[1](true);
    says("/ready", "yes\n");
    on.route->set_healthy(false);
    says("/ready", "no\n");
    on.route->set_healthy(true);
    on.route->drain();
    says("/live", "yes\n");
    says("/ready", "no\n");
    says("/startup", "yes\n");
    BOOST_TEST(status_of(on.now()) == 401);
}

BOOST_AUTO_TEST_CASE(B28_a_stranger_does_not_run_a_check_more_often_than_its_cache_allows) {
    checked_route on{{.version = "1", .ready_path = "/ready", .startup_path = "/startup"}};
    int runs = 0;
    on.route->add_check("db",
                        [&](const check_report& report) {
                            ++runs;
                            report(runs > 5);
                        },
                        {.cache_for = 10s});
    for (int n = 0; n < 1000; ++n) {
        on.now({}, n % 2 == 0 ? "/ready" : "/startup");
        on.queue.run_for(100ms);
    }
    BOOST_TEST(runs == 10);
}

BOOST_AUTO_TEST_CASE(B28_without_checks_a_route_is_ready_as_it_is_healthy) {
    checked_route on{{.version = "1", .ready_path = "/ready", .startup_path = "/startup"}};
    on.route->set_healthy(false);
    BOOST_TEST(body_of(on.now({}, "/startup")) == "no\n");
    BOOST_TEST(body_of(on.now({}, "/ready")) == "no\n");
    on.route->set_healthy(true);
    BOOST_TEST(body_of(on.now({}, "/ready")) == "yes\n");
    on.route->set_healthy(false);
    BOOST_TEST(body_of(on.now({}, "/startup")) == "yes\n");
}

BOOST_AUTO_TEST_CASE(B6_B28_a_server_whose_check_fails_is_down_after_the_threshold_and_comes_back) {
    sim::world world;
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse);
    bool works = true;
    sim::virtual_clock clock{warehouse.host()};
    // A database that answers after 100 ms.
    warehouse.health_route()->add_check("db", [&](check_report report) {
        clock.async_wait(100ms, [&works, report](std::error_code) { report(works); });
    });
    world.run_for(10min);
    BOOST_TEST((client.status() == target_status::up));
    BOOST_TEST(client.downs() == 0U);
    works = false;
    world.run_for(10min);
    BOOST_TEST((client.status() == target_status::down));
    BOOST_TEST(client.downs() == 1U);
    works = true;
    world.run_for(10min);
    BOOST_TEST((client.status() == target_status::up));
    BOOST_TEST(client.ups() == 1U);
    world.play({.kind = sim::fault_kind::crash, .at = world.now() + 1s, .lasting = 1min});
    world.run_for(30s);
    BOOST_TEST(warehouse.health_route() == nullptr);
    world.run_for(10min);
    BOOST_TEST((client.status() == target_status::up));
}

// A clock that any thread may use, and by which nothing ends.
struct still_clock {
    [[nodiscard]] wall_time now() const { return {}; }
    [[nodiscard]] steady_time steady_now() const { return {}; }
    template <typename Handler>
    void async_wait(duration, Handler&&) {}
    void cancel() {}
};

// A server that any thread may ask.
struct open_server {
    struct responder {
        std::function<void(const response&)> send;
        void operator()(const response& answer) const { send(answer); }
    };
    std::function<void(const server_request&, responder)> handler;

    template <typename Handler>
    void get(const std::string&, Handler given) {
        handler = std::move(given);
    }
    [[nodiscard]] still_clock clock() const { return {}; }
};

BOOST_AUTO_TEST_CASE(B28_requests_results_and_new_checks_may_come_from_any_thread) {
    open_server server;
    basic_health_route route{server, accept_unsigned, {.version = "1"}};
    std::mutex mutex;
    std::vector<detail::unique_function<void()>> tasks;
    std::atomic<bool> ended = false;
    std::atomic<int> running = 0;
    std::atomic<int> overlapping = 0;
    const auto post = [&](auto task) {
        const std::lock_guard lock{mutex};
        tasks.push_back(std::move(task));
    };
    const auto check = [&] {
        overlapping += running++ == 0 ? 0 : 1;
        --running;
        return true;
    };
    route.add_check("db", post, check, {.cache_for = 0s});
    std::thread pool{[&] {
        for (;;) {
            std::vector<detail::unique_function<void()>> taken;
            const bool last = ended;
            {
                const std::lock_guard lock{mutex};
                taken.swap(tasks);
            }
            for (auto& each : taken)
                each();
            if (last && taken.empty())
                return;
            std::this_thread::yield();
        }
    }};
    constexpr int requests = 500;
    std::atomic<int> answers = 0;
    std::atomic<int> healthy = 0;
    const auto ask = [&] {
        for (int n = 0; n < requests; ++n)
            server.handler({.path = "/forest/health"}, {[&](const response& answer) {
                               healthy += answer.status == 200 ? 1 : 0;
                               ++answers;
                           }});
    };
    std::thread client{ask};
    ask();
    route.add_check("second", post, [] { return true; });
    client.join();
    ended = true;
    pool.join();
    BOOST_TEST(answers == 2 * requests);
    BOOST_TEST(overlapping == 0);
    // Whether both checks have had a result by now depends on the threads. This answer waits for
    // both.
    healthy = 0;
    server.handler({.path = "/forest/health"},
                   {[&](const response& answer) { healthy += answer.status == 200 ? 1 : 0; }});
    for (auto& each : std::exchange(tasks, {}))
        each();
    BOOST_TEST(healthy == 1);
}

BOOST_AUTO_TEST_SUITE_END()
