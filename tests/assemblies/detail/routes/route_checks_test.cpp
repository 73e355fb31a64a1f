// SPDX-License-Identifier: BSL-1.0

// B28 as a value: which check runs when, who has to wait, and what the answer is.

#include <forest/detail/routes/route_checks.hpp>

#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/route_check.hpp>
#include <forest/core/time.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

constexpr steady_time begin{1h};
constexpr wall_time noon{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h};

struct checks_of_a_route {
    detail::route_checks checks;

    void add(std::string name, check_options options = {}) {
        BOOST_REQUIRE(!checks.add(std::move(name), options));
    }

    // Begins a run whose function returns at once.
    std::optional<detail::check_run> start(std::size_t check, duration at) {
        const auto run = checks.begin(check, begin + at);
        if (run)
            checks.returned(*run);
        return run;
    }

    void finish(const std::optional<detail::check_run>& run, check_result result, duration at) {
        BOOST_REQUIRE(run.has_value());
        checks.finish(*run, std::move(result), begin + at, noon + 1s);
    }

    [[nodiscard]] bool waits(duration at) const {
        return checks.waits_until(checks.last_run(), begin + at).has_value();
    }

    [[nodiscard]] check_status status(duration at) const { return checks.status(begin + at); }

    [[nodiscard]] std::string document(duration at) const {
        return checks.document(true, "1", begin + at, noon);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(route_checks_test)

BOOST_AUTO_TEST_CASE(B28_a_name_is_not_empty_not_endless_and_used_once) {
    detail::route_checks checks;
    BOOST_TEST(!checks.add("db", {}));
    BOOST_TEST((checks.add("db", {}) == errc::check_name_invalid));
    BOOST_TEST((checks.add("", {}) == errc::check_name_invalid));
    BOOST_TEST(!checks.add(std::string(128, 'x'), {}));
    BOOST_TEST((checks.add(std::string(129, 'x'), {}) == errc::check_name_invalid));
    BOOST_TEST(!checks.add("DB", {}));
    BOOST_TEST(checks.size() == 3U);
}

BOOST_AUTO_TEST_CASE(B28_options_out_of_their_range_are_named) {
    detail::route_checks checks;
    constexpr duration max = options::duration_max;
    for (const duration deadline : {duration{0}, duration{-1s}, max + 1ns})
        BOOST_TEST((checks.add("a", {.deadline = deadline}) == errc::invalid_check_deadline));
    for (const duration cache_for : {duration{-1ns}, max + 1ns})
        BOOST_TEST((checks.add("a", {.cache_for = cache_for}) == errc::invalid_check_cache_for));
    BOOST_TEST(checks.size() == 0U);
    BOOST_TEST(!checks.add("a", {.deadline = 1ns, .cache_for = 0s}));
    BOOST_TEST(!checks.add("b", {.deadline = max, .cache_for = max}));
}

BOOST_AUTO_TEST_CASE(B28_without_a_check_everything_passes_and_nobody_waits) {
    const checks_of_a_route route;
    BOOST_TEST((route.status(0s) == check_status::pass));
    BOOST_TEST(!route.waits(0s));
    BOOST_TEST(route.document(0s) == R"({"status":"pass","version":"1","checks":{}})");
}

BOOST_AUTO_TEST_CASE(B28_a_check_without_a_result_fails) {
    checks_of_a_route route;
    route.add("db");
    BOOST_TEST((route.status(0s) == check_status::fail));
    BOOST_TEST(
        route.document(0s) ==
        R"({"status":"fail","version":"1","checks":{"db":[{"status":"fail","output":"no result yet"}]}})");
}

BOOST_AUTO_TEST_CASE(B28_a_result_is_used_for_its_time_and_then_the_check_runs_again) {
    checks_of_a_route route;
    route.add("db", {.cache_for = 10s});
    const auto first = route.start(0, 0s);
    BOOST_TEST(!route.start(0, 1s).has_value());
    route.finish(first, true, 1s);
    BOOST_TEST(!route.start(0, 11s - 1ns).has_value());
    const auto second = route.start(0, 11s);
    BOOST_TEST(second.has_value());
    BOOST_TEST((route.status(12s) == check_status::pass)); // the last result
    route.finish(second, false, 12s);
    BOOST_TEST((route.status(12s) == check_status::fail));
}

BOOST_AUTO_TEST_CASE(B28_with_a_cache_of_0_each_request_runs_the_check) {
    checks_of_a_route route;
    route.add("db", {.cache_for = 0s});
    for (int round = 0; round < 3; ++round) {
        const auto run = route.start(0, 0s);
        BOOST_TEST(!route.start(0, 0s).has_value());
        route.finish(run, true, 0s);
    }
}

BOOST_AUTO_TEST_CASE(B28_a_check_does_not_run_again_while_its_function_has_not_returned) {
    checks_of_a_route route;
    route.add("db", {.cache_for = 0s});
    const auto run = route.checks.begin(0, begin);
    route.finish(run, true, 0s);
    BOOST_TEST(!route.checks.begin(0, begin + 1h).has_value());
    route.checks.returned(*run);
    BOOST_TEST(route.checks.begin(0, begin + 1h).has_value());
}

BOOST_AUTO_TEST_CASE(B28_a_run_beyond_its_deadline_fails_until_its_result_comes) {
    checks_of_a_route route;
    route.add("db", {.deadline = 2s});
    route.finish(route.start(0, 0s), true, 0s);
    const auto run = route.start(0, 20s);
    BOOST_TEST(route.waits(22s - 1ns));
    BOOST_TEST((route.status(22s - 1ns) == check_status::pass));
    BOOST_TEST(!route.waits(22s));
    BOOST_TEST((route.status(22s) == check_status::fail));
    BOOST_TEST(
        route.document(25s) ==
        R"({"status":"fail","version":"1","checks":{"db":[{"status":"fail","observedValue":5000,"observedUnit":"ms",)"
        R"("time":"2026-01-01T12:00:00.000Z","output":"no result within 2 s"}]}})");
    BOOST_TEST(!route.start(0, 1h).has_value()); // never twice at a time
    route.finish(run, check_result::warn("late"), 1h);
    BOOST_TEST((route.status(1h) == check_status::warn));
}

BOOST_DATA_TEST_CASE(B28_the_deadline_is_in_the_text, data::make({0, 1, 2}), index) {
    const std::vector<std::pair<duration, std::string>> spans{
        {90s, "90 s"}, {250ms, "250 ms"}, {1500us, "1500000 ns"}};
    checks_of_a_route route;
    route.add("db", {.deadline = spans[static_cast<std::size_t>(index)].first});
    route.start(0, 0s);
    BOOST_TEST(route.document(1h).find("\"output\":\"no result within " +
                                       spans[static_cast<std::size_t>(index)].second + "\"") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(B28_only_the_first_result_of_a_run_counts) {
    checks_of_a_route route;
    route.add("db", {.cache_for = 0s});
    const auto first = route.start(0, 0s);
    route.finish(first, true, 1s);
    route.finish(first, false, 2s);
    BOOST_TEST((route.status(2s) == check_status::pass));
    const auto second = route.start(0, 3s);
    route.finish(first, false, 4s); // of a run that has ended
    BOOST_TEST(route.waits(4s));
    route.finish(second, check_result::warn("x"), 4s);
    BOOST_TEST((route.status(4s) == check_status::warn));
}

BOOST_AUTO_TEST_CASE(B28_a_request_waits_for_the_runs_that_had_begun_and_for_no_later_one) {
    checks_of_a_route route;
    route.add("a", {.deadline = 2s});
    route.add("b", {.deadline = 5s});
    const auto a = route.start(0, 0s);
    const auto last = route.checks.last_run();
    BOOST_TEST((route.checks.waits_until(last, begin) == begin + 2s));
    route.start(1, 1s);
    BOOST_TEST((route.checks.waits_until(last, begin + 1s) == begin + 2s));
    BOOST_TEST((route.checks.waits_until(route.checks.last_run(), begin + 1s) == begin + 6s));
    route.finish(a, true, 1s);
    BOOST_TEST(!route.checks.waits_until(last, begin + 1s).has_value());
    BOOST_TEST(route.waits(1s));
}

BOOST_AUTO_TEST_CASE(B28_the_worst_result_is_the_status) {
    checks_of_a_route route;
    for (const char* name : {"a", "b", "c"})
        route.add(name, {.cache_for = 0s});
    using enum check_status;
    for (const check_status b : {pass, warn, fail}) {
        for (const check_status c : {pass, warn, fail}) {
            route.finish(route.start(0, 0s), true, 0s);
            route.finish(route.start(1, 0s), check_result{b, {}}, 0s);
            route.finish(route.start(2, 0s), check_result{c, {}}, 0s);
            BOOST_TEST((route.status(0s) == std::max(b, c)));
        }
    }
}

BOOST_AUTO_TEST_CASE(B28_the_document_has_what_each_check_has_found) {
    checks_of_a_route route;
    route.add("db:responseTime");
    route.add("a \"queue\"");
    const auto db = route.start(0, 0s);
    const auto queue = route.start(1, 0s);
    route.finish(db, true, 12ms);
    route.finish(queue, check_result::warn("900 of\n1000"), 1500ms);
    BOOST_TEST(
        route.document(2s) ==
        R"({"status":"warn","version":"1","checks":{)"
        R"("db:responseTime":[{"status":"pass","observedValue":12,"observedUnit":"ms","time":"2026-01-01T12:00:01.000Z"}],)"
        R"("a \"queue\"":[{"status":"warn","observedValue":1500,"observedUnit":"ms","time":"2026-01-01T12:00:01.000Z","output":"900 of\n1000"}]}})");
    BOOST_TEST(route.checks.document(false, "1", begin, noon)
                   .starts_with(R"({"status":"fail","version":"1","output":")"));
}

BOOST_AUTO_TEST_CASE(B28_a_long_text_is_cut_between_two_characters) {
    checks_of_a_route route;
    route.add("db", {.cache_for = 0s});
    route.finish(route.start(0, 0s), check_result::fail(std::string(5000, 'x')), 0s);
    BOOST_TEST(route.document(0s).find('"' + std::string(1024, 'x') + '"') != std::string::npos);
    std::string text(1023, 'x');
    for (int count = 0; count < 100; ++count)
        text += "\xc3\xa4";
    route.finish(route.start(0, 0s), check_result::fail(text), 0s);
    BOOST_TEST(route.document(0s).find('"' + std::string(1023, 'x') + '"') != std::string::npos);
    route.finish(route.start(0, 0s), check_result::fail(std::string(2000, '\x80')), 0s);
    BOOST_TEST(route.document(0s).find("output") != std::string::npos); // no UTF-8 at all
}

BOOST_AUTO_TEST_SUITE_END()
