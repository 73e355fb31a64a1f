// SPDX-License-Identifier: BSL-1.0

// The route that a datasource polls (B33, B35), on the real datasource with a virtual clock.

#include <support/sanitized.hpp>
#include <support/scripted_server.hpp>

#include <forest/core/backoff.hpp>
#include <forest/datasource.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::tests;
namespace data = boost::unit_test::data;

namespace {

using strings = std::vector<std::string>;

constexpr bool health = true;
constexpr bool schema_route = false;

// The events of checks and of transitions, without those of the schema.
strings of_checks(const followed_server& on) {
    strings names;
    for (const auto& each : on.master.events) {
        if (!is_of_schema(each.kind) && each.kind != event_kind::check_started)
            names.emplace_back(name(each.kind));
    }
    return names;
}

std::vector<double> times_of(const followed_server& on, bool of_health) {
    std::vector<double> times;
    for (const auto& each : on.server.requests) {
        if (each.health == of_health)
            times.push_back(std::chrono::duration<double>(each.at.time_since_epoch()).count());
    }
    return times;
}

// A server without a health route, whose schema the datasource polls already. The first answer of
// the health route is healthy, so that it comes after the schema.
struct gone_over : followed_server {
    explicit gone_over(datasource_options settings = {}, int missing = 404)
        : followed_server{std::move(settings)} {
        start();
        server.health_status = missing;
        BOOST_REQUIRE(queue.run_until(
            [&] { return master.count(event_kind::health_route_missing) == 1; }, 3h));
        queue.run_for(duration::zero());
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(datasource_route_test)

BOOST_DATA_TEST_CASE(B33_a_server_without_a_health_route_has_its_schema_polled_instead,
                     data::make({404, 405}), missing) {
    gone_over on{{}, missing};
    BOOST_TEST((on.master.datasource.status() == target_status::up));
    BOOST_TEST(on.master.count(event_kind::check_failed) == 0U);
    BOOST_TEST(on.master.count(event_kind::check_inconclusive) == 0U);
    on.queue.run_for(10min);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 1U);
    BOOST_TEST(on.master.downs.empty());
    BOOST_TEST(on.master.count(event_kind::check_failed) == 0U);
    // Every 30 s after the check that found no route, which took no time.
    BOOST_TEST(on.server.count(health) == 2U);
    BOOST_TEST(on.server.count(schema_route) == 22U);
    BOOST_TEST(times_of(on, schema_route)[1] == 30.0);
    BOOST_TEST(times_of(on, schema_route)[2] == 60.0);
    BOOST_TEST((on.server.requests.back().timeout == 30s));
    BOOST_TEST(on.server.requests.back().conditional);
    const auto reported = on.master.all(event_kind::health_route_missing).front();
    BOOST_TEST(reported.http_status == missing);
    BOOST_TEST(reported.target == "http://agent.example:3351");
    BOOST_TEST((reported.status == target_status::up));
    BOOST_TEST(reported.detail.find("schema_poll") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B33_the_404_that_switches_is_neither_a_failure_nor_an_attempt) {
    followed_server on{{.health_check_failure_threshold = 1}};
    std::vector<int> attempts;
    std::vector<int> failures;
    on.master.datasource.on_event([&](const event& happened) {
        if (happened.kind == event_kind::check_started)
            attempts.push_back(happened.attempt);
        failures.push_back(happened.failures);
        on.master.record(happened);
    });
    on.start();
    on.server.health_status = 404;
    on.queue.run_for(2min);
    BOOST_TEST(attempts == (std::vector<int>{1, 1, 1, 1, 1, 1}));
    BOOST_TEST(*std::max_element(failures.begin(), failures.end()) == 0);
    BOOST_TEST(on.master.downs.empty());
    BOOST_TEST(of_checks(on) ==
               (strings{"started", "check_succeeded", "health_route_missing", "check_succeeded",
                        "check_succeeded", "check_succeeded", "check_succeeded"}));
}

BOOST_AUTO_TEST_CASE(B33_it_leaves_a_run_of_failures_as_it_was) {
    followed_server on{{}};
    std::vector<int> attempts;
    on.master.datasource.on_event([&](const event& happened) {
        if (happened.kind == event_kind::check_started)
            attempts.push_back(happened.attempt);
        on.master.record(happened);
    });
    on.start();
    on.server.broken = errc::connection_refused;
    on.queue.run_for(31s);
    BOOST_TEST((on.master.datasource.status() == target_status::suspect));
    on.server.broken.reset();
    on.server.health_status = 404;
    on.server.on_schema = [&] { on.server.broken = errc::connection_refused; };
    on.queue.run_for(4s);
    // The next poll fails, and is the second failure in a row.
    const auto missing = on.master.all(event_kind::health_route_missing);
    BOOST_TEST_REQUIRE(missing.size() == 1U);
    BOOST_TEST((missing.front().status == target_status::suspect));
    BOOST_TEST(on.master.count(event_kind::check_failed) == 2U);
    BOOST_TEST(attempts == (std::vector<int>{1, 1, 2, 2}));
    on.queue.run_for(1min);
    BOOST_TEST(on.master.downs.size() == 1U);
    BOOST_TEST(on.master.downs.front().failures == 3);
}

BOOST_AUTO_TEST_CASE(B33_a_404_before_any_schema_came_is_a_failure_as_ever) {
    followed_server on{{.introspection = schema_text({"old"}, "i")}, 404};
    on.server.schema = "";
    on.start();
    on.queue.run_for(10min);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 0U);
    BOOST_TEST(on.master.downs.size() == 1U);
    BOOST_TEST(on.master.downs.front().last_error == errc::unexpected_status);
    BOOST_TEST(on.master.downs.front().last_status == 404);
    BOOST_TEST((on.master.datasource.source() == schema_source::introspection));
}

BOOST_AUTO_TEST_CASE(B33_a_304_to_the_etag_of_the_introspection_is_a_schema_that_came) {
    followed_server on{{.introspection = schema_text({"a"}, "a")}};
    on.server.broken = errc::connection_refused;
    on.start();
    on.queue.run_for(5min);
    on.server.broken.reset();
    on.queue.run_for(1min);
    BOOST_TEST(on.master.count(event_kind::schema_unchanged) == 1U);
    on.server.health_status = 404;
    on.queue.run_for(1min);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 1U);
}

struct other_answer {
    int status;
    errc error;

