// SPDX-License-Identifier: BSL-1.0

// A datasource with hold learns of a changed schema without an outage (B51), with a virtual clock
// and scripted answers.

#include <support/scripted_warehouse.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::tests;
namespace data = boost::unit_test::data;

namespace {

using seconds = std::vector<double>;

sim::scripted_reply offering(sim::scripted_reply answer, duration latency = duration::zero()) {
    answer.fields += "Forest-Hold: 60\r\n";
    answer.latency = latency;
    return answer;
}

sim::scripted_reply same(duration latency) {
    return offering(not_modified(), latency);
}

datasource_options held(datasource_mode mode = datasource_mode::health) {
    return {.mode = mode, .hold = 25s};
}

// The requests that may be held, of all.
std::size_t held_requests(const sim::scripted_transport& asked) {
    std::size_t count = 0;
    for (const auto& each : asked.requests())
        count += each.fields.find("Prefer: wait=") == std::string::npos ? 0 : 1;
    return count;
}

// A first schema, and others that come `apart` after the request; then none.
void serve_changes(sim::scripted_transport& asked, int count, duration apart) {
    asked.then(offering(serving("first")));
    for (int n = 0; n < count; ++n)
        asked.then(offering(serving("schema" + std::to_string(n)), apart));
    asked.otherwise(same(25s));
}

} // namespace

BOOST_AUTO_TEST_SUITE(held_datasource_test)

BOOST_DATA_TEST_CASE(B51_a_changed_schema_is_learned_without_an_outage_and_once,
                     data::make({false, true}), automatic) {
    scripted_warehouse on{held(automatic ? datasource_mode::automatic : datasource_mode::health)};
    on.health.then(offering(sim::healthy())).otherwise(offering(sim::healthy(), 25s));
    on.schemas.then(offering(serving("a")))
        .then(same(25s))
        .then(offering(serving("b"), 7s))
        .otherwise(same(25s));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(32s);
    BOOST_TEST(master.reloads == strings{"b"});
    on.queue.run_for(10min);
    BOOST_TEST(master.reloads == strings{"b"});
    BOOST_TEST(master.datasource.schema()->etag() == "b");
    BOOST_TEST(master.downs.empty());
    BOOST_TEST_REQUIRE(on.fetch_times().size() > 4U);
    BOOST_TEST(on.fetch_times()[1] == 0.0);
    BOOST_TEST(on.fetch_times()[2] == 25.0);
    BOOST_TEST(on.fetch_times()[3] == 32.0);
    BOOST_TEST(on.conditions()[2] == "a");
    BOOST_TEST(on.conditions()[3] == "b");
    BOOST_TEST((on.schemas.requests()[1].timeout == 25s + 30s));
    BOOST_TEST(held_requests(on.schemas) == on.schemas.requests().size() - 1);
    BOOST_TEST(master.of_schema() == (strings{"schema_loaded", "schema_reloaded"}));
}

BOOST_AUTO_TEST_CASE(B51_polls_of_the_schema_are_held_themselves) {
    scripted_warehouse on{held(datasource_mode::schema_poll)};
    on.health.then(offering(serving("a"))).then(offering(serving("b"), 7s)).otherwise(same(25s));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(7s);
    BOOST_TEST(master.reloads == strings{"b"});
    on.queue.run_for(10min);
    BOOST_TEST(master.reloads == strings{"b"});
    BOOST_TEST(held_requests(on.health) >= 20U);
    BOOST_TEST(on.schemas.requests().empty());
    BOOST_TEST(master.downs.empty());
}

BOOST_AUTO_TEST_CASE(B51_a_server_without_a_health_route_holds_the_polls_of_its_schema) {
    scripted_warehouse on{held(datasource_mode::automatic)};
    on.schemas.then(offering(serving("a")));
    on.health.then(sim::answering(404, {})).then(same(0s)).then(offering(serving("b"), 5s));
    on.health.otherwise(same(25s));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(5s + 1ms);
    BOOST_TEST(master.reloads == strings{"b"});
    on.queue.run_for(5min);
    BOOST_TEST(on.schemas.requests().size() <= 2U, "nothing is asked for beside the polls");
    BOOST_TEST(on.schemas.in_flight() == 0);
    BOOST_TEST(master.downs.empty());
}

