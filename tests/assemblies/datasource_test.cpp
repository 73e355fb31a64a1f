// SPDX-License-Identifier: BSL-1.0

// The rules B30–B35 on the real datasource, with a virtual clock and scripted answers.

#include <support/scripted_warehouse.hpp>

#include <forest/datasource.hpp>
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::tests;
namespace data = boost::unit_test::data;

namespace {

using seconds = std::vector<double>;

// Never replies, and keeps the requests.
struct request_keeper {
    std::shared_ptr<std::vector<std::pair<request, duration>>> kept;
    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&&) {
        kept->emplace_back(get, timeout);
    }
    void cancel() {}
};

template <typename Call>
std::error_code code_of(Call&& call) {
    try {
        call();
    } catch (const std::system_error& thrown) {
        return thrown.code();
    }
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(datasource_test)

// Building

BOOST_AUTO_TEST_CASE(B30_building_it_fetches_the_schema) {
    scripted_warehouse on;
    on.schemas.then(serving("a", {"manufacturer", "product"}));
    auto& master = *on.master;
    BOOST_TEST(master.datasource.schema()->collections().empty());
    BOOST_TEST((master.datasource.source() == schema_source::none));
    master.datasource.start();
    on.queue.run_for(1s);
    const auto known = master.datasource.schema();
    BOOST_TEST(known->collections() == (strings{"manufacturer", "product"}));
    BOOST_TEST(known->charts() == strings{"stock"});
    BOOST_TEST(known->etag() == "a");
    BOOST_TEST(known->text() == schema_text({"manufacturer", "product"}, "a"));
    BOOST_TEST((master.datasource.source() == schema_source::server));
    BOOST_TEST(master.of_schema() == strings{"schema_loaded"});
    const auto loaded = master.all(event_kind::schema_loaded).front();
    BOOST_TEST((loaded.source == schema_source::server));
    BOOST_TEST(loaded.collections == 2U);
    BOOST_TEST(loaded.etag == "a");
    BOOST_TEST(loaded.target == uri);
    BOOST_TEST(master.reloads.empty(), "the first schema is no reload");
    BOOST_TEST(on.schemas.requests().front().target == uri + "/forest/rpc-schema");
    BOOST_TEST(on.health.requests().front().target == uri + "/forest/health");
    BOOST_TEST(on.conditions() == strings{"-"});
}

BOOST_AUTO_TEST_CASE(
    B30_an_unreachable_server_leaves_the_datasource_empty_and_the_application_alive) {
    scripted_warehouse on;
    on.health.otherwise(sim::failing(errc::connection_refused));
    on.schemas.otherwise(sim::failing(errc::connection_refused));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(10min);
    BOOST_TEST(master.datasource.schema()->collections().empty());
    BOOST_TEST(master.of_schema() == (strings{"schema_failed", "schema_loaded"}));
    const auto failed = master.all(event_kind::schema_failed).front();
    BOOST_TEST(failed.error == errc::connection_refused);
    const auto loaded = master.all(event_kind::schema_loaded).front();
    BOOST_TEST((loaded.source == schema_source::none));
    BOOST_TEST(loaded.collections == 0U);
    BOOST_TEST(master.downs.size() == 1U);
    BOOST_TEST(on.schemas.requests().size() == 1U, "nothing is fetched while it is down");
}

BOOST_AUTO_TEST_CASE(B30_an_unreachable_server_is_stood_in_for_by_the_introspection) {
    scripted_warehouse on{{.introspection = schema_text({"old"}, "i")}};
    on.health.otherwise(sim::failing(errc::timed_out));
    on.schemas.otherwise(sim::failing(errc::timed_out, 30s));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(29s);
    BOOST_TEST(master.datasource.schema()->collections().empty(), "not before it is known");
    on.queue.run_for(2s);
    BOOST_TEST(master.datasource.schema()->collections() == strings{"old"});
    BOOST_TEST((master.datasource.source() == schema_source::introspection));
    const auto loaded = master.all(event_kind::schema_loaded).front();
    BOOST_TEST((loaded.source == schema_source::introspection));
    BOOST_TEST(loaded.etag == "i");
    BOOST_TEST(master.reloads.empty());
}

BOOST_AUTO_TEST_CASE(B30_a_reachable_server_is_believed_rather_than_the_introspection) {
    scripted_warehouse on{{.introspection = schema_text({"old"}, "i")}};
    on.schemas.then(serving("a"));
    on.master->datasource.start();
    on.queue.run_for(1s);
    BOOST_TEST(on.master->datasource.schema()->etag() == "a");
    BOOST_TEST((on.master->datasource.source() == schema_source::server));
    BOOST_TEST(on.conditions() == strings{"-"});
}

BOOST_AUTO_TEST_CASE(B30_the_first_schema_to_come_after_an_empty_start_is_a_reload) {
    scripted_warehouse on;
    on.health.then(sim::failing(errc::connection_refused), 3);
    on.schemas.then(sim::failing(errc::connection_refused)).then(serving("a"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(5min);
    BOOST_TEST(master.of_schema() ==
               (strings{"schema_failed", "schema_loaded", "schema_reloaded"}));
    BOOST_TEST(master.reloads == strings{"a"});
    BOOST_TEST(master.ups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B30_after_a_start_with_introspection_the_same_etag_is_no_reload) {
    scripted_warehouse on{{.introspection = schema_text({"old"}, "i")}};
    on.health.then(sim::failing(errc::connection_refused), 3);
    on.schemas.then(sim::failing(errc::connection_refused)).then(not_modified());
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(5min);
    BOOST_TEST(on.conditions() == (strings{"-", "i"}));
    BOOST_TEST(master.of_schema() ==
               (strings{"schema_failed", "schema_loaded", "schema_unchanged"}));
    BOOST_TEST(master.reloads.empty());
}

BOOST_AUTO_TEST_CASE(
    B30_a_schema_that_is_refused_at_first_is_fetched_again_while_the_server_is_well) {
    scripted_warehouse on;
    on.schemas.then(sim::answering(500, "{}"), 3).then(serving("a"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(5min);
    // Fetched again as soon as the server has replied to a check, then by the backoff: 4 s after
    // the second failure, 8 s after the third.
    BOOST_TEST(on.fetch_times() == (seconds{0, 0, 4, 12}), boost::test_tools::per_element());
    BOOST_TEST(master.of_schema() == (strings{"schema_failed", "schema_loaded", "schema_failed",
                                              "schema_failed", "schema_reloaded"}));
    BOOST_TEST(master.all(event_kind::schema_failed).front().http_status == 500);
}

// Recovery

BOOST_AUTO_TEST_CASE(B8_the_target_of_an_outage_is_the_uri) {
    scripted_warehouse on;
    on.master->datasource.start();
    on.suffer_an_outage();
    BOOST_TEST_REQUIRE(on.master->downs.size() == 1U);
    BOOST_TEST_REQUIRE(on.master->ups.size() == 1U);
    BOOST_TEST(on.master->downs.front().target == on.master->datasource.uri());
    BOOST_TEST(on.master->ups.front().target == on.master->datasource.uri());
}

BOOST_AUTO_TEST_CASE(B31_on_recovery_the_schema_is_fetched_conditionally_and_304_changes_nothing) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).then(not_modified());
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(on.conditions() == (strings{"-", "a"}));
    BOOST_TEST(master.of_schema() == (strings{"schema_loaded", "schema_unchanged"}));
    BOOST_TEST(master.reloads.empty());
    BOOST_TEST(master.downs.size() == 1U);
    BOOST_TEST(master.ups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B31_nothing_is_fetched_when_the_server_goes_down_or_merely_stumbles) {
    scripted_warehouse on;
    on.schemas.then(serving("a"));
    on.master->datasource.start();
    on.queue.run_for(45s);
    on.health.then(sim::failing(errc::timed_out), 2);
    on.queue.run_for(5min);
    BOOST_TEST(on.schemas.requests().size() == 1U);
    on.health.otherwise(sim::failing(errc::connection_refused));
    on.queue.run_for(1h);
    BOOST_TEST(on.master->downs.size() == 1U);
    BOOST_TEST(on.schemas.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(B31_the_fetch_begins_at_the_moment_of_the_recovery) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).then(serving("b"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST((on.schemas.requests().back().at == master.all(event_kind::server_up).front().at));
    BOOST_TEST(master.reloads == strings{"b"});
}

BOOST_AUTO_TEST_CASE(B31_a_new_etag_reloads_exactly_once_however_many_recoveries_follow) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).then(serving("b")).then(not_modified(), 2).then(serving("c"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    for (int outages = 0; outages < 4; ++outages)
        on.suffer_an_outage();
    BOOST_TEST(master.reloads == (strings{"b", "c"}));
    BOOST_TEST(on.conditions() == (strings{"-", "a", "b", "b", "b"}));
    BOOST_TEST(master.datasource.schema()->etag() == "c");
}

BOOST_AUTO_TEST_CASE(B31_a_server_that_forgets_the_304_does_not_make_it_reload) {
    scripted_warehouse on;
    on.schemas.otherwise(serving("a"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    on.suffer_an_outage();
    BOOST_TEST(master.reloads.empty());
    BOOST_TEST(master.count(event_kind::schema_unchanged) == 2U);
}

BOOST_AUTO_TEST_CASE(B31_a_failed_fetch_is_retried_by_the_backoff_while_the_server_stays_up) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).then(sim::failing(errc::connection_lost), 6).then(serving("b"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    on.queue.run_for(10min);
    seconds gaps;
    const seconds times = on.fetch_times();
    for (std::size_t index = 2; index < times.size(); ++index)
        gaps.push_back(times[index] - times[index - 1]);
    BOOST_TEST(gaps == (seconds{2, 4, 8, 16, 30, 30}), boost::test_tools::per_element());
    BOOST_TEST(master.reloads == strings{"b"});
    BOOST_TEST(master.count(event_kind::schema_failed) == 6U);
}

// The wait of that retry ends later, and changes nothing.
BOOST_AUTO_TEST_CASE(B31_after_an_outage_the_retries_begin_again_at_the_shortest_delay) {
    scripted_warehouse on{{.health_check_interval = 45s, .health_check_failure_threshold = 1}};
    on.schemas.otherwise(sim::answering(500, ""));
    on.health.then(sim::healthy())
        .then(sim::failing(errc::connection_refused))
        .otherwise(sim::healthy());
    on.master->datasource.start();
    on.queue.run_for(110s);
    // The second fetch comes at once, with the first reply to a check. Down at 45 s, while a retry
    // waits from 28 s to 58 s; up at 47 s.
    BOOST_TEST(on.master->downs.size() == 1U);
    BOOST_TEST(on.master->ups.size() == 1U);
    BOOST_TEST(on.fetch_times() == (seconds{0, 0, 4, 12, 28, 47, 49, 53, 61, 77, 107}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B31_a_retry_waits_for_the_server_when_it_has_stopped_answering) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).otherwise(sim::failing(errc::connection_refused));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    on.health.otherwise(sim::failing(errc::connection_refused));
    on.queue.run_for(2min);
    BOOST_REQUIRE((master.datasource.status() == target_status::down));
    const std::size_t before = on.schemas.requests().size();
    on.queue.run_for(1h);
    BOOST_TEST(on.schemas.requests().size() == before);
    on.schemas.otherwise(serving("b"));
    on.health.otherwise(sim::healthy());
    on.queue.run_for(1min);
    BOOST_TEST(master.reloads == strings{"b"});
}

BOOST_AUTO_TEST_CASE(B31_one_fetch_at_a_time_and_another_for_a_recovery_meanwhile) {
    scripted_warehouse on{{.health_check_interval = 1s,
                           .health_check_failure_threshold = 1,
                           .health_check_timeout = 1s,
                           .schema_timeout = 60s}};
    auto slow = serving("b");
    slow.latency = 50s;
    on.schemas.then(serving("a")).then(slow).then(serving("c")).otherwise(not_modified());
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    for (int outages = 0; outages < 5; ++outages)
        on.suffer_an_outage();
    BOOST_TEST(on.schemas.requests().size() == 2U);
    on.queue.run_for(2min);
    BOOST_TEST(on.schemas.in_flight_max() == 1);
    BOOST_TEST(on.schemas.requests().size() == 3U);
    BOOST_TEST(master.reloads == (strings{"b", "c"}));
}

BOOST_AUTO_TEST_CASE(B31_an_outage_with_a_success_threshold_ends_before_the_fetch) {
    scripted_warehouse on{{.health_check_success_threshold = 3}};
    on.schemas.then(serving("a")).then(serving("b"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.health.otherwise(sim::failing(errc::connection_refused));
    on.queue.run_for(2min);
    on.health.otherwise(sim::healthy());
    BOOST_REQUIRE(on.queue.run_until([&] { return !master.ups.empty(); }, 10min));
    on.queue.run_for(1s);
    BOOST_TEST(on.schemas.requests().size() == 2U);
    BOOST_TEST((on.schemas.requests().back().at == master.all(event_kind::server_up).front().at));
}

struct bad_answer {
    const char* what;
    sim::scripted_reply reply;
    errc error;
};

std::ostream& operator<<(std::ostream& out, const bad_answer& row) {
    return out << row.what;
}

const std::vector<bad_answer> bad_answers{
    {"an empty body", sim::answering(200, ""), errc::malformed_body},
    {"no JSON", sim::answering(200, "<html>"), errc::malformed_body},
    {"half a schema", sim::answering(200, R"({"collections":[{"name":"a")"), errc::malformed_body},
    {"a health document", sim::answering(200, R"({"status":"ok"})"), errc::malformed_schema},
    {"401", sim::answering(401, R"({"error":"Unauthorized"})"), errc::unauthorized},
    {"403", sim::answering(403, R"({"errors":[{"status":403}]})"), errc::unauthorized},
    {"404", sim::answering(404, R"({"error":"Not Found"})"), errc::unexpected_status},
    {"500", sim::answering(500, "{}"), errc::unexpected_status},
    {"a schema with 500", sim::answering(500, schema_text({"b"}, "b")), errc::unexpected_status},
    {"gzip", sim::answering(200, schema_text({"b"}, "b"), "Content-Encoding: gzip\r\n"),
     errc::unsupported_encoding},
    {"too large", sim::failing(errc::response_too_large), errc::response_too_large},
    {"nothing", sim::failing(errc::timed_out, 30s), errc::timed_out},
};

BOOST_DATA_TEST_CASE(B31_a_bad_answer_keeps_the_old_schema, data::make(bad_answers), row) {
    scripted_warehouse on;
    on.schemas.then(serving("a", {"old"})).otherwise(row.reply);
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    on.queue.run_for(40s);
    BOOST_TEST(master.datasource.schema()->collections() == strings{"old"});
    BOOST_TEST(master.reloads.empty());
    BOOST_TEST_REQUIRE(master.count(event_kind::schema_failed) >= 1U);
    BOOST_TEST(master.all(event_kind::schema_failed).front().error == row.error);
    BOOST_TEST(master.all(event_kind::schema_failed).front().http_status == row.reply.status);
    // And it recovers from it.
    on.schemas.otherwise(serving("b", {"new"}));
    on.queue.run_for(1min);
    BOOST_TEST(master.reloads == strings{"b"});
}

BOOST_AUTO_TEST_CASE(B31_another_etag_of_the_same_content_is_sent_from_then_on_and_nobody_reloads) {
    scripted_warehouse on;
    on.schemas.then(sim::answering(200, schema_text({"a"}), "ETag: \"one\"\r\n"))
        .then(sim::answering(200, schema_text({"a"}, "two"), "ETag: W/\"framework\"\r\n"))
        .then(not_modified());
    on.master->datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    on.suffer_an_outage();
    BOOST_TEST(on.conditions() == (strings{"-", "one", "two"}));
    BOOST_TEST(on.master->reloads.empty());
    BOOST_TEST(on.master->of_schema() ==
               (strings{"schema_loaded", "schema_unchanged", "schema_unchanged"}));
}

BOOST_AUTO_TEST_CASE(B31_a_server_without_etags_is_compared_by_its_content) {
    scripted_warehouse on;
    on.schemas.then(serving("")).then(serving("")).then(serving("", {"other"}));
    on.master->datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(on.master->reloads.empty());
    on.suffer_an_outage();
    BOOST_TEST(on.master->reloads.size() == 1U);
    BOOST_TEST(on.conditions() == (strings{"-", "-", "-"}));
}

BOOST_AUTO_TEST_CASE(B31_an_etag_that_no_header_can_carry_is_not_sent) {
    scripted_warehouse on;
    const std::string body = R"({"collections":[],"etag":"line\r\nX-Evil: 1"})";
    on.schemas.otherwise(sim::answering(200, body));
    on.master->datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(on.conditions() == (strings{"-", "-"}));
    BOOST_TEST(on.master->reloads.empty());
    scripted_warehouse huge;
    huge.schemas.otherwise(serving(std::string(5000, 'e')));
    huge.master->datasource.start();
    huge.queue.run_for(1s);
    huge.suffer_an_outage();
    BOOST_TEST(huge.conditions() == (strings{"-", "-"}));
    BOOST_TEST(huge.master->reloads.empty());
}

// The request had no condition, so the server cannot know that nothing has changed.
BOOST_AUTO_TEST_CASE(B31_a_304_after_an_etag_that_no_header_can_carry_is_a_failure) {
    scripted_warehouse on;
    on.schemas.then(sim::answering(200, R"({"collections":[],"etag":"line\r\nX-Evil: 1"})"))
        .then(not_modified())
        .otherwise(serving("b"));
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(on.conditions().front() == "-");
    BOOST_TEST(on.conditions()[1] == "-");
    BOOST_TEST_REQUIRE(master.count(event_kind::schema_failed) == 1U);
    const auto failed = master.all(event_kind::schema_failed).front();
    BOOST_TEST(failed.error == errc::unexpected_status);
    BOOST_TEST(failed.http_status == 304);
    BOOST_TEST(master.count(event_kind::schema_unchanged) == 0U);
    on.queue.run_for(1min); // It is tried again.
    BOOST_TEST(master.datasource.schema()->etag() == "b");
}

BOOST_AUTO_TEST_CASE(B31_a_304_to_a_request_without_an_etag_is_no_answer) {
    scripted_warehouse on;
    on.schemas.then(serving(std::string(5000, 'e'))).then(not_modified());
    on.master->datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(on.master->all(event_kind::schema_failed).front().error == errc::unexpected_status);
}

BOOST_AUTO_TEST_CASE(no_two_requests_of_a_datasource_sign_the_same_timestamp) {
    scripted_warehouse on;
    on.schemas.otherwise(sim::answering(500, ""));
    on.master->datasource.start();
    on.queue.run_for(10min);
    std::multiset<std::string> stamps;
    for (const auto* transport : {&on.health, &on.schemas})
        for (const auto& each : transport->requests())
            stamps.emplace(field_view{each.fields}.find("X_TIMESTAMP").value_or(""));
    BOOST_TEST(stamps.size() > 30U);
    for (const std::string& each : stamps)
        BOOST_TEST(stamps.count(each) == 1U);
}

// Committing

BOOST_AUTO_TEST_CASE(B32_while_the_reload_runs_the_old_schema_is_the_known_one) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).then(serving("b"));
    auto& master = *on.master;
    std::string known;
    std::string given;
    master.datasource.on_reload([&](const schema& next) {
        given = next.etag();
        known = master.datasource.schema()->etag();
    });
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(given == "b");
    BOOST_TEST(known == "a");
    BOOST_TEST(master.datasource.schema()->etag() == "b");
}

BOOST_AUTO_TEST_CASE(B32_a_reload_that_throws_is_tried_again_at_the_next_recovery_and_not_before) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).otherwise(serving("b"));
    auto& master = *on.master;
    int calls = 0;
    master.datasource.on_reload([&](const schema&) {
        if (++calls < 3)
            throw std::runtime_error("the application is busy");
    });
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    on.queue.run_for(1h);
    BOOST_TEST(calls == 1);
    BOOST_TEST(master.datasource.schema()->etag() == "a");
    BOOST_TEST_REQUIRE(master.count(event_kind::callback_failed) == 1U);
    BOOST_TEST(master.all(event_kind::callback_failed).front().detail == "the application is busy");
    on.suffer_an_outage();
    BOOST_TEST(calls == 2);
    on.suffer_an_outage();
    BOOST_TEST(calls == 3);
    BOOST_TEST(master.datasource.schema()->etag() == "b");
    on.suffer_an_outage();
    BOOST_TEST(calls == 3);
    BOOST_TEST(on.conditions() == (strings{"-", "a", "a", "a", "b"}));
    BOOST_TEST(master.of_schema() ==
               (strings{"schema_loaded", "schema_reloaded", "schema_unchanged"}));
}

BOOST_AUTO_TEST_CASE(B32_without_a_callback_a_change_is_committed) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).then(serving("b"));
    on.master->datasource.on_reload({});
    on.master->datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(on.master->datasource.schema()->etag() == "b");
}

BOOST_AUTO_TEST_CASE(B32_a_schema_that_was_handed_out_outlives_its_successor) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).then(serving("b"));
    on.master->datasource.start();
    on.queue.run_for(1s);
    const auto first = on.master->datasource.schema();
    on.suffer_an_outage();
    on.master->datasource.cleanup();
    BOOST_TEST(first->etag() == "a");
    BOOST_TEST(on.master->datasource.schema()->etag() == "b");
}

// Polling the schema

datasource_options polling_schema(std::chrono::seconds interval = 600s) {
    return {.mode = datasource_mode::schema_poll, .schema_poll = interval};
}

BOOST_AUTO_TEST_CASE(B33_the_schema_alone_is_polled_and_the_answer_is_the_health_check) {
    scripted_warehouse on{polling_schema()};
    on.health.then(serving("a"))
        .then(not_modified(), 2)
        .then(serving("b"))
        .otherwise(not_modified());
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1h);
    BOOST_TEST(on.schemas.requests().empty(), "one transport does it all");
    BOOST_TEST(on.health.requests().size() == 7U);
    for (const auto& each : on.health.requests())
        BOOST_TEST(each.target == uri + "/forest/rpc-schema");
    BOOST_TEST(master.reloads == strings{"b"});
    BOOST_TEST(master.of_schema() ==
               (strings{"schema_loaded", "schema_unchanged", "schema_unchanged", "schema_reloaded",
                        "schema_unchanged", "schema_unchanged", "schema_unchanged"}));
    BOOST_TEST((master.datasource.status() == target_status::up));
    BOOST_TEST(master.count(event_kind::check_succeeded) == 7U);
}

BOOST_AUTO_TEST_CASE(B33_a_server_that_does_not_answer_goes_down_and_comes_back_with_its_schema) {
    scripted_warehouse on{polling_schema(60s)};
    on.health.then(serving("a")).then(sim::failing(errc::connection_refused), 5).then(serving("b"));
    on.health.otherwise(not_modified());
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(10min);
    BOOST_TEST(master.downs.size() == 1U);
    BOOST_TEST(master.ups.size() == 1U);
    BOOST_TEST(master.reloads == strings{"b"});
    BOOST_TEST(master.count(event_kind::schema_failed) == 5U);
    // First comes the event of the recovery, then that of the schema.
    strings order;
    for (const auto& each : master.events) {
        if (each.kind == event_kind::server_up || each.kind == event_kind::schema_reloaded)
            order.emplace_back(name(each.kind));
    }
    BOOST_TEST(order == (strings{"server_up", "schema_reloaded"}));
}

BOOST_AUTO_TEST_CASE(B33_a_failing_start_takes_the_introspection_here_too) {
    datasource_options settings = polling_schema();
    settings.introspection = schema_text({"old"}, "i");
    scripted_warehouse on{std::move(settings)};
    on.health.then(sim::answering(200, "")).then(not_modified());
    on.master->datasource.start();
    on.queue.run_for(10s);
    BOOST_TEST(on.master->of_schema() ==
               (strings{"schema_failed", "schema_loaded", "schema_unchanged"}));
    BOOST_TEST((on.master->datasource.source() == schema_source::introspection));
}

BOOST_AUTO_TEST_CASE(B33_every_poll_tries_again_what_a_callback_refused) {
    scripted_warehouse on{polling_schema(10s)};
    on.health.then(serving("a")).otherwise(serving("b"));
    int calls = 0;
    on.master->datasource.on_reload([&](const schema&) {
        if (++calls < 3)
            throw std::runtime_error("busy");
    });
    on.master->datasource.start();
    on.queue.run_for(65s);
    BOOST_TEST(calls == 3);
    BOOST_TEST(on.master->datasource.schema()->etag() == "b");
}

BOOST_AUTO_TEST_CASE(B33_304_that_nobody_asked_for_is_a_failure) {
    scripted_warehouse on{polling_schema()};
    on.health.otherwise(not_modified());
    on.master->datasource.start();
    on.queue.run_for(10s);
    BOOST_TEST(on.master->all(event_kind::check_failed).front().error == errc::unexpected_status);
    BOOST_TEST(on.master->datasource.schema()->collections().empty());
}

BOOST_AUTO_TEST_CASE(B33_a_farewell_takes_the_server_down_at_once) {
    scripted_warehouse on{polling_schema(10s)};
    on.health.then(serving("a")).otherwise(sim::stopping());
    on.master->datasource.start();
    on.queue.run_for(11s);
    BOOST_TEST_REQUIRE(on.master->downs.size() == 1U);
    BOOST_TEST(on.master->downs.front().last_error == errc::stopping);
}

BOOST_AUTO_TEST_CASE(B12_B33_an_inconclusive_poll_settles_nothing) {
    scripted_warehouse on{polling_schema(60s)};
    on.health.then(serving("a")).then(sim::failing(errc::timed_out)).then(serving("b"));
    on.health.otherwise(not_modified());
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(30s);
    on.queue.skip(1h);
    on.queue.run_for(10s);
    BOOST_TEST(master.count(event_kind::check_inconclusive) == 1U);
    BOOST_TEST(master.of_schema() == (strings{"schema_loaded", "schema_reloaded"}));
}

// Life cycle

BOOST_AUTO_TEST_CASE(B34_cleanup_is_idempotent_and_may_come_before_the_start) {
    scripted_warehouse on;
    auto& master = *on.master;
    master.datasource.cleanup();
    master.datasource.cleanup();
    BOOST_TEST(master.datasource.cleaned_up());
    master.datasource.start();
    on.queue.run_for(1h);
    BOOST_TEST(master.events.empty());
    BOOST_TEST(on.health.requests().empty());
    BOOST_TEST(on.schemas.requests().empty());
}

BOOST_AUTO_TEST_CASE(B34_what_the_callbacks_have_captured_is_gone_after_cleanup) {
    scripted_warehouse on;
    auto& master = *on.master;
    const auto reload = std::make_shared<int>();
    const auto others = std::make_shared<int>();
    master.datasource.on_reload([reload](const schema&) {});
    master.datasource.on_event([others](const event&) {});
    master.datasource.on_server_down([others](const outage&) {});
    master.datasource.on_server_up([others](const outage&) {});
    master.datasource.on_unheard([others](const event&) {});
    BOOST_TEST(reload.use_count() == 2);
    BOOST_TEST(others.use_count() == 5);
    master.datasource.start();
    on.queue.run_for(1s);
    master.datasource.cleanup();
    BOOST_TEST(reload.use_count() == 1);
    BOOST_TEST(others.use_count() == 1);
    // What is set afterwards is not kept either.
    master.datasource.on_reload([reload](const schema&) {});
    BOOST_TEST(reload.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(B34_start_twice_starts_one_loop) {
    scripted_warehouse on;
    on.schemas.otherwise(serving("a"));
    on.master->datasource.start();
    on.master->datasource.start();
    on.queue.run_for(61s);
    BOOST_TEST(on.health.requests().size() == 3U);
    BOOST_TEST(on.schemas.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(B34_cleanup_from_outside_says_farewell_and_cancels_what_is_in_flight) {
    scripted_warehouse on;
    on.schemas.otherwise(sim::silent());
    auto& master = *on.master;
    master.datasource.start();
    on.queue.run_for(1s);
    BOOST_TEST(on.schemas.in_flight() == 1);
    master.datasource.cleanup();
    BOOST_TEST((master.events.back().kind == event_kind::stopped));
    BOOST_TEST(master.events.back().target == uri);
    BOOST_TEST(master.count(event_kind::stopping) == 1U);
    const std::size_t reported = master.events.size();
    on.queue.run_for(1h);
    BOOST_TEST(on.schemas.in_flight() == 0);
    BOOST_TEST(master.events.size() == reported);
    BOOST_TEST(on.queue.pending() == 0U);
}

struct last_callback {
    const char* what;
    event_kind during; // schema_reloaded stands for the callback of on_reload
};

std::ostream& operator<<(std::ostream& out, const last_callback& row) {
    return out << row.what;
}

const std::vector<last_callback> last_callbacks{
    {"on_reload", event_kind::schema_reloaded},   {"on_server_down", event_kind::server_down},
    {"on_server_up", event_kind::server_up},      {"schema_loaded", event_kind::schema_loaded},
    {"check_started", event_kind::check_started}, {"check_failed", event_kind::check_failed},
};

// The action of the data test below in each case.
void leave_inside(const last_callback& row, bool destroyed) {
    using datasource_type = scripted_warehouse::datasource_type;
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::scripted_transport health{queue};
    sim::scripted_transport schemas{queue};
    health.then(sim::healthy()).then(sim::failing(errc::connection_refused), 3);
    schemas.then(serving("a")).otherwise(serving("b"));
    auto master =
        std::make_unique<datasource_type>(health, schemas, clock, visible_signer{},
                                          exponential_backoff{}, datasource_options{.uri = uri});
    bool ended = false;
    int after = 0;
    const auto leave = [&] {
        ended = true;
        if (destroyed)
            master.reset();
        else
            master->cleanup();
    };
    master->on_event([&](const event& happened) {
        after += ended ? 1 : 0;
        const bool of_its_own = row.during == event_kind::schema_reloaded ||
                                row.during == event_kind::server_down ||
                                row.during == event_kind::server_up;
        if (!of_its_own && happened.kind == row.during)
            leave();
    });
    const auto listener = [&](event_kind kind) {
        return [&, kind](const auto&) {
            after += ended ? 1 : 0;
            if (kind == row.during)
                leave();
        };
    };
    master->on_server_down(listener(event_kind::server_down));
    master->on_server_up(listener(event_kind::server_up));
    master->on_reload(listener(event_kind::schema_reloaded));
    master->start();
    queue.run_for(1h);
    BOOST_TEST(ended);
    BOOST_TEST(after == 0);
    BOOST_TEST(queue.pending() == 0U);
}

BOOST_DATA_TEST_CASE(B14_cleaning_up_or_destroying_inside_a_callback_makes_it_the_last,
                     data::make(last_callbacks) * data::make({false, true}), row, destroyed) {
    leave_inside(row, destroyed);
}

void clean_up_during(bool failing) {
    const event_kind during = failing ? event_kind::schema_failed : event_kind::check_succeeded;
    datasource_options settings = polling_schema(10s);
    settings.introspection = schema_text({"old"}, "i");
    scripted_warehouse on{std::move(settings)};
    if (during == event_kind::check_succeeded)
        on.health.then(serving("a")).otherwise(serving("b"));
    else
        on.health.otherwise(sim::answering(500, ""));
    auto& master = *on.master;
    int seen = 0;
    master.datasource.on_event([&](const event& happened) {
        seen += happened.kind == during ? 1 : 0;
        if (seen == (during == event_kind::check_succeeded ? 2 : 1))
            master.datasource.cleanup();
    });
    master.datasource.start();
    on.queue.run_for(1min);
    BOOST_TEST(master.datasource.cleaned_up());
    BOOST_TEST(master.reloads.empty());
    BOOST_TEST(master.datasource.schema()->etag() ==
               (during == event_kind::check_succeeded ? "a" : ""));
}

BOOST_DATA_TEST_CASE(B32_what_no_callback_has_taken_over_is_not_committed_by_a_cleanup,
                     data::make({false, true}), failing) {
    clean_up_during(failing);
}

// The queue is not thread-safe, so nothing runs on it while the callback waits.
BOOST_AUTO_TEST_CASE(B14_cleanup_waits_for_a_reload_that_another_thread_is_in) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).otherwise(serving("b"));
    auto& master = *on.master;
    std::promise<void> inside;
    std::promise<void> released;
    std::atomic<bool> returned = false;
    master.datasource.on_reload([&](const schema&) {
        inside.set_value();
        released.get_future().wait();
    });
    master.datasource.on_event({});
    master.datasource.start();
    on.queue.run_for(1s);
    std::thread loop{[&] {
        on.health.otherwise(sim::failing(errc::connection_refused));
        on.queue.run_for(2min);
        on.health.otherwise(sim::healthy());
        (void)on.queue.run_until([&] { return master.datasource.cleaned_up(); }, 2min);
    }};
    inside.get_future().wait();
    std::thread cleaning{[&] {
        master.datasource.cleanup();
        returned = true;
    }};
    while (!master.datasource.cleaned_up())
        std::this_thread::yield();
    // The call has begun; within this time it would return if it did not wait.
    std::this_thread::yield();
    const auto moment = std::chrono::steady_clock::now() + 20ms;
    while (std::chrono::steady_clock::now() < moment)
        std::this_thread::yield();
    BOOST_TEST(!returned);
    released.set_value();
    loop.join();
    cleaning.join();
    BOOST_TEST(returned);
}

BOOST_AUTO_TEST_CASE(B31_a_policy_that_throws_at_a_fetch_is_reported_and_the_fetch_is_tried_again) {
    struct forgetful_signer {
        int* throwing;
        void sign(const request& what, wall_time, header_fields&) const {
            if (what.target.target() == "/forest/rpc-schema" && (*throwing)-- > 0)
                throw std::runtime_error("no key");
        }
    };
    int throwing = 2;
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::scripted_transport health{queue};
    sim::scripted_transport schemas{queue};
    schemas.otherwise(serving("a"));
    recorded_datasource master{
        queue, basic_datasource{health, schemas, clock, forgetful_signer{&throwing},
                                exponential_backoff{}, datasource_options{.uri = uri}}};
    master.datasource.start();
    queue.run_for(1min);
    BOOST_TEST(master.count(event_kind::callback_failed) == 2U);
    for (const auto& each : master.all(event_kind::callback_failed)) {
        BOOST_TEST(each.detail == "no key");
        BOOST_TEST(!each.has_check);
    }
    BOOST_TEST(master.count(event_kind::schema_failed) == 2U);
    BOOST_TEST(master.datasource.schema()->etag() == "a");
}

BOOST_AUTO_TEST_CASE(B16_every_callback_may_throw) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).otherwise(serving("b"));
    auto& master = *on.master;
    const auto throwing = [](const auto&) { throw std::runtime_error("from a callback"); };
    master.datasource.on_server_down(throwing);
    master.datasource.on_server_up(throwing);
    int failures = 0;
    master.datasource.on_event([&](const event& happened) {
        failures += happened.kind == event_kind::callback_failed ? 1 : 0;
        throw std::runtime_error("from on_event");
    });
    master.datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(master.datasource.schema()->etag() == "b");
    BOOST_TEST(failures > 4);
    BOOST_TEST((master.datasource.status() == target_status::up));
}

BOOST_AUTO_TEST_CASE(callbacks_need_not_be_copyable) {
    scripted_warehouse on;
    on.schemas.then(serving("a")).otherwise(serving("b"));
    auto& datasource = on.master->datasource;
    strings reported;
    int events = 0;
    int unheard = 0;
    const auto noting = [&](std::string what) {
        return [&reported, own = std::make_unique<std::string>(std::move(what))](const auto&) {
            reported.push_back(*own);
        };
    };
    datasource.on_server_down(noting("down"));
    datasource.on_server_up(noting("up"));
    datasource.on_reload(noting("reload"));
    datasource.on_event([&events, own = std::make_unique<int>(1)](const event&) {
        events += *own;
        throw std::runtime_error{"reported to on_unheard"};
    });
    datasource.on_unheard(
        [&unheard, own = std::make_unique<int>(1)](const event&) { unheard += *own; });
    datasource.start();
    on.queue.run_for(1s);
    on.suffer_an_outage();
    BOOST_TEST(reported == (strings{"down", "up", "reload"}), boost::test_tools::per_element());
    BOOST_TEST(events > 0);
    BOOST_TEST(unheard > 0);
}

BOOST_AUTO_TEST_CASE(B18_nothing_of_a_destroyed_datasource_is_left_once_the_queue_has_run) {
    struct counted_signer {
        std::shared_ptr<int> alive;
        void sign(const request&, wall_time, header_fields&) const {}
    };
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::scripted_transport health{queue};
    sim::scripted_transport schemas{queue};
    schemas.otherwise(sim::silent());
    const auto alive = std::make_shared<int>();
    {
        basic_datasource master{health,
                                schemas,
                                clock,
                                counted_signer{alive},
                                constant_backoff{},
                                datasource_options{.uri = uri}};
        master.start();
        queue.run_for(100s);
        BOOST_TEST(alive.use_count() > 1);
    }
    queue.run_for(duration::zero());
    BOOST_TEST(alive.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_datasource_can_be_moved_and_assigned_while_it_runs) {
    scripted_warehouse on;
    scripted_warehouse other;
    on.schemas.otherwise(serving("a"));
    other.schemas.otherwise(serving("z"));
    on.master->datasource.start();
    other.master->datasource.start();
    on.queue.run_for(1s);
    auto moved = std::move(on.master->datasource);
    BOOST_TEST(moved.schema()->etag() == "a");
    moved = std::move(other.master->datasource);
    const auto asked = on.health.requests().size();
    on.queue.run_for(1h);
    BOOST_TEST(on.health.requests().size() == asked);
    other.queue.run_for(1s);
    BOOST_TEST(moved.schema()->etag() == "z");
}

BOOST_AUTO_TEST_CASE(an_observer_may_be_given_by_value_and_by_reference) {
    struct counting {
        int* count;
        void on_event(const event&) noexcept { ++*count; }
    };
    int count = 0;
    scripted_warehouse on;
    on.schemas.otherwise(serving("a"));
    on.master->datasource.on_event(counting{&count});
    on.master->datasource.start();
    on.queue.run_for(1s);
    BOOST_TEST(count == 4); // started, schema_loaded, check_started, check_succeeded
    counting kept{&count};
    on.master->datasource.on_event(std::ref(kept));
    on.queue.run_for(30s);
    BOOST_TEST(count == 6);
}

// Options

BOOST_AUTO_TEST_CASE(B35_options_that_cannot_be_used_are_refused_by_name) {
    const auto building = [](datasource_options settings) {
        return code_of([&] { scripted_warehouse{std::move(settings)}; });
    };
    BOOST_TEST(building({.uri = "ftp://a"}) == errc::url_scheme_unsupported);
    BOOST_TEST(building({.uri = "http://a?b"}) == datasource_errc::invalid_uri);
    BOOST_TEST(building({.introspection = "{"}) == datasource_errc::invalid_introspection);
    BOOST_TEST(building({.health_check_interval = 0s}) ==
               datasource_errc::invalid_health_check_interval);
    BOOST_TEST(building({.schema_poll = 3601s}) == datasource_errc::invalid_schema_poll);
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::scripted_transport transport{queue};
    const auto never = [](int, duration) { return duration::zero(); };
    BOOST_TEST(code_of([&] {
                   basic_datasource{transport,           transport, clock,
                                    unsigned_requests{}, never,     datasource_options{.uri = uri}};
               }) == errc::invalid_backoff);
}

BOOST_AUTO_TEST_CASE(B35_the_size_of_a_schema_and_the_timeouts_reach_the_transport) {
    sim::event_queue queue;
    const auto kept = std::make_shared<std::vector<std::pair<request, duration>>>();
    basic_datasource master{request_keeper{kept},
                            request_keeper{kept},
                            sim::virtual_clock{queue},
                            unsigned_requests{},
                            exponential_backoff{},
                            datasource_options{.uri = uri + "/base/",
                                               .health_check_timeout = 7s,
                                               .schema_timeout = 70s,
                                               .schema_bytes_max = 12345}};
    master.start();
    queue.run_for(1s);
    BOOST_TEST_REQUIRE(kept->size() == 2U);
    for (const auto& [what, timeout] : *kept) {
        const bool of_schema = what.target.target() == "/base/forest/rpc-schema";
        BOOST_TEST((of_schema || what.target.target() == "/base/forest/health"));
        BOOST_TEST((timeout == (of_schema ? 70s : 7s)));
        BOOST_TEST(what.limits.body_bytes_max ==
                   (of_schema ? 12345U : message_limits{}.body_bytes_max));
    }
}

BOOST_AUTO_TEST_SUITE_END()