    friend std::ostream& operator<<(std::ostream& out, const other_answer& row) {
        return out << row.status;
    }
};

BOOST_DATA_TEST_CASE(B33_no_other_status_means_that_there_is_no_route,
                     data::make(std::vector<other_answer>{{400, errc::unexpected_status},
                                                          {401, errc::unauthorized},
                                                          {403, errc::unauthorized},
                                                          {406, errc::unexpected_status},
                                                          {410, errc::unexpected_status},
                                                          {500, errc::unexpected_status},
                                                          {501, errc::unexpected_status},
                                                          {503, errc::unexpected_status}})) {
    followed_server on{{}};
    on.start();
    on.server.health_status = sample.status;
    on.queue.run_for(2min);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 0U);
    BOOST_TEST_REQUIRE(on.master.downs.size() == 1U);
    BOOST_TEST(on.master.downs.front().last_error == sample.error);
}

BOOST_DATA_TEST_CASE(B33_the_first_404_waits_for_a_schema_that_is_slow,
                     data::make(std::vector<duration>{1ms, 6s, 29s}), latency) {
    followed_server on{{.health_check_failure_threshold = 1}, 404};
    on.server.schema_latency = latency;
    on.start();
    on.queue.run_for(latency + 1ms);
    BOOST_TEST((of_checks(on) == strings{"started", "health_route_missing", "check_succeeded"}) ==
               (latency == 1ms));
    BOOST_TEST(on.server.count(health) == 1U);
    on.queue.run_for(2min);
    BOOST_TEST((on.master.datasource.status() == target_status::up));
    BOOST_TEST(on.master.downs.empty());
    BOOST_TEST(on.master.count(event_kind::check_failed) == 0U);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 1U);
}

BOOST_AUTO_TEST_CASE(B33_a_404_counts_when_the_schema_does_not_come_either) {
    followed_server on{{.health_check_failure_threshold = 1}, 404};
    on.server.schema_latency = 31s; // longer than schema_timeout
    on.start();
    on.queue.run_for(29s);
    BOOST_TEST(on.server.count(health) == 1U);
    BOOST_TEST(on.master.downs.empty());
    on.queue.run_for(2s);
    BOOST_TEST_REQUIRE(on.master.downs.size() == 1U);
    BOOST_TEST(on.master.downs.front().last_error == errc::unexpected_status);
    // The outage ends as soon as a schema comes.
    on.server.schema_latency = 1s;
    on.queue.run_for(2min);
    BOOST_TEST(on.master.ups.size() == 1U);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 1U);
}