BOOST_AUTO_TEST_CASE(
    B31_a_server_that_offers_nothing_is_asked_for_its_schema_after_recoveries_only) {
    scripted_warehouse on{held()};
    on.schemas.then(serving("a")).otherwise(not_modified());
    on.master->datasource.start();
    on.queue.run_for(1h);
    BOOST_TEST(on.schemas.requests().size() == 1U);
    on.suffer_an_outage();
    BOOST_TEST(on.schemas.requests().size() == 2U);
    BOOST_TEST(held_requests(on.schemas) == 0U);
}

BOOST_AUTO_TEST_CASE(B51_without_hold_the_offer_is_ignored) {
    scripted_warehouse on;
    on.schemas.then(offering(serving("a"))).otherwise(same(0s));
    on.master->datasource.start();
    on.queue.run_for(1h);
    BOOST_TEST(on.schemas.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(B51_a_server_that_never_holds_gets_three_requests_in_an_interval) {
    scripted_warehouse on{held()};
    on.schemas.then(offering(serving("a"))).otherwise(same(0s));
    on.master->datasource.start();
    on.queue.run_for(3000s - 1ns);
    BOOST_TEST(on.schemas.requests().size() <= 300U);
    BOOST_TEST(on.schemas.requests().size() >= 290U);
}

BOOST_DATA_TEST_CASE(B51_each_of_many_changes_is_learned_at_once, data::make({false, true}),
                     polled) {
    scripted_warehouse on{held(polled ? datasource_mode::schema_poll : datasource_mode::health)};
    serve_changes(polled ? on.health : on.schemas, 100, 2s);
    on.master->datasource.start();
    on.queue.run_for(200s);
    BOOST_TEST(on.master->reloads.size() == 100U);
}

BOOST_DATA_TEST_CASE(B51_another_schema_in_each_answer_makes_no_busy_loop,
                     data::make({false, true}), polled) {
    scripted_warehouse on{held(polled ? datasource_mode::schema_poll : datasource_mode::health)};
    sim::scripted_transport& asked = polled ? on.health : on.schemas;
    serve_changes(asked, 1000, 1ms);
    on.master->datasource.start();
    on.queue.run_for(3000s);
    BOOST_TEST(asked.requests().size() <= 303U);
}

BOOST_AUTO_TEST_CASE(B51_a_schema_without_an_etag_is_not_asked_for_again) {
    scripted_warehouse on{held()};
    on.schemas.otherwise(offering(sim::answering(200, schema_text({"product"}))));
    on.master->datasource.start();
    on.queue.run_for(1h);
    BOOST_TEST(on.schemas.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(B51_the_sudden_end_of_a_held_request_is_followed_by_a_plain_one) {
    scripted_warehouse on{held()};
    on.health.then(offering(sim::healthy())).otherwise(offering(sim::healthy(), 25s));
    on.schemas.then(offering(serving("a")))
        .then(sim::failing(errc::connection_lost, 5s))
        .then(offering(serving("b")))
        .otherwise(same(25s));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(5s);
    BOOST_TEST(master.reloads == strings{"b"});
    BOOST_TEST(on.schemas.requests()[2].fields.find("Prefer") == std::string::npos);
    on.queue.run_for(2min);
    BOOST_TEST(master.count(event_kind::schema_failed) == 0U);
    BOOST_TEST(held_requests(on.schemas) >= 3U, "it is held again");
}

BOOST_AUTO_TEST_CASE(B51_a_proxy_that_closes_held_requests_makes_no_failure_and_few_requests) {
    scripted_warehouse on{held()};
    on.schemas.then(offering(serving("a")));
    for (int n = 0; n < 200; ++n)
        on.schemas.then(sim::failing(errc::connection_lost, 500ms)).then(same(0s));
    on.master->datasource.start();
    on.queue.run_for(1000s);
    BOOST_TEST(on.master->count(event_kind::schema_failed) == 0U);
    BOOST_TEST(on.schemas.requests().size() <= 102U); // 3 in an interval
    BOOST_TEST(on.schemas.requests().size() >= 40U);
}

BOOST_AUTO_TEST_CASE(B31_a_recovery_ends_the_held_request_and_fetches_at_once) {
    scripted_warehouse on{{.mode = datasource_mode::health, .hold = 25s}};
    on.schemas.then(offering(serving("a"))).then(sim::silent()).then(offering(serving("b")));
    on.schemas.otherwise(same(25s));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.health.then(sim::stopping()).otherwise(sim::healthy());
    BOOST_REQUIRE(on.queue.run_until([&] { return !master.ups.empty(); }, 10min));
    on.queue.run_for(1ms);
    BOOST_TEST(on.schemas.requests().size() == 4U);
    BOOST_TEST(master.reloads == strings{"b"});
    on.queue.run_for(10min);
    BOOST_TEST(master.reloads == strings{"b"});
    BOOST_TEST(on.schemas.in_flight_max() == 1);
}

BOOST_AUTO_TEST_CASE(B32_a_reload_that_throws_is_tried_again_by_the_next_held_request) {
    scripted_warehouse on{held()};
    int calls = 0;
    auto& master = *on.master;
    master.datasource.on_reload([&](const schema&) {
        if (++calls == 1)
            throw std::runtime_error("not now");
    });
    on.schemas.then(offering(serving("a")))
        .then(offering(serving("b"), 5s))
        .then(offering(serving("b")))
        .otherwise(same(25s));
    master.datasource.start();
    on.queue.run_for(1min);
    BOOST_TEST(calls == 2);
    BOOST_TEST(on.conditions()[2] == "a");
    BOOST_TEST(master.datasource.schema()->etag() == "b");
}

BOOST_AUTO_TEST_CASE(B36_alternating_contents_settle_with_held_requests_too) {
    scripted_warehouse on{held()};
    on.schemas.then(offering(serving("a")));
    for (int n = 0; n < 500; ++n)
        on.schemas.then(offering(serving("b"), 1s)).then(offering(serving("a"), 1s));
    on.master->datasource.start();
    on.queue.run_for(10min);
    BOOST_TEST(on.master->reloads.size() <= 11U); // at most one in `schema_settle`
}

BOOST_AUTO_TEST_CASE(B14_a_datasource_that_is_stopped_during_a_held_request_is_silent) {
    scripted_warehouse on{held()};
    on.schemas.then(offering(serving("a"))).otherwise(same(25s));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(10s);
    master.datasource.cleanup();
    const std::size_t reported = master.events.size();
    on.queue.run_for(10min);
    BOOST_TEST(master.events.size() == reported);
    BOOST_TEST(on.schemas.in_flight() == 0);
    BOOST_TEST(on.schemas.requests().size() == 2U);
}

BOOST_AUTO_TEST_CASE(B42_the_hold_of_a_datasource_is_at_most_the_interval_of_its_checks) {
    datasource_options settings{.uri = uri, .health_check_interval = 10s, .hold = 10s};
    BOOST_TEST(!settings.validate());
    BOOST_TEST((settings.polling().hold == 10s));
    settings.schema_poll = 5s;
    BOOST_TEST((settings.schema_polling().hold == 5s));
    settings.hold = 11s;
    BOOST_TEST((settings.validate() == errc::invalid_hold));
    settings.hold = 500ms;
    BOOST_TEST((settings.validate() == errc::invalid_hold));
}

BOOST_AUTO_TEST_SUITE_END()
