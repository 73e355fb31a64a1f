// SPDX-License-Identifier: BSL-1.0

// The rules B1–B18 on the real client, with a virtual clock and a scripted transport.

#include <support/virtual_client.hpp>

#include <forest/core/detection.hpp>
#include <forest/health_client.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <climits>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::virtual_client;
namespace data = boost::unit_test::data;

namespace {

using seconds = std::vector<double>;

double in_seconds(duration span) {
    return std::chrono::duration<double>(span).count();
}

double in_seconds(steady_time at) {
    return in_seconds(at.time_since_epoch());
}

// Sends the wall time itself, so that a test can see what was signed.
struct visible_signer {
    void sign(const request&, wall_time at, header_fields& fields) const {
        (void)fields.add("X_TIMESTAMP", std::to_string(at.time_since_epoch().count()));
    }
};

std::vector<long long> signed_times(const sim::scripted_transport& transport) {
    std::vector<long long> times;
    for (const auto& each : transport.requests())
        times.push_back(std::stoll(each.fields.substr(each.fields.find(' ') + 1)));
    return times;
}

template <typename Exception, typename Call>
std::error_code code_of(Call&& call) {
    try {
        call();
    } catch (const Exception& thrown) {
        return thrown.code();
    }
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(health_client_test)

// Schedule

BOOST_AUTO_TEST_CASE(B1_start_checks_at_once_and_then_at_every_interval) {
    virtual_client watched{{.interval = 30s}};
    watched.client->start();
    watched.queue.run_for(100s);
    BOOST_TEST(watched.check_times() == (seconds{0, 30, 60, 90}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B1_the_interval_runs_from_start_to_start_without_drift) {
    virtual_client watched{{.interval = 10s}};
    watched.transport.otherwise(sim::healthy(3s));
    watched.client->start();
    watched.queue.run_for(24h);
    BOOST_TEST(watched.transport.requests().size() == 8641U);
    BOOST_TEST(in_seconds(watched.transport.requests().back().at) == 86400.0);
}

BOOST_AUTO_TEST_CASE(B1_an_overrun_delays_the_next_check_and_is_not_caught_up) {
    virtual_client watched{{.interval = 1s, .timeout = 5s}};
    watched.transport.then(sim::healthy()).then(sim::healthy(3500ms));
    watched.client->start();
    watched.queue.run_for(8s);
    BOOST_TEST(watched.check_times() == (seconds{0, 1, 4.5, 5.5, 6.5, 7.5}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B1_a_process_that_slept_for_an_hour_checks_once_and_not_120_times) {
    virtual_client watched{{.interval = 30s}};
    watched.client->start();
    watched.queue.run_for(45s);
    watched.queue.skip(1h);
    watched.queue.run_for(60s);
    BOOST_TEST(watched.check_times() == (seconds{0, 30, 3645, 3675, 3705}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B1_a_wake_up_that_is_a_little_late_does_not_shift_the_schedule) {
    virtual_client watched{{.interval = 30s}};
    watched.client->start();
    watched.queue.run_for(29s);
    watched.queue.skip(2s);
    watched.queue.run_for(60s);
    BOOST_TEST(watched.check_times() == (seconds{0, 31, 60, 90}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B1_the_first_check_is_put_off_by_a_random_part_of_the_initial_delay) {
    std::set<double> firsts;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        sim::event_queue queue;
        sim::virtual_clock clock{queue};
        sim::scripted_transport transport{queue};
        basic_health_client client{transport,
                                   clock,
                                   unsigned_requests{},
                                   exponential_backoff{},
                                   "http://a/",
                                   {.initial_delay_max = 20s},
                                   random_generator{seed}};
        client.start();
        queue.run_for(21s);
        BOOST_TEST_REQUIRE(transport.requests().size() == 1U);
        const double first = in_seconds(transport.requests().front().at);
        BOOST_TEST(first >= 0.0);
        BOOST_TEST(first < 20.0);
        firsts.insert(first);
    }
    BOOST_TEST(firsts.size() > 40U);
    BOOST_TEST(*firsts.begin() < 5.0);
    BOOST_TEST(*firsts.rbegin() > 15.0);
}

BOOST_AUTO_TEST_CASE(B1_jitter_varies_each_delay_by_at_most_its_share) {
    virtual_client watched{{.interval = 10s, .interval_jitter = 0.5}};
    watched.client->start();
    watched.queue.run_for(10'000s);
    const seconds times = watched.check_times();
    double shortest = 100;
    double longest = 0;
    for (std::size_t n = 1; n < times.size(); ++n) {
        shortest = std::min(shortest, times[n] - times[n - 1]);
        longest = std::max(longest, times[n] - times[n - 1]);
    }
    BOOST_TEST(shortest >= 5.0);
    BOOST_TEST(shortest < 5.5);
    BOOST_TEST(longest <= 15.0);
    BOOST_TEST(longest > 14.5);
    BOOST_TEST(static_cast<double>(times.size()) == 1000.0, boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(B2_at_most_one_check_is_in_flight_even_when_the_timeout_exceeds_the_interval) {
    virtual_client watched{{.interval = 1s, .timeout = 10s}};
    watched.transport.otherwise(sim::silent());
    watched.client->start();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.transport.in_flight_max() == 1);
    BOOST_TEST(watched.transport.requests().size() > 300U);
}

BOOST_AUTO_TEST_CASE(
    B3_the_exponential_delays_are_2_4_8_16_30_30_from_the_end_of_the_failed_check) {
    virtual_client watched{{.interval = 30s, .timeout = 5s}};
    watched.transport.otherwise(sim::silent());
    watched.client->start();
    watched.queue.run_for(125s);
    // Each check lasts for its timeout of 5 s, and the delay follows.
    BOOST_TEST(watched.check_times() == (seconds{0, 7, 16, 29, 50, 85, 120}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B3_no_delay_is_longer_than_the_interval_unless_an_option_allows_it) {
    const exponential_backoff within{};
    const exponential_backoff beyond{.may_exceed_interval = true};
    BOOST_TEST(in_seconds(within(3, 5s)) == 5.0);
    BOOST_TEST(in_seconds(beyond(3, 5s)) == 8.0);
    BOOST_TEST(in_seconds(beyond(INT_MAX, 5s)) == 30.0);
    BOOST_TEST(in_seconds(within(1, 500ms)) == 0.5);
}

BOOST_AUTO_TEST_CASE(B3_the_constant_backoff_reproduces_the_fixed_schedule) {
    virtual_client<constant_backoff> watched{{.interval = 30s}};
    watched.transport.otherwise(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(100s);
    BOOST_TEST(watched.check_times() == (seconds{0, 30, 60, 90}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B3_a_success_resets_the_sequence) {
    virtual_client watched{{.interval = 30s}};
    const auto refused = sim::failing(errc::connection_refused);
    watched.transport.then(refused, 2).then(sim::healthy()).then(refused, 2);
    watched.client->start();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.check_times() == (seconds{0, 2, 6, 36, 38, 42}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B4_the_worst_case_of_the_defaults_is_36_s_refused_and_51_s_black_holed) {
    static_assert(worst_case_detection(options{}) == detection_bound{36s, 51s});
    static_assert(worst_case_detection(options{}, constant_backoff{}) ==
                  detection_bound{90s, 105s});
    static_assert(worst_case_detection({.failure_threshold = 1}) == detection_bound{30s, 35s});
    // A timeout that is longer than the interval delays the next check by that much.
    static_assert(worst_case_detection({.interval = 1s}) == detection_bound{7s, 22s});
    static_assert(worst_case_detection({.interval = 1s, .timeout = 1s}) == detection_bound{3s, 6s});
    static_assert(worst_case_detection({.interval_jitter = 0.5}) == detection_bound{54s, 69s});
    static_assert(worst_case_detection({.initial_delay_max = 5min}) == detection_bound{306s, 321s});
    const options huge{.interval = options::duration_max, .failure_threshold = 1'000'000};
    BOOST_TEST((worst_case_detection(huge, constant_backoff{}).refused == duration::max()));
}

// The crash happens at every moment of a minute; the bound must hold, and must be reached.
BOOST_DATA_TEST_CASE(B4_no_crash_is_detected_later_than_the_worst_case,
                     data::make({true, false}) ^ data::make({36.0, 51.0}), refused, bound) {
    double worst = 0;
    for (duration crash = 31s; crash < 91s; crash += 250ms) {
        virtual_client watched{};
        watched.client->start();
        watched.queue.at(steady_time{crash}, [&] {
            watched.transport.otherwise(refused ? sim::failing(errc::connection_refused)
                                                : sim::silent());
        });
        watched.queue.run_for(crash + 60s);
        BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
        worst = std::max(worst, in_seconds(watched.down_times.front() - steady_time{crash}));
    }
    BOOST_TEST(worst <= bound);
    BOOST_TEST(worst > bound - 0.5);
}

// Verdict and thresholds

BOOST_AUTO_TEST_CASE(B5_every_failure_carries_its_error_status_and_timings) {
    virtual_client watched{{.failure_threshold = 100}};
    std::vector<verdict> verdicts;
    watched.client->on_event([&](const event& happened) {
        if (happened.kind == event_kind::check_failed)
            verdicts.push_back(*happened.check);
    });
    watched.transport.then(sim::failing(errc::tls_failed, 20ms))
        .then(sim::answering(404, "{}"))
        .then(sim::answering(200, "[]"))
        .then(sim::answering(200, R"({"status":"ill"})"))
        .then(sim::answering(403, ""))
        .then(sim::answering(200, R"({"status":"ok"})", "Content-Encoding: gzip\r\n"));
    watched.client->start();
    watched.queue.run_for(61s);
    BOOST_TEST_REQUIRE(verdicts.size() == 6U);
    BOOST_TEST((verdicts[0].error == errc::tls_failed));
    BOOST_TEST(verdicts[0].status == 0);
    BOOST_TEST((verdicts[0].timings.total == 20ms));
    BOOST_TEST((verdicts[1].error == errc::unexpected_status));
    BOOST_TEST(verdicts[1].status == 404);
    BOOST_TEST((verdicts[2].error == errc::malformed_body));
    BOOST_TEST((verdicts[3].error == errc::not_ok));
    BOOST_TEST((verdicts[4].error == errc::unauthorized));
    BOOST_TEST((verdicts[5].error == errc::unsupported_encoding));
}

BOOST_AUTO_TEST_CASE(B6_one_success_sets_the_count_to_zero) {
    virtual_client watched{};
    const auto refused = sim::failing(errc::connection_refused);
    for (int n = 0; n < 20; ++n)
        watched.transport.then(refused, 2).then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(20 * 36s);
    BOOST_TEST(watched.count(event_kind::check_failed) == 40U);
    BOOST_TEST(watched.downs.empty());
}

BOOST_AUTO_TEST_CASE(a_single_timeout_does_not_mark_the_target_down) {
    virtual_client watched{};
    watched.transport.then(sim::healthy()).then(sim::silent());
    watched.client->start();
    watched.queue.run_for(36s);
    BOOST_TEST((watched.client->status() == target_status::suspect));
    watched.queue.run_for(10min);
    BOOST_TEST(watched.downs.empty());
    BOOST_TEST((watched.client->status() == target_status::up));
}

BOOST_DATA_TEST_CASE(B7_on_server_down_is_called_once_at_the_failure_that_reaches_the_threshold,
                     data::make({1, 2, 3, 7}), threshold) {
    virtual_client watched{{.failure_threshold = threshold}};
    watched.transport.then(sim::healthy());
    watched.transport.otherwise(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(24h);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST(watched.downs.front().failures == threshold);
    BOOST_TEST(watched.count(event_kind::server_down) == 1U);
    BOOST_TEST(watched.ups.empty());
    // The callback was called after the check that reached the threshold.
    const auto& requests = watched.transport.requests();
    BOOST_TEST((requests[static_cast<std::size_t>(threshold)].at == watched.down_times.front()));
}

BOOST_AUTO_TEST_CASE(B8_up_is_called_once_at_the_success_threshold_with_the_values_of_down) {
    virtual_client watched{{.failure_threshold = 2, .success_threshold = 3}};
    const auto refused = sim::failing(errc::connection_refused);
    watched.transport.then(sim::healthy())
        .then(refused, 4)
        .then(sim::healthy(), 2)
        .then(refused)
        .then(sim::healthy(), 2);
    watched.client->start();
    watched.queue.run_for(10min);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST_REQUIRE(watched.ups.size() == 1U);
    const outage& down = watched.downs.front();
    const outage& up = watched.ups.front();
    BOOST_TEST(down.id == 1U);
    BOOST_TEST(up.id == down.id);
    BOOST_TEST((up.first_failure == down.first_failure));
    BOOST_TEST(up.failures == down.failures);
    BOOST_TEST((up.last_error == down.last_error));
    BOOST_TEST(!down.ended_after);
    BOOST_TEST_REQUIRE(up.ended_after.has_value());
    // Failures at 30, 32, 36, 44; successes at 60, 90; a failure at 120; successes at 122, 152,
    // 182.
    BOOST_TEST(in_seconds(*up.ended_after) == 152.0);
    BOOST_TEST((down.first_failure == sim::virtual_clock::epoch + 30s));
}

BOOST_AUTO_TEST_CASE(callbacks_need_not_be_copyable) {
    virtual_client watched{{.failure_threshold = 1}};
    int calls = 0;
    const auto counting = [&] {
        return [&calls, owned = std::make_unique<int>(1)](const auto&) { calls += *owned; };
    };
    watched.client->on_server_down(counting());
    watched.client->on_server_up(counting());
    watched.client->on_event(counting());
    watched.client->on_unheard(counting());
    watched.transport.then(sim::failing(errc::timed_out)).then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(10s);
    // `started`, two checks with two events each, down and up, and the last two events.
    BOOST_TEST(calls == 9);
}

BOOST_AUTO_TEST_CASE(B8_outages_have_different_ids) {
    virtual_client watched{{.failure_threshold = 1}};
    for (int n = 0; n < 5; ++n)
        watched.transport.then(sim::failing(errc::connection_lost)).then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(10min);
    BOOST_TEST_REQUIRE(watched.downs.size() == 5U);
    BOOST_TEST_REQUIRE(watched.ups.size() == 5U);
    for (std::size_t n = 0; n < 5; ++n) {
        BOOST_TEST(watched.downs[n].id == n + 1);
        BOOST_TEST(watched.ups[n].id == n + 1);
    }
}

BOOST_AUTO_TEST_CASE(B8_an_outage_knows_its_target) {
    virtual_client watched{{.failure_threshold = 2}};
    std::vector<std::string_view> in_events;
    watched.client->on_event([&](const event& happened) {
        if (happened.outage != nullptr) {
            BOOST_TEST(happened.outage->target == happened.target);
            in_events.push_back(happened.outage->target);
        }
    });
    watched.transport.then(sim::failing(errc::timed_out), 3).then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(2min);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST_REQUIRE(watched.ups.size() == 1U);
    // The event has views into the state of the client, which lives although the client was moved.
    const auto moved = std::move(*watched.client);
    BOOST_TEST(watched.downs.front().target == "http://warehouse.example:3000/forest/health");
    BOOST_TEST(watched.ups.front().target == "http://warehouse.example:3000/forest/health");
    BOOST_TEST(in_events.size() == 2U);
}

BOOST_AUTO_TEST_CASE(each_event_says_whether_the_outage_was_reported_before) {
    virtual_client watched{{.failure_threshold = 2, .success_threshold = 2}};
    std::vector<std::string> reported;
    watched.client->on_event([&](const event& happened) {
        if (happened.kind == event_kind::check_started)
            return;
        reported.push_back(std::string{name(happened.kind)} + (happened.during_outage ? " !" : "") +
                           (severity_of(happened) == severity::debug ? "" : " loud"));
    });
    const auto refused = sim::answering(401, "");
    watched.transport.then(refused, 3)
        .then(sim::healthy())
        .then(refused)
        .then(sim::healthy(), 2)
        .then(sim::stopping(), 2)
        .then(refused)
        .then(sim::healthy(), 2)
        .then(refused);
    watched.client->start();
    BOOST_REQUIRE(watched.queue.run_until([&] { return reported.size() == 18; }, 1h));
    const std::vector<std::string> expected{
        "started",         "check_failed loud", "check_failed loud", "server_down loud",
        "check_failed !",  "check_succeeded !", "check_failed !",    "check_succeeded !",
        "check_succeeded", "server_up loud",    "check_failed loud", "server_down loud",
        "check_failed !",  "check_failed !",    "check_succeeded !", "check_succeeded",
        "server_up loud",  "check_failed loud"};
    BOOST_TEST(reported == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(
    B8_the_first_success_makes_an_unknown_or_suspect_target_up_without_a_callback) {
    virtual_client watched{{.success_threshold = 3}};
    BOOST_TEST((watched.client->status() == target_status::unknown));
    watched.transport.then(sim::failing(errc::resolve_failed)).then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(1s);
    BOOST_TEST((watched.client->status() == target_status::suspect));
    watched.queue.run_for(1s);
    BOOST_TEST((watched.client->status() == target_status::up));
    BOOST_TEST(watched.ups.empty());
}

BOOST_AUTO_TEST_CASE(B9_a_server_that_announces_its_end_is_down_at_once) {
    virtual_client watched{{.failure_threshold = 5}};
    watched.transport.then(sim::healthy()).then(sim::stopping(), 3);
    watched.client->start();
    watched.queue.run_for(2min);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST((watched.downs.front().last_error == errc::stopping));
    BOOST_TEST(watched.downs.front().failures == 1);
    BOOST_TEST(in_seconds(watched.down_times.front()) == 30.0);
    BOOST_TEST(watched.ups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B9_any_other_503_is_an_ordinary_failure) {
    virtual_client watched{{.failure_threshold = 5}};
    watched.transport.then(sim::answering(503, R"({"status":"ok"})"))
        .then(sim::answering(503, "stopping"))
        .then(sim::answering(200, R"({"status":"stopping"})"));
    watched.client->start();
    watched.queue.run_for(1min);
    BOOST_TEST(watched.count(event_kind::check_failed) == 3U);
    BOOST_TEST(watched.downs.empty());
}

BOOST_AUTO_TEST_CASE(B10_attempts_are_counted_from_one_since_the_last_success) {
    virtual_client watched{};
    const auto refused = sim::failing(errc::connection_refused);
    watched.transport.then(sim::healthy(), 2).then(refused, 3).then(sim::healthy(), 2);
    watched.client->start();
    watched.queue.run_for(150s);
    std::vector<int> begun;
    std::vector<int> ended;
    for (const auto& each : watched.events) {
        if (each.kind == event_kind::check_started)
            begun.push_back(each.attempt);
        if (each.kind == event_kind::check_succeeded || each.kind == event_kind::check_failed)
            ended.push_back(each.attempt);
    }
    const std::vector<int> expected{1, 1, 1, 2, 3, 4, 1};
    begun.resize(7);
    ended.resize(7);
    BOOST_TEST(begun == expected, boost::test_tools::per_element());
    BOOST_TEST(ended == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B11_a_refused_signature_counts_and_stays_visible_in_the_outage) {
    virtual_client watched{};
    watched.transport.then(sim::answering(401, R"({"error":"Unauthorized"})"))
        .then(sim::answering(403, ""))
        .then(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(10s);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST(watched.downs.front().unauthorized);
    BOOST_TEST((watched.downs.front().last_error == errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(B11_the_skew_of_a_run_that_a_success_ended_is_not_blamed_for_the_next_outage) {
    virtual_client watched{};
    watched.transport.then(sim::answering(401, "", "Date: Wed, 31 Dec 2025 23:00:00 GMT\r\n"))
        .then(sim::healthy())
        .then(sim::failing(errc::connection_refused), 3);
    watched.client->start();
    watched.queue.run_for(2min);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST(!watched.downs.front().unauthorized);
    BOOST_TEST(!watched.downs.front().clock_skew);
}

struct skew_case {
    const char* date;
    std::optional<std::chrono::seconds> skew;
    friend std::ostream& operator<<(std::ostream& out, const skew_case& shown) {
        return out << shown.date;
    }
};

// The virtual wall clock begins at 2026-01-01T00:00:00Z, a Thursday.
BOOST_DATA_TEST_CASE(B11_a_date_more_than_30_s_away_says_by_how_much,
                     data::make(std::vector<skew_case>{
                         {"Thu, 01 Jan 2026 00:00:30 GMT", std::nullopt},
                         {"Thu, 01 Jan 2026 00:00:31 GMT", 31s},
                         {"Wed, 31 Dec 2025 23:59:30 GMT", std::nullopt},
                         {"Wed, 31 Dec 2025 23:59:29 GMT", -31s},
                         {"Wed, 31 Dec 2025 23:00:00 GMT", -3600s},
                         {"yesterday", std::nullopt}}),
                     sample) {
    virtual_client watched{};
    watched.transport.then(sim::answering(401, "", "Date: " + std::string{sample.date} + "\r\n"));
    watched.client->start();
    watched.queue.run_for(0s);
    BOOST_TEST((watched.last(event_kind::check_failed).clock_skew == sample.skew));
}

BOOST_AUTO_TEST_CASE(
    B12_a_failure_after_a_late_wake_up_is_inconclusive_and_repeated_at_once_on_a_fresh_connection) {
    virtual_client watched{{.failure_threshold = 1}};
    watched.transport.then(sim::healthy())
        .then(sim::failing(errc::connection_lost))
        .then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(10s);
    watched.queue.skip(1h);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) == 1U);
    BOOST_TEST(watched.count(event_kind::check_failed) == 0U);
    BOOST_TEST(watched.downs.empty());
    const auto& requests = watched.transport.requests();
    BOOST_TEST_REQUIRE(requests.size() == 3U);
    BOOST_TEST((requests[2].at == requests[1].at));
    BOOST_TEST(!requests[1].fresh_connection);
    BOOST_TEST(requests[2].fresh_connection);
    BOOST_TEST(watched.last(event_kind::check_inconclusive).failures == 0);
}

BOOST_AUTO_TEST_CASE(B12_the_repeated_check_counts) {
    virtual_client watched{{.failure_threshold = 1}};
    watched.transport.then(sim::healthy());
    watched.transport.otherwise(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(10s);
    watched.queue.skip(1h);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) == 1U);
    BOOST_TEST(watched.downs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B12_lateness_up_to_the_tolerance_is_not_a_stall) {
    for (const auto& [late, inconclusive] : {std::pair{2000ms, 0U}, std::pair{2001ms, 1U}}) {
        virtual_client watched{};
        watched.transport.then(sim::healthy()).then(sim::failing(errc::timed_out));
        watched.client->start();
        watched.queue.run_for(29s);
        watched.queue.skip(1s + late);
        watched.queue.run_for(0s);
        BOOST_TEST(watched.count(event_kind::check_inconclusive) == inconclusive);
        BOOST_TEST(watched.count(event_kind::check_failed) == 1U - inconclusive);
    }
}

BOOST_AUTO_TEST_CASE(B12_a_success_after_a_stall_counts) {
    virtual_client watched{{.failure_threshold = 1}};
    watched.transport.then(sim::failing(errc::connection_refused)).then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(1s);
    watched.queue.skip(1h);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.ups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B12_a_process_that_was_suspended_during_a_check_does_not_blame_the_server) {
    virtual_client watched{{.failure_threshold = 1}};
    watched.transport.then(sim::silent());
    watched.client->start();
    watched.queue.run_for(1s);
    watched.queue.skip(1h);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) == 1U);
    BOOST_TEST(watched.downs.empty());
}

BOOST_AUTO_TEST_CASE(B9_a_farewell_is_believed_even_after_a_stall) {
    virtual_client watched{};
    watched.transport.then(sim::healthy()).then(sim::stopping());
    watched.client->start();
    watched.queue.run_for(10s);
    watched.queue.skip(1h);
    watched.queue.run_for(0s);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST((watched.downs.front().last_error == errc::stopping));
}

BOOST_AUTO_TEST_CASE(B11_skew_is_measured_against_the_real_clock_even_while_timestamps_run_ahead) {
    virtual_client watched{};
    watched.clock.step_wall(120s);
    watched.client->start();
    watched.queue.run_for(15s);
    watched.clock.step_wall(-120s);
    watched.transport.otherwise(sim::answering(401, "", "Date: Thu, 01 Jan 2026 00:00:30 GMT\r\n"));
    watched.queue.run_for(15s);
    BOOST_TEST(!watched.last(event_kind::check_failed).clock_skew);
    watched.queue.run_for(10s);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST((watched.downs.front().first_failure == sim::virtual_clock::epoch + 30s));
}

BOOST_AUTO_TEST_CASE(B11_a_slow_answer_is_not_taken_for_a_skewed_clock) {
    virtual_client watched{{.timeout = 60s}};
    auto slow = sim::answering(500, "", "Date: Thu, 01 Jan 2026 00:00:40 GMT\r\n");
    slow.latency = 40s;
    watched.transport.then(slow);
    watched.client->start();
    watched.queue.run_for(41s);
    BOOST_TEST(!watched.last(event_kind::check_failed).clock_skew);
}

// Life cycle

BOOST_AUTO_TEST_CASE(B13_starting_twice_starts_one_loop) {
    virtual_client watched{};
    watched.client->start();
    watched.client->start();
    watched.queue.run_for(45s);
    watched.client->start();
    watched.queue.run_for(30s);
    BOOST_TEST(watched.check_times() == (seconds{0, 30, 60}), boost::test_tools::per_element());
    BOOST_TEST(watched.count(event_kind::started) == 1U);
}

BOOST_AUTO_TEST_CASE(B13_start_after_stop_does_nothing) {
    virtual_client watched{};
    watched.client->stop();
    watched.client->start();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.transport.requests().empty());
    BOOST_TEST(watched.events.empty());
    BOOST_TEST(watched.client->stopped());
}

BOOST_AUTO_TEST_CASE(B13_stop_is_idempotent_and_reports_once) {
    virtual_client watched{};
    watched.client->start();
    watched.queue.run_for(1s);
    watched.client->stop();
    watched.client->stop();
    BOOST_TEST(watched.count(event_kind::stopping) == 1U);
    BOOST_TEST(watched.count(event_kind::stopped) == 1U);
    BOOST_TEST((watched.events.back().kind == event_kind::stopped));
}

BOOST_AUTO_TEST_CASE(B14_a_check_in_flight_is_cancelled_and_reported_to_nobody) {
    virtual_client watched{};
    watched.transport.then(sim::silent());
    watched.client->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.transport.in_flight() == 1);
    watched.client->stop();
    const auto reported = watched.events.size();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.transport.in_flight() == 0);
    BOOST_TEST(watched.events.size() == reported);
    BOOST_TEST(watched.count(event_kind::check_failed) == 0U);
    BOOST_TEST(watched.queue.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(B14_stop_from_inside_any_callback_makes_it_the_last) {
    for (const event_kind last :
         {event_kind::started, event_kind::check_started, event_kind::check_failed,
          event_kind::server_down, event_kind::check_succeeded, event_kind::server_up}) {
        virtual_client watched{{.failure_threshold = 1}};
        watched.transport.then(sim::failing(errc::connection_refused));
        std::size_t after = 0;
        watched.client->on_event([&](const event& happened) {
            if (watched.client->stopped())
                ++after;
            else if (happened.kind == last)
                watched.client->stop();
        });
        std::size_t callbacks_after = 0;
        watched.client->on_server_down(
            [&](const outage&) { callbacks_after += watched.client->stopped(); });
        watched.client->on_server_up(
            [&](const outage&) { callbacks_after += watched.client->stopped(); });
        watched.client->start();
        watched.queue.run_for(1h);
        BOOST_TEST(watched.client->stopped());
        BOOST_TEST(after == 0U);
        BOOST_TEST(callbacks_after == 0U);
        BOOST_TEST(watched.transport.in_flight() == 0);
        BOOST_TEST(watched.queue.pending() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(B14_a_client_may_be_destroyed_in_its_own_callbacks) {
    for (const event_kind last :
         {event_kind::started, event_kind::check_started, event_kind::check_failed,
          event_kind::server_down, event_kind::check_succeeded, event_kind::server_up}) {
        virtual_client watched{{.failure_threshold = 1}};
        watched.transport.then(sim::failing(errc::connection_refused));
        const auto witness = std::make_shared<int>(0);
        watched.client->on_event([&watched, last, witness](const event& happened) {
            if (happened.kind == last)
                watched.client.reset();
        });
        watched.client->start();
        watched.queue.run_for(1h);
        BOOST_TEST(!watched.client);
        BOOST_TEST(witness.use_count() == 1);
    }
}

BOOST_AUTO_TEST_CASE(B14_destroying_a_client_stops_it_without_a_word) {
    virtual_client watched{};
    watched.transport.otherwise(sim::silent());
    watched.client->start();
    watched.queue.run_for(1s);
    const auto reported = watched.events.size();
    watched.client.reset();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.events.size() == reported);
    BOOST_TEST(watched.transport.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(B15_stopped_says_so_also_before_a_start) {
    virtual_client watched{};
    BOOST_TEST(!watched.client->stopped());
    watched.client->stop();
    BOOST_TEST(watched.client->stopped());
}

BOOST_AUTO_TEST_CASE(B16_a_callback_that_throws_is_reported_and_polling_goes_on) {
    virtual_client watched{{.failure_threshold = 1}};
    watched.client->on_server_down([](const outage&) { throw std::runtime_error("no disk"); });
    watched.client->on_server_up([](const outage&) { throw 42; });
    watched.transport.then(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.last(event_kind::callback_failed).detail == "no disk");
    watched.queue.run_for(60s);
    BOOST_TEST(watched.count(event_kind::callback_failed) == 2U);
    BOOST_TEST(watched.transport.requests().size() == 3U);
}

BOOST_AUTO_TEST_CASE(B16_an_observer_that_always_throws_does_not_end_the_polling) {
    virtual_client watched{};
    int reported = 0;
    watched.client->on_event([&](const event&) {
        ++reported;
        throw std::runtime_error("always");
    });
    watched.client->start();
    watched.queue.run_for(65s);
    BOOST_TEST(watched.transport.requests().size() == 3U);
    BOOST_TEST(reported ==
               2 * 7); // started, and twice three events, each reported again as callback_failed
}

BOOST_AUTO_TEST_CASE(B16_a_missing_callback_is_no_error) {
    virtual_client watched{{.failure_threshold = 1}};
    watched.client->on_event(std::function<void(const event&)>{});
    watched.client->on_server_down({});
    watched.client->on_server_up({});
    watched.transport.then(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(65s);
    BOOST_TEST(watched.transport.requests().size() == 4U);
}

BOOST_AUTO_TEST_CASE(B16_a_callback_may_replace_itself) {
    virtual_client watched{{.failure_threshold = 1}};
    int first = 0;
    int second = 0;
    watched.client->on_server_down([&](const outage&) {
        ++first;
        watched.client->on_server_down([&](const outage&) { ++second; });
        ++first; // What it captured is still there.
    });
    const auto refused = sim::failing(errc::connection_refused);
    watched.transport.then(refused).then(sim::healthy()).then(refused).then(sim::healthy());
    watched.client->start();
    watched.queue.run_for(5min);
    BOOST_TEST(first == 2);
    BOOST_TEST(second == 1);
}

BOOST_AUTO_TEST_CASE(B17_setting_the_wall_clock_changes_no_schedule) {
    virtual_client watched{};
    watched.client->start();
    watched.queue.run_for(15s);
    watched.clock.step_wall(-24h);
    watched.queue.run_for(30s);
    watched.clock.step_wall(48h);
    watched.queue.run_for(30s);
    BOOST_TEST(watched.check_times() == (seconds{0, 30, 60}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(
    timestamps_are_strictly_increasing_within_a_millisecond_and_when_the_clock_goes_back) {
    virtual_client<constant_backoff, visible_signer> watched{{.interval = 100us}};
    watched.client->start();
    watched.queue.run_for(10ms);
    watched.clock.step_wall(-200s);
    watched.queue.run_for(10ms);
    const auto times = signed_times(watched.transport);
    BOOST_TEST(times.size() > 150U);
    for (std::size_t n = 1; n < times.size(); ++n)
        BOOST_TEST_REQUIRE(times[n] > times[n - 1]);
}

BOOST_AUTO_TEST_CASE(a_wall_clock_set_back_by_more_than_servers_tolerate_is_believed) {
    virtual_client<constant_backoff, visible_signer> watched{{.interval = 1s}};
    watched.client->start();
    watched.queue.run_for(2500ms);
    watched.clock.step_wall(-1h);
    watched.queue.run_for(1s);
    const auto times = signed_times(watched.transport);
    BOOST_TEST_REQUIRE(times.size() == 4U);
    BOOST_TEST(times[3] - times[2] == 1000 - 3'600'000);
}

BOOST_AUTO_TEST_CASE(B18_nothing_of_a_client_is_left_when_it_is_gone_and_the_queue_has_run) {
    const auto witness = std::make_shared<int>(0);
    virtual_client watched{};
    watched.transport.otherwise(sim::silent());
    watched.client->on_server_down([witness](const outage&) {});
    watched.client->start();
    watched.queue.run_for(1s);
    watched.client.reset();
    watched.queue.run_for(0s);
    BOOST_TEST(witness.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_client_without_any_event_reports_no_last_events) {
    virtual_client watched{};
    watched.client->start();
    watched.client->stop();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.events.empty());
    BOOST_TEST(watched.transport.requests().empty());
}

BOOST_AUTO_TEST_CASE(B14_a_client_may_be_destroyed_while_it_says_farewell) {
    virtual_client watched{};
    watched.client->on_event([&](const event& happened) {
        if (happened.kind == event_kind::stopping)
            watched.client.reset();
    });
    watched.client->start();
    watched.queue.run_for(1s);
    watched.client->stop();
    BOOST_TEST(!watched.client);
}

BOOST_AUTO_TEST_CASE(B18_a_callback_that_owns_its_client_is_freed_by_stop) {
    sim::event_queue queue;
    sim::scripted_transport transport{queue};
    using client_type = basic_health_client<sim::scripted_transport, sim::virtual_clock,
                                            unsigned_requests, exponential_backoff>;
    const auto owned =
        std::make_shared<client_type>(transport, sim::virtual_clock{queue}, unsigned_requests{},
                                      exponential_backoff{}, "http://a/");
    owned->on_event([owned](const event&) {});
    owned->start();
    queue.run_for(1s);
    owned->stop();
    BOOST_TEST(owned.use_count() == 1);
}

namespace {

struct failing_signer {
    bool* fails;
    void sign(const request&, wall_time, header_fields&) const {
        if (*fails)
            throw std::runtime_error("no memory");
    }
};

struct counting_observer {
    int reported = 0;
    void on_event(const event&) noexcept { ++reported; }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_policy_that_throws_fails_the_check_and_polling_goes_on) {
    bool fails = true;
    virtual_client<exponential_backoff, failing_signer> watched{{}, {}, failing_signer{&fails}};
    watched.client->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.last(event_kind::callback_failed).detail == "no memory");
    BOOST_TEST((watched.last(event_kind::check_failed).error == errc::unreachable));
    fails = false;
    watched.queue.run_for(30s);
    BOOST_TEST((watched.client->status() == target_status::up));
}

BOOST_AUTO_TEST_CASE(B16_a_failure_of_a_policy_or_a_callback_has_no_check) {
    bool fails = false;
    virtual_client<exponential_backoff, failing_signer> watched{{}, {}, failing_signer{&fails}};
    int failures = 0;
    bool callback_fails = false;
    watched.client->on_event([&](const event& happened) {
        if (happened.kind == event_kind::callback_failed) {
            BOOST_TEST((happened.check == nullptr));
            BOOST_TEST(happened.path.empty());
            ++failures;
        } else if (callback_fails && happened.check != nullptr) {
            throw std::runtime_error("no disk");
        }
    });
    watched.client->start();
    watched.queue.run_for(1s); // A verdict was reported before.
    fails = true;
    watched.queue.run_for(31s);
    BOOST_TEST(failures >= 1);
    failures = 0;
    fails = false;
    callback_fails = true;
    watched.queue.run_for(1min);
    BOOST_TEST(failures >= 1);
}

BOOST_AUTO_TEST_CASE(an_observer_is_moved_in_or_left_where_it_is) {
    virtual_client watched{};
    counting_observer mine;
    watched.client->on_event(std::ref(mine));
    watched.client->start();
    watched.queue.run_for(1s);
    BOOST_TEST(mine.reported == 3);
    watched.client->on_event(counting_observer{});
    watched.queue.run_for(60s);
    BOOST_TEST(mine.reported == 3);
}

BOOST_AUTO_TEST_CASE(B3_a_backoff_that_returns_centuries_neither_overflows_nor_spins) {
    virtual_client watched{
        {}, {.initial = duration::max(), .maximum = duration::max(), .may_exceed_interval = true}};
    watched.transport.otherwise(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(24h * 365);
    BOOST_TEST(watched.transport.requests().size() == 1U);
    watched.queue.run_for(24h * 2);
    BOOST_TEST(watched.transport.requests().size() == 2U);
}

// Construction

BOOST_AUTO_TEST_CASE(a_client_on_invalid_options_reports_the_member_at_fault) {
    const auto build = [](options settings) {
        return code_of<std::system_error>([&] { virtual_client{settings}; });
    };
    BOOST_TEST((build({}) == std::error_code{}));
    BOOST_TEST((build({.interval = 0s}) == errc::invalid_interval));
    BOOST_TEST((build({.timeout = -1s}) == errc::invalid_timeout));
    BOOST_TEST((build({.failure_threshold = 0}) == errc::invalid_failure_threshold));
    BOOST_TEST((build({.success_threshold = 0}) == errc::invalid_success_threshold));
    BOOST_TEST((build({.interval_jitter = 0.51}) == errc::invalid_interval_jitter));
    BOOST_TEST((build({.interval = 0s}) == condition::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_backoff_that_does_not_wait_is_refused) {
    const auto code = code_of<std::system_error>(
        [] { virtual_client<exponential_backoff>{{}, exponential_backoff{.initial = 0s}}; });
    BOOST_TEST((code == errc::invalid_backoff));
}

BOOST_AUTO_TEST_CASE(a_bad_url_is_refused) {
    sim::event_queue queue;
    const auto code = code_of<std::system_error>([&] {
        basic_health_client{sim::scripted_transport{queue}, sim::virtual_clock{queue},
                            unsigned_requests{}, exponential_backoff{}, "ftp://a/"};
    });
    BOOST_TEST((code == errc::url_scheme_unsupported));
}

BOOST_AUTO_TEST_CASE(stopping_one_client_leaves_another_on_the_same_clock_alone) {
    sim::event_queue queue;
    const sim::virtual_clock clock{queue};
    sim::scripted_transport of_first{queue};
    sim::scripted_transport of_second{queue};
    basic_health_client first{of_first, clock, unsigned_requests{}, exponential_backoff{},
                              "http://a/"};
    basic_health_client second{of_second, clock, unsigned_requests{}, exponential_backoff{},
                               "http://b/"};
    first.start();
    second.start();
    queue.run_for(45s);
    first.stop();
    queue.run_for(45s);
    BOOST_TEST(of_first.requests().size() == 2U);
    BOOST_TEST(of_second.requests().size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_client_can_be_moved_while_it_polls) {
    virtual_client watched{};
    watched.client->start();
    watched.queue.run_for(1s);
    auto moved = std::move(*watched.client);
    watched.client.reset();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.transport.requests().size() == 3U);
    moved.stop();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.transport.requests().size() == 3U);
}

// A script runs again and again, and fails at another step each time: down and up always alternate
// and have the same id.
BOOST_AUTO_TEST_CASE(B7_B8_a_script_that_fails_at_any_step_reports_each_outage_once) {
    constexpr std::size_t steps = 12;
    for (std::size_t failing_from = 0; failing_from < steps; ++failing_from)
        for (std::size_t failures = 1; failures + failing_from <= steps; ++failures) {
            virtual_client watched{{.failure_threshold = 3}};
            watched.transport.then(sim::healthy(), failing_from)
                .then(sim::failing(errc::connection_lost), failures);
            watched.client->start();
            watched.queue.run_for(30min);
            const std::size_t expected = failures >= 3 ? 1 : 0;
            BOOST_TEST(watched.downs.size() == expected);
            BOOST_TEST(watched.ups.size() == expected);
        }
}

BOOST_AUTO_TEST_SUITE_END()
