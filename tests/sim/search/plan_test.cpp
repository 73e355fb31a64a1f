// SPDX-License-Identifier: BSL-1.0

// Plans: run, drawn, written down, shortened, and compared.

#include <sim/search/broken_clients.hpp>

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/plan_code.hpp>
#include <forest/sim/search/plan_runner.hpp>
#include <forest/sim/search/shrink.hpp>
#include <forest/sim/search/swarm.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/trace/violation.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace forest;

// A variable whose name a script uses.
struct calling_twice_worlds : broken::with_client<broken::calling_twice> {};

namespace {

sim::fault_kinds only(sim::fault_kind kind) {
    return sim::fault_kinds{}.set(static_cast<std::size_t>(kind));
}

std::size_t index_of(sim::fault_kind kind) {
    return static_cast<std::size_t>(kind);
}

// The fault that is left after shrinking while `holds` is true of a fault of the plan.
template <typename Holds>
sim::fault shrunk_fault(const sim::fault& from, Holds holds) {
    const sim::plan shrunk = sim::shrink({.faults = {from}}, [&](const sim::plan& candidate) {
        return candidate.faults.size() == 1 && holds(candidate.faults.front());
    });
    return shrunk.faults.front();
}

} // namespace

BOOST_AUTO_TEST_SUITE(plan_test)

BOOST_AUTO_TEST_CASE(a_run_keeps_the_lines_that_it_was_asked_to_keep) {
    const sim::outcome ended = sim::plan_runner<>{}.run({.length = 1min}, sim::trace{5});
    BOOST_TEST(ended.lines.lines().size() == 5U);
    BOOST_TEST(ended.lines.digest() == ended.digest);
    BOOST_TEST(ended.lines.count() > 10U);
}

// The text and the code are the same tokens, so this runs exactly the code that was printed.
#define SAME(...)                                                                                  \
    __VA_ARGS__                                                                                    \
    const std::string pasted = #__VA_ARGS__

BOOST_AUTO_TEST_CASE(a_test_that_was_written_down_breaks_the_same_rule_when_it_is_run) {
    sim::plan drawn{.seed = 7, .servers = 2, .length = 5min};
    drawn.clients.front().settings.interval_jitter = 1.0 / 3;
    drawn.clients.push_back(
        {.server = 1, .settings = {.interval = 10s}, .usual = {.typical = 1ms, .least = 20ms}});
    drawn.faults = {{.kind = sim::fault_kind::crash, .at = 75s, .lasting = 1min, .server = 1},
                    {.kind = sim::fault_kind::delay,
                     .lasting = 10s,
                     .every = 100s,
                     .client = 0,
                     .span = 20ms,
                     .shape = sim::latency::shape::uniform,
                     .least = 3ms}};
    const sim::plan_runner<calling_twice_worlds> runner;
    const sim::outcome before = runner.run(drawn);
    BOOST_TEST_REQUIRE(before.broken.has_value());

    // clang-format off
    SAME(forest::sim::plan what{.seed = 7U, .servers = 2, .length = 300s};
what.clients.front() = {.settings = {.interval_jitter = 0.3333333333333333}};
what.clients.push_back({.server = 1, .settings = {.interval = 10s}, .usual = forest::sim::constant(1ms, 20ms)});
what.faults.push_back({.kind = forest::sim::fault_kind::crash, .at = 75s, .lasting = 60s, .server = 1});
what.faults.push_back({.kind = forest::sim::fault_kind::delay, .lasting = 10s, .every = 100s, .client = 0, .span = 20ms, .shape = forest::sim::latency::shape::uniform, .least = 3ms});
const auto pasted_check = [&] { forest::sim::require_unbroken(forest::sim::plan_runner<calling_twice_worlds>{}.run(what).broken); };);
    // clang-format on
    BOOST_CHECK_THROW(pasted_check(), forest::sim::rule_broken);
    std::string written =
        to_test(drawn, "forest::sim::plan_runner<calling_twice_worlds>{}.run(what).broken");
    std::replace(written.begin(), written.end(), '\n', ' ');
    // Only the calls that the test needs were added.
    const std::string call = written.substr(written.find("forest::sim::require_unbroken("));
    written.replace(written.find(call), call.size(),
                    "const auto pasted_check = [&] { " + call + "};");
    BOOST_TEST(written == pasted);
    BOOST_TEST(runner.run(what).digest == before.digest);
}

