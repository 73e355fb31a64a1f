// SPDX-License-Identifier: BSL-1.0

#include <forest/sim/script/fault.hpp>
#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/swarm.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>

using namespace std::chrono_literals;
using namespace forest;
using sim::fault_kind;

namespace {

std::string code_of(const sim::fault& what) {
    return sim::to_code(what, {"warehouse", "shelf"}, {"master"});
}

} // namespace

BOOST_AUTO_TEST_SUITE(fault_test)

BOOST_AUTO_TEST_CASE(every_kind_has_a_name_of_its_own_and_one_subject) {
    std::set<std::string> names;
    for (std::size_t index = 0; index < sim::fault_kind_count; ++index) {
        const auto kind = static_cast<fault_kind>(index);
        names.emplace(name(kind));
        // The application itself is the subject of the last one.
        BOOST_TEST(is_of_process(kind) + is_of_link(kind) + is_of_time(kind) ==
                   (kind == fault_kind::quit ? 0 : 1));
    }
    BOOST_TEST(names.size() == sim::fault_kind_count);
}

BOOST_AUTO_TEST_CASE(durations_are_written_as_people_write_them) {
    BOOST_TEST(sim::to_code(75s) == "75s");
    BOOST_TEST(sim::to_code(duration{1500ms}) == "1500ms");
    BOOST_TEST(sim::to_code(duration{20us}) == "20us");
    BOOST_TEST(sim::to_code(duration{7}) == "7ns");
    BOOST_TEST(sim::to_code(duration{}) == "0s");
}

BOOST_AUTO_TEST_CASE(faults_are_written_as_lines_of_a_script) {
    BOOST_TEST(code_of({.kind = fault_kind::crash, .at = 75s, .lasting = 15s}) ==
               "world.between(75s, 90s).crash(warehouse);");
    BOOST_TEST(code_of({.kind = fault_kind::freeze, .at = 75s, .server = 1}) ==
               "world.at(75s).freeze(shelf);");
    BOOST_TEST(
        code_of({.kind = fault_kind::slow, .at = 1h, .lasting = 1s, .every = 2h, .span = 9ms}) ==
        "world.every(7200s, 3600s).lasting(1s).slow(warehouse, 9ms);");
    BOOST_TEST(code_of({.kind = fault_kind::loss, .client = 0, .amount = 200}) ==
               "world.at(0s).loss(master, 200);");
    BOOST_TEST(code_of({.kind = fault_kind::delay,
                        .client = 0,
                        .span = 20ms,
                        .shape = sim::latency::shape::heavy_tail}) ==
               "world.at(0s).delay(master, forest::sim::heavy_tail(20ms));");
    BOOST_TEST(code_of({.kind = fault_kind::delay, .client = 0, .span = 20ms, .least = 1ms}) ==
               "world.at(0s).delay(master, forest::sim::constant(20ms, 1ms));");
    BOOST_TEST(code_of({.kind = fault_kind::step_wall, .lasting = 5s, .client = 0, .span = -1h}) ==
               "world.at(0s).step_wall(master, -3600s);");
}

BOOST_AUTO_TEST_CASE(a_drawn_plan_has_no_more_than_was_asked_for) {
    sim::draw_options settings{.servers_max = 2, .clients_max = 5, .faults_max = 9, .length = 2h};
    settings.kinds.reset();
    settings.kinds.set(static_cast<std::size_t>(fault_kind::crash));
    settings.kinds.set(static_cast<std::size_t>(fault_kind::clog));
    std::set<fault_kind> kinds;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const sim::plan drawn = sim::draw(seed, settings);
        BOOST_TEST((drawn.servers >= 1 && drawn.servers <= 2));
        BOOST_TEST((!drawn.clients.empty() && drawn.clients.size() <= 5U));
        BOOST_TEST(drawn.faults.size() <= 9U);
        for (const auto& each : drawn.clients) {
            BOOST_TEST(each.settings.valid());
            BOOST_TEST(each.server < drawn.servers);
        }
        for (const auto& each : drawn.faults) {
            kinds.insert(each.kind);
            BOOST_TEST((each.at >= 0s && each.at <= 2h));
            BOOST_TEST(each.server < drawn.servers);
            BOOST_TEST((each.client == sim::fault::everyone || each.client < drawn.clients.size()));
        }
    }
    BOOST_TEST((kinds == std::set{fault_kind::crash, fault_kind::clog}));
}

BOOST_AUTO_TEST_CASE(a_seed_draws_the_same_plan_always) {
    const sim::plan first = sim::draw(77);
    const sim::plan second = sim::draw(77);
    BOOST_TEST((first.faults == second.faults));
    BOOST_TEST(sim::to_code(first) == sim::to_code(second));
    BOOST_TEST(sim::to_code(first) != sim::to_code(sim::draw(78)));
}

BOOST_AUTO_TEST_SUITE_END()