BOOST_AUTO_TEST_CASE(B33_a_datasource_may_end_while_the_first_404_waits) {
    followed_server on{{}, 404};
    on.server.schema_latency = 20s;
    on.start();
    on.queue.run_for(5s);
    on.master.datasource.cleanup();
    on.queue.run_for(1min);
    BOOST_TEST(of_checks(on) == (strings{"started", "stopping", "stopped"}));
}

BOOST_AUTO_TEST_CASE(B33_an_outage_that_a_missing_route_began_ends_when_the_schema_came) {
    // The schema comes after the first answer of the health route.
    followed_server on{{.health_check_failure_threshold = 1}, 404};
    on.server.schema = "";
    on.start();
    BOOST_TEST(on.master.downs.size() == 1U);
    on.server.schema = schema_text({"a"}, "a");
    on.queue.run_for(1min);
    BOOST_TEST((on.master.datasource.status() == target_status::up));
    BOOST_TEST(on.master.ups.size() == 1U);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 1U);
    BOOST_TEST(on.master.downs.size() == 1U);
}

struct interval_row {
    datasource_options settings;
    duration interval;

    friend std::ostream& operator<<(std::ostream& out, const interval_row& row) {
        return out << row.interval / 1ms << " ms";
    }
};

BOOST_DATA_TEST_CASE(
    B33_the_schema_is_polled_at_its_interval_or_that_of_the_checks_but_at_least_a_second,
    data::make(std::vector<interval_row>{
        {{}, 30s},
        {{.health_check_interval = 20ms}, 1s},
        {{.health_check_interval = 1s}, 1s},
        {{.health_check_interval = 90s}, 90s},
        {{.health_check_interval = 20ms, .schema_poll = 7s}, 7s},
        {{.health_check_interval = 90s, .schema_poll = 1s}, 1s},
        {{.schema_poll = 3600s}, 3600s},
        {{.mode = datasource_mode::schema_poll}, 30s},
        {{.mode = datasource_mode::schema_poll, .health_check_interval = 20ms}, 1s},
        {{.mode = datasource_mode::schema_poll, .schema_poll = 600s}, 600s}})) {
    followed_server on{sample.settings};
    on.start();
    on.server.health_status = 404;
    // The answer of the probe that is tried every hour does not disturb the schedule.
    on.queue.run_for(5 * sample.interval + 3h);
    const std::vector<double> times = times_of(on, schema_route);
    const double interval = std::chrono::duration<double>(sample.interval).count();
    BOOST_TEST_REQUIRE(times.size() > 3U);
    for (std::size_t n = times.size() - 2; n < times.size(); ++n)
        BOOST_TEST(times[n] - times[n - 1] == interval);
    BOOST_TEST(on.master.downs.empty());
}

BOOST_AUTO_TEST_CASE(B33_the_route_is_tried_once_an_hour_and_reported_once) {
    gone_over on;
    const std::size_t before = on.server.count(health);
    on.queue.run_for(24h + 1min);
    BOOST_TEST(on.server.count(health) == before + 24);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 1U);
    BOOST_TEST(on.master.count(event_kind::check_failed) == 0U);
    BOOST_TEST((on.server.requests.back().timeout == 30s));
    for (const auto& each : on.server.requests)
        BOOST_TEST((each.timeout == (each.health ? 5s : 30s)));
}

BOOST_AUTO_TEST_CASE(B33_the_route_is_tried_after_each_recovery) {
    gone_over on;
    for (int outages = 1; outages <= 3; ++outages) {
        const std::size_t before = on.server.count(health);
        on.suffer_an_outage();
        BOOST_TEST(on.server.count(health) == before + 1);
        BOOST_TEST(on.server.requests.back().health);
        BOOST_TEST(
            (on.server.requests.back().at == on.master.all(event_kind::server_up).back().at));
        on.queue.run_for(10min);
        BOOST_TEST(on.server.count(health) == before + 1);
    }
    BOOST_TEST(on.master.downs.size() == 3U);
    BOOST_TEST(on.master.ups.size() == 3U);
    // The hour begins with the last try.
    const auto last = on.master.all(event_kind::server_up).back().at;
    on.queue.run_until([&] { return on.server.requests.back().health; }, 2h);
    BOOST_TEST((on.server.requests.back().at - last == 1h));
}