BOOST_AUTO_TEST_CASE(numbers_are_written_alike_in_every_locale) {
    const std::string written = sim::to_code(options{.interval_jitter = 0.1});
    BOOST_TEST(written == "{.interval_jitter = 0.1}");
    const std::string before = std::setlocale(LC_ALL, nullptr);
    if (std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr)
        BOOST_TEST(sim::to_code(options{.interval_jitter = 0.1}) == written);
    std::setlocale(LC_ALL, before.c_str());
}

BOOST_AUTO_TEST_CASE(a_failure_names_the_worlds_in_which_it_happens) {
    const sim::swarm_report found = sim::swarm<calling_twice_worlds>({.length = 10min}, {});
    BOOST_TEST_REQUIRE(found.failure.has_value());
    BOOST_TEST(found.failure->check ==
               "forest::sim::plan_runner<calling_twice_worlds>{}.run(what).broken");
    BOOST_TEST(to_string(*found.failure)
                   .ends_with("forest::sim::require_unbroken(forest::sim::plan_runner<calling_"
                              "twice_worlds>{}.run(what).broken);\n"));
}

// Time and text are not those of the long run that was shortened.
BOOST_AUTO_TEST_CASE(text_and_time_of_a_failure_are_those_of_its_test) {
    const sim::swarm_report found = sim::swarm<calling_twice_worlds>({.length = 10min}, {});
    BOOST_TEST_REQUIRE(found.failure.has_value());
    const auto again = sim::plan_runner<calling_twice_worlds>{}.run(found.failure->shrunk).broken;
    BOOST_TEST_REQUIRE(again.has_value());
    BOOST_TEST(to_string(found.failure->broken) == to_string(*again));
    BOOST_TEST(to_string(*found.failure)
                   .starts_with("seed " + std::to_string(found.failure->seed) +
                                " breaks B7; shortened: " + to_string(*again) +
                                "\nforest::sim::plan what{"));
    // Also if no shrinking is allowed.
    const sim::swarm_report whole =
        sim::swarm<calling_twice_worlds>({.length = 10min}, {}, {.shrinking = {.runs_max = 0}});
    BOOST_TEST_REQUIRE(whole.failure.has_value());
    BOOST_TEST(to_string(whole.failure->broken) ==
               to_string(*sim::plan_runner<calling_twice_worlds>{}
                              .run(sim::draw(whole.failure->seed, {.length = 10min}))
                              .broken));
}

BOOST_AUTO_TEST_CASE(a_violation_without_a_client_names_none) {
    BOOST_TEST(to_string(sim::violation{"B7", "twice", 75s, "client0"}) ==
               "B7 (client0 at 75s): twice");
    BOOST_TEST(to_string(sim::violation{"one is up", "both are down", 1500ms}) ==
               "one is up (at 1500ms): both are down");
    BOOST_CHECK_NO_THROW(sim::require_unbroken(std::nullopt));
}

BOOST_AUTO_TEST_CASE(a_client_that_takes_longer_than_a_given_bound_is_reported) {
    const sim::draw_options crashes{
        .kinds = only(sim::fault_kind::crash), .length = 5min, .random_options = false};
    BOOST_TEST(!sim::swarm<>(crashes, {1, 50}).failure.has_value());
    BOOST_TEST(!sim::swarm<>(crashes, {1, 50}, {.recovery = 1min}).failure.has_value());
    const sim::swarm_report found = sim::swarm<>(crashes, {1, 50}, {.recovery = 5s});
    BOOST_TEST_REQUIRE(found.failure.has_value());
    BOOST_TEST(found.failure->broken.rule == "liveness");
    BOOST_TEST(found.failure->check == "forest::sim::plan_runner<>{5s}.run(what).broken");
    BOOST_TEST(sim::plan_runner<>{5s}.run(found.failure->shrunk).broken->rule == "liveness");
}

