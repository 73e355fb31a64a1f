// SPDX-License-Identifier: BSL-1.0

// The swarm finds no violation by the real client, and each bug that is planted into it.

#include <sim/search/broken_clients.hpp>
#include <sim/search/broken_gets.hpp>

#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/shrink.hpp>
#include <forest/sim/search/swarm.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

sim::draw_options everything_in(duration length) {
    sim::draw_options settings{.length = length};
    settings.kinds.set();
    return settings;
}

struct planted {
    const char* bug;
    std::vector<std::string> rules; // any of which may be the one that is seen to be broken
    std::function<sim::swarm_report()> hunt;
};

std::ostream& operator<<(std::ostream& out, const planted& row) {
    return out << row.bug;
}

template <typename Policies>
std::function<sim::swarm_report()> in_worlds_of(std::uint64_t first = 1) {
    return [first] {
        return sim::swarm<Policies>(everything_in(20min), {.first = first, .count = 400});
    };
}

template <typename Machine>
std::function<sim::swarm_report()> driving(std::uint64_t first = 1) {
    return in_worlds_of<broken::with_machine<Machine>>(first);
}

// The twelve bugs of the battery, and some more that are easy to write by mistake.
const std::vector<planted> bugs{
    {"threshold off by one: early", {"B7"}, driving<broken::down_one_early>()},
    {"threshold off by one: late", {"B7", "B4"}, driving<broken::down_one_late>()},
    {"recovery threshold off by one", {"B8"}, driving<broken::up_one_early>()},
    {"counter not reset", {"B6"}, driving<broken::counter_not_reset>()},
    {"callback twice", {"B7"}, in_worlds_of<broken::with_client<broken::calling_twice>>()},
    {"event twice", {"B7"}, driving<broken::down_reported_twice>()},
    {"callback after stop",
     {"B14", "end"},
     in_worlds_of<broken::with_client<broken::stopping_late>>()},
    {"two checks in flight", {"B2"}, in_worlds_of<broken::with_client<broken::checking_twice>>()},
    // The worlds of the first seeds need two servers or two clients for it, which are seven lines.
    {"backoff not reset", {"B1", "B4"}, driving<broken::backoff_not_reset>(13)},
    {"stall counted", {"B12", "B1"}, driving<broken::stall_counted>()},
    {"interval drifting", {"B1"}, driving<broken::interval_drifts>()},
    {"wall clock used for intervals",
     {"B1", "B12", "liveness"},
     in_worlds_of<broken::with_client<broken::driven_by_the_wall>>()},
    {"outage id reused", {"B7"}, driving<broken::outage_id_reused>()},
    {"recovery without outage", {"B8"}, driving<broken::recovery_without_outage>()},
    {"cancelled check reported",
     {"B14"},
     in_worlds_of<broken::with_client<broken::reporting_cancelled>>()},
    {"attempt not reset", {"B10"}, driving<broken::attempt_not_reset>()},
    {"always up", {"truth", "B4"}, in_worlds_of<broken::with_client<broken::always_up>>()},
    {"down never called", {"B7"}, in_worlds_of<broken::with_client<broken::mute_down>>()},
    {"up never called", {"B8"}, in_worlds_of<broken::with_client<broken::mute_up>>()},
    {"polling no more", {"B1", "B4"}, in_worlds_of<broken::with_client<broken::giving_up>>()},
};

// In short worlds, faults meet a GET more often.
template <typename Policies>
std::function<sim::swarm_report()> in_short_worlds_of() {
    return [] { return sim::swarm<Policies>(everything_in(3min), {.first = 1, .count = 400}); };
}

template <typename Get>
std::function<sim::swarm_report()> getting() {
    return in_short_worlds_of<broken::with_get<Get>>();
}