BOOST_DATA_TEST_CASE(B33_no_failure_of_a_try_counts, data::make({401, 500, 503, 0})) {
    gone_over on{{.health_check_failure_threshold = 1}};
    on.server.health_status = sample == 0 ? 404 : sample;
    if (sample == 0)
        on.server.latency = 6s; // longer than a check may take
    on.queue.run_for(5h);
    BOOST_TEST(on.server.count(health) > 4U);
    BOOST_TEST(on.master.count(event_kind::check_failed) == 0U);
    BOOST_TEST((on.master.datasource.status() == target_status::up));
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 1U);
}

BOOST_AUTO_TEST_CASE(B33_a_route_that_comes_is_polled_again_without_an_outage) {
    gone_over on{{.schema_poll = 700s}};
    on.server.health_status = 200;
    on.queue.run_for(1h);
    const std::size_t schemas = on.server.count(schema_route);
    const auto first = on.server.requests.back();
    BOOST_TEST_REQUIRE(first.health);
    on.queue.run_for(10min);
    // The checks begin an interval after the one that found the route.
    BOOST_TEST(on.server.count(schema_route) == schemas);
    BOOST_TEST(on.server.count(health) == 2U + 1U + 20U);
    BOOST_TEST((on.server.requests.back().at - first.at == 10min));
    BOOST_TEST((on.server.requests.back().timeout == 5s));
    BOOST_TEST(on.master.downs.empty());
    BOOST_TEST(on.master.count(event_kind::check_failed) == 0U);
    // And an outage is detected as by any client.
    const auto begun = on.queue.now();
    on.server.broken = errc::connection_refused;
    BOOST_TEST(on.queue.run_until([&] { return !on.master.downs.empty(); }, 10min));
    BOOST_TEST((on.queue.now() - begun <= 36s));
}

BOOST_AUTO_TEST_CASE(B33_a_route_that_comes_and_goes_is_reported_each_time_it_goes) {
    gone_over on;
    for (int days = 1; days <= 5; ++days) {
        on.server.health_status = 200;
        on.queue.run_for(12h);
        on.server.health_status = 405;
        on.queue.run_for(12h);
        BOOST_TEST(on.master.count(event_kind::health_route_missing) ==
                   static_cast<std::size_t>(days) + 1);
    }
    BOOST_TEST(on.master.downs.empty());
    BOOST_TEST(on.master.count(event_kind::check_failed) == 0U);
    BOOST_TEST(on.master.reloads.empty());
}

BOOST_AUTO_TEST_CASE(B9_B33_a_farewell_shows_that_there_is_a_route_and_is_heard) {
    gone_over on;
    on.queue.run_for(1min);
    on.server.health_status = 200;
    on.suffer_an_outage();
    const std::size_t schemas = on.server.count(schema_route);
    on.queue.run_for(5min);
    BOOST_TEST(on.server.count(schema_route) == schemas);
}