BOOST_AUTO_TEST_CASE(a_scenario_of_ones_own_is_drawn_and_shrunk_like_all_others) {
    int worlds = 0;
    const auto no_two_down = [&](const sim::plan& what) -> std::optional<sim::violation> {
        ++worlds;
        sim::world world{what.seed};
        auto& east = world.add_client(world.add_server("east"));
        auto& west = world.add_client(world.add_server("west"));
        world.play(what.faults);
        const auto both_down = [&] {
            return east.status() == target_status::down && west.status() == target_status::down;
        };
        if (!world.run_until(both_down, what.length))
            return std::nullopt;
        return sim::violation{"one is up", "both are down", world.now()};
    };
    const sim::swarm_report found = sim::swarm(
        sim::scenario{sim::draw_options{.servers_max = 2, .clients_max = 2}, no_two_down}, {1, 200},
        {.shrinking = {.runs_max = 500}});
    BOOST_TEST_REQUIRE(found.failure.has_value());
    BOOST_TEST(found.failure->broken.rule == "one is up");
    BOOST_TEST(found.failure->shrunk.faults.size() == 2U);
    const std::string printed = to_string(*found.failure);
    BOOST_TEST(printed.ends_with("forest::sim::require_unbroken(scenario(what));\n"));
    BOOST_TEST(printed.find("what.clients") == std::string::npos, printed);
    BOOST_TEST(worlds <= 200 + 500);
    const auto again = no_two_down(found.failure->shrunk);
    BOOST_TEST_REQUIRE(again.has_value());
    BOOST_TEST((again->at == found.failure->broken.at));

    // With the names of the test, and without what the scenario does not use.
    const sim::swarm_report named =
        sim::swarm(sim::scenario{sim::draw_options{}, no_two_down, "no_two_down",
                                 sim::script_names{.servers = {"east", "west"},
                                                   .clients = {"to_east", "to_west"}}},
                   {1, 200}, {.shrinking = {.runs_max = 500}});
    BOOST_TEST_REQUIRE(named.failure.has_value());
    const std::string text = to_string(*named.failure);
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST(text.ends_with("\nforest::sim::require_unbroken(no_two_down(what));\n"));
        BOOST_TEST(text.find("shortened: one is up (at ") != std::string::npos);
        BOOST_TEST(text.find("\n// world.") != std::string::npos);
        BOOST_TEST((text.find("(east") != std::string::npos ||
                    text.find("(to_east") != std::string::npos));
        BOOST_TEST((text.find("(west") != std::string::npos ||
                    text.find("(to_west") != std::string::npos));
        for (const char* const other :
             {"server0", "server1", "client0", "client1", "what.clients", ".servers ="})
            BOOST_TEST(text.find(other) == std::string::npos, other);
    }
    BOOST_TEST(no_two_down(named.failure->shrunk).has_value());
}

struct never_slow {
    std::optional<sim::violation> operator()(const sim::plan& what) const {
        for (const sim::fault& each : what.faults) {
            if (each.kind == sim::fault_kind::slow && what.clients.at(0).settings.timeout < 2s)
                return sim::violation{"never slow", "it was slow", each.at};
        }
        return std::nullopt;
    }
};

// A scenario that uses the clients of the plan is printed with them.
BOOST_AUTO_TEST_CASE(a_scenario_keeps_what_it_needs_of_a_plan) {
    const sim::swarm_report found =
        sim::swarm(sim::scenario{sim::draw_options{}, never_slow{}}, {1, 200});
    BOOST_TEST_REQUIRE(found.failure.has_value());
    const std::string text = to_string(*found.failure);
    BOOST_TEST(text.find("what.clients.front() = {.settings = {.timeout = ") != std::string::npos,
               text);
    BOOST_TEST(text.ends_with("never_slow{}(what));\n"), text);
}