// Bugs in one GET.
const std::vector<planted> bugs_of_gets{
    {"kept connection used twice", {"one GET"}, getting<broken::kept_used_twice>()},
    {"retry of a request that may have been served", {"signature"}, getting<broken::retrying>()},
    {"deadline not shared among addresses",
     {"deadline", "address order"},
     getting<broken::deadline_each>()},
    {"late wake-up ignored",
     {"B12"},
     in_short_worlds_of<broken::with_machine<broken::late_ignored>>()},
    {"look-up that outlives its client", {"end"}, getting<broken::never_leaving>()},
    {"address order frozen", {"address order"}, getting<broken::frozen_order>()},
    {"half-open kept for ever", {"place", "dead connection"}, getting<broken::keeping_dead>()},
    {"answer of an old GET", {"old answer"}, getting<broken::answering_old>()},
    {"handler twice", {"one answer"}, getting<broken::handler_twice>()},
    {"place not given back", {"place"}, getting<broken::leaking>()},
};

} // namespace

BOOST_AUTO_TEST_SUITE(swarm_test)

BOOST_AUTO_TEST_CASE(the_real_client_breaks_no_rule_in_any_world) {
    const sim::swarm_report report = sim::swarm(everything_in(10min), {.first = 1, .count = 300});
    std::printf("swarm: %llu worlds, %llu checks, %llu outages reported\n",
                static_cast<unsigned long long>(report.runs),
                static_cast<unsigned long long>(report.checks),
                static_cast<unsigned long long>(report.outages));
    BOOST_TEST(!report.failure, (report.failure ? to_string(*report.failure) : ""));
    BOOST_TEST(report.runs == 300U);
    BOOST_TEST(report.outages > 100U);
}

BOOST_DATA_TEST_CASE(each_planted_bug_is_found_and_its_script_is_short,
                     data::make(bugs) + data::make(bugs_of_gets), row) {
    const auto began = std::chrono::steady_clock::now();
    const sim::swarm_report report = row.hunt();
    std::printf("%s: found and shortened in %.1f s, by seed %llu\n", row.bug,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
                static_cast<unsigned long long>(report.failure ? report.failure->seed : 0));
    BOOST_TEST_REQUIRE(report.failure.has_value());
    const sim::swarm_failure& failed = *report.failure;
    BOOST_TEST_CONTEXT(to_string(failed)) {
        BOOST_TEST(std::count(row.rules.begin(), row.rules.end(), failed.broken.rule) == 1);
        for (const std::string& code : {to_code(failed.shrunk), to_test(failed.shrunk, "")})
            BOOST_TEST(std::count(code.begin(), code.end(), '\n') <= 6);
    }
}

BOOST_AUTO_TEST_CASE(shrinking_keeps_what_breaks_the_rule_and_nothing_else) {
    const sim::plan drawn = sim::draw(7, {.servers_max = 3, .clients_max = 4, .faults_max = 40});
    int runs = 0;
    const auto has_a_crash = [&](const sim::plan& candidate) {
        ++runs;
        return std::any_of(
            candidate.faults.begin(), candidate.faults.end(),
            [](const sim::fault& each) { return each.kind == sim::fault_kind::crash; });
    };
    sim::plan with_crash = drawn;
    with_crash.faults.push_back(
        {.kind = sim::fault_kind::crash, .at = 1234567ms, .lasting = 98765ms});
    const sim::plan shrunk = sim::shrink(with_crash, has_a_crash);
    BOOST_TEST_REQUIRE(shrunk.faults.size() == 1U);
    BOOST_TEST(shrunk.servers == 1);
    BOOST_TEST(shrunk.clients.size() == 1U);
    BOOST_TEST((shrunk.faults.front().at == 0s));
    BOOST_TEST(runs < 2000);
    const int before = runs;
    (void)sim::shrink(with_crash, has_a_crash, {.runs_max = 5});
    BOOST_TEST(runs - before <= 5);
}

BOOST_AUTO_TEST_CASE(a_plan_has_the_same_outcome_always) {
    const sim::plan drawn = sim::draw(11);
    const sim::plan_runner<> runner;
    const sim::outcome first = runner.run(drawn);
    BOOST_TEST(first.digest == runner.run(drawn).digest);
    BOOST_TEST(first.checks > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