BOOST_AUTO_TEST_CASE(B33_a_server_that_lost_its_route_in_an_outage_comes_back_by_its_schema) {
    followed_server on{{}};
    on.start();
    on.queue.run_for(1min);
    on.server.broken = errc::connection_refused;
    on.queue.run_for(5min);
    BOOST_TEST((on.master.datasource.status() == target_status::down));
    on.server.broken.reset();
    on.server.health_status = 404;
    on.server.schema = schema_text({"a", "b"}, "b");
    on.queue.run_for(1min);
    BOOST_TEST(on.master.ups.size() == 1U);
    BOOST_TEST(on.master.reloads == strings{"b"});
    BOOST_TEST((on.master.datasource.status() == target_status::up));
    BOOST_TEST(on.master.downs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B31_B33_a_change_of_a_polled_schema_needs_no_outage) {
    gone_over on;
    on.server.schema = schema_text({"a", "b"}, "b");
    on.queue.run_for(31s);
    BOOST_TEST(on.master.reloads == strings{"b"});
}

BOOST_AUTO_TEST_CASE(B33_the_mode_health_takes_a_missing_route_for_a_failure) {
    followed_server on{{.mode = datasource_mode::health}};
    on.start();
    on.server.health_status = 404;
    on.queue.run_for(2h);
    BOOST_TEST(on.master.count(event_kind::health_route_missing) == 0U);
    BOOST_TEST(on.master.downs.size() == 1U);
    BOOST_TEST(on.server.count(schema_route) == 1U);
}

BOOST_AUTO_TEST_CASE(B33_the_mode_schema_poll_never_asks_the_health_route) {
    followed_server on{{.mode = datasource_mode::schema_poll, .schema_poll = 60s}};
    on.start();
    on.suffer_an_outage();
    on.queue.run_for(5h);
    BOOST_TEST(on.server.count(health) == 0U);
    BOOST_TEST(on.master.downs.size() == 1U);
    BOOST_TEST(on.master.ups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B34_nothing_is_tried_after_a_cleanup) {
    gone_over on;
    on.server.latency = 1s;
    on.queue.run_until([&] { return on.server.count(health) == 3; }, 2h);
    on.master.datasource.cleanup();
    const std::size_t asked = on.server.requests.size();
    const std::size_t reported = on.master.events.size();
    on.queue.run_for(5h);
    BOOST_TEST(on.server.requests.size() == asked);
    BOOST_TEST(on.master.events.size() == reported);
    BOOST_TEST(on.queue.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(B14_a_cleanup_in_the_event_of_the_missing_route_is_the_end) {
    followed_server on{{}};
    on.start();
    on.master.datasource.on_event([&](const event& happened) {
        on.master.record(happened);
        if (happened.kind == event_kind::health_route_missing)
            on.master.datasource.cleanup();
    });
    on.server.health_status = 404;
    on.queue.run_for(3h);
    BOOST_TEST((on.master.events.back().kind == event_kind::health_route_missing));
    BOOST_TEST(on.queue.pending() == 0U);
}

// The real routes, in a simulated world.
BOOST_AUTO_TEST_CASE(B33_a_year_with_a_server_that_has_no_health_route) {
    sim::world world{7};
    auto& agent = world.add_server("agent", {.health_route = false});
    auto& master = world.add_datasource(agent);
    std::size_t missing = 0;
    master.also_report([&](const event& happened) {
        missing += happened.kind == event_kind::health_route_missing ? 1 : 0;
    });
    world.every(24h).lasting(10min).crash(agent);
    constexpr int days = forest::test::sanitized ? 30 : 365;
    world.run_for(days * 24h - 1h);
    BOOST_TEST(missing == 1U);
    BOOST_TEST(master.downs() == days - 1U);
    BOOST_TEST(master.ups() == days - 1U);
    BOOST_TEST(master.reloads() == 0U);
    BOOST_TEST((master.status() == target_status::up));
}

BOOST_AUTO_TEST_CASE(B33_a_world_in_which_the_route_comes_and_goes) {
    sim::world world{8};
    auto& agent = world.add_server("agent", {.health_route = false});
    auto& master = world.add_datasource(agent);
    auto& strict = world.add_datasource(agent, {.mode = datasource_mode::health});
    std::size_t missing = 0;
    master.also_report([&](const event& happened) {
        missing += happened.kind == event_kind::health_route_missing ? 1 : 0;
    });
    for (int round = 0; round < 20; ++round) {
        world.run_for(3h);
        agent.have_health_route(true);
        world.run_for(3h);
        agent.have_health_route(false);
    }
    world.run_for(1h);
    BOOST_TEST(missing == 21U);
    BOOST_TEST(master.downs() == 0U);
    BOOST_TEST((master.status() == target_status::up));
    BOOST_TEST(strict.downs() == 21U);
}

// The promises hold whenever the server dies, in both ways of polling and between them.
BOOST_AUTO_TEST_CASE(B4_the_worst_case_is_the_larger_one_of_both_routes) {
    const datasource_options settings{.health_check_interval = 10s,
                                      .health_check_timeout = 2s,
                                      .schema_poll = 20s,
                                      .schema_timeout = 7s};
    const detection_bound bound = worst_case_detection(settings);
    BOOST_TEST((bound == detection_bound{26s, 47s}));
    duration latest{};
    for (int second = 0; second < 200; ++second) {
        gone_over on{settings};
        // The route comes and is found within this time.
        on.server.health_status = 200;
        on.queue.run_for(1h - 100s + std::chrono::seconds{second});
        on.server.latency = 60s; // Nothing is answered in time any more.
        const auto begun = on.queue.now();
        BOOST_TEST_REQUIRE(on.queue.run_until([&] { return !on.master.downs.empty(); }, 10min));
        latest = std::max(latest, on.queue.now() - begun);
    }
    BOOST_TEST((latest <= bound.black_holed));
    BOOST_TEST((latest > 40s));
}

BOOST_AUTO_TEST_SUITE_END()