BOOST_AUTO_TEST_CASE(shrinking_makes_amounts_repetitions_and_negative_spans_plainer) {
    const sim::fault drawn{.kind = sim::fault_kind::loss,
                           .at = 1234567ms,
                           .lasting = 98765ms,
                           .every = 123456ms,
                           .span = -123456ms,
                           .amount = -98765};
    const sim::fault plain = shrunk_fault(drawn, [](const sim::fault&) { return true; });
    BOOST_TEST((plain.every == 0s));
    BOOST_TEST(plain.amount == -1);
    BOOST_TEST((plain.span == -1ms));
    const sim::fault needed = shrunk_fault(drawn, [](const sim::fault& each) {
        return each.every > 70s && each.span < -70s && each.amount < -12'000;
    });
    BOOST_TEST((needed.every == 2min));
    BOOST_TEST((needed.span == -2min));
    BOOST_TEST(needed.amount == -20'000);
}

BOOST_AUTO_TEST_CASE(shrinking_does_not_run_more_checks_than_it_may) {
    sim::plan year{.length = 365 * 24h}; // a million checks
    year.faults.resize(12);
    int runs = 0;
    (void)sim::shrink(year, [&](const sim::plan&) {
        ++runs;
        return false;
    });
    BOOST_TEST(runs == 5);
}

BOOST_AUTO_TEST_CASE(kinds_are_drawn_by_their_weights) {
    sim::draw_options settings{.faults_max = 20};
    settings.weights.fill(0);
    settings.weights[index_of(sim::fault_kind::crash)] = 3;
    settings.weights[index_of(sim::fault_kind::freeze)] = 1;
    std::array<int, sim::fault_kind_count> counts{};
    int all = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        for (const sim::fault& each : sim::draw(seed, settings).faults) {
            ++counts[index_of(each.kind)];
            ++all;
        }
    }
    const int crashes = counts[index_of(sim::fault_kind::crash)];
    BOOST_TEST(all > 1500);
    BOOST_TEST(crashes + counts[index_of(sim::fault_kind::freeze)] == all);
    BOOST_TEST(crashes > all * 7 / 10);
    BOOST_TEST(crashes < all * 8 / 10);

    settings.weights.fill(0);
    BOOST_TEST(sim::draw(1, settings).faults.empty());
    BOOST_TEST(sim::draw(1, {.servers_max = 0, .clients_max = 0}).clients.size() == 1U);
}

BOOST_AUTO_TEST_CASE(repetitions_and_swizzles_are_drawn_when_asked_for) {
    std::size_t repeated = 0;
    std::size_t clogs = 0;
    std::size_t all = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        for (const sim::fault& each : sim::draw(seed, {.repeated_percent = 50}).faults) {
            repeated += each.every > 0s ? 1 : 0;
            BOOST_TEST((each.every == 0s || each.every > each.lasting));
            ++all;
        }
        for (const sim::fault& each :
             sim::draw(seed, {.servers_max = 1, .clients_max = 4, .swizzled_percent = 100})
                 .faults) {
            BOOST_TEST((each.kind == sim::fault_kind::clog));
            BOOST_TEST(each.client != sim::fault::everyone);
            ++clogs;
        }
    }
    BOOST_TEST(repeated > all / 3);
    BOOST_TEST(repeated < all * 2 / 3);
    BOOST_TEST(clogs > 50U);
}

BOOST_AUTO_TEST_CASE(the_sum_of_many_centuries_does_not_overflow) {
    const sim::swarm_report all = sim::swarm<>({.servers_max = 1,
                                                .clients_max = 1,
                                                .faults_max = 0,
                                                .length = 100 * 365 * 24h,
                                                .random_options = false},
                                               {1, 0});
    BOOST_TEST((all.simulated == 0s));
    const auto century = [](const sim::plan&) { return sim::outcome{.simulated = 876'000h}; };
    BOOST_TEST((sim::swarm(sim::scenario{sim::draw_options{}, century}, {1, 4}).simulated ==
                duration::max()));
}

BOOST_AUTO_TEST_SUITE_END()
