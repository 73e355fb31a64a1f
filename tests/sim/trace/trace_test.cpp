// SPDX-License-Identifier: BSL-1.0

#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>

using namespace std::chrono_literals;
using namespace forest;
using sim::trace_kind;

namespace {

std::uint64_t digest_of(const sim::trace_line& line) {
    sim::trace lines;
    lines.add(line);
    return lines.digest();
}

} // namespace

BOOST_AUTO_TEST_SUITE(trace_test)

BOOST_AUTO_TEST_CASE(lines_that_differ_anywhere_have_other_digests) {
    std::set<std::uint64_t> digests;
    for (int bit = 0; bit < 64; ++bit) {
        digests.insert(digest_of({.value = std::uint64_t{1} << bit}));
        if (bit < 63)
            digests.insert(digest_of({.at = duration{std::int64_t{1} << bit}}));
        if (bit < 16) {
            const auto set = static_cast<std::uint16_t>(1U << bit);
            digests.insert(digest_of({.subject = set}));
            digests.insert(digest_of({.detail = set}));
        }
        if (bit < 8)
            digests.insert(digest_of({.kind = static_cast<trace_kind>(1U << bit)}));
    }
    BOOST_TEST(digests.size() == 64U + 63U + 16U + 16U + 8U);
}

BOOST_AUTO_TEST_CASE(a_line_names_what_has_a_name) {
    const auto detail = [](auto value) { return static_cast<std::uint16_t>(value); };
    BOOST_TEST(to_string(sim::trace_line{12s + 500ns, trace_kind::reported, 3,
                                         detail(event_kind::check_failed), 1}) ==
               "12.000000500 reported 3 check_failed 1");
    BOOST_TEST(to_string(sim::trace_line{1s, trace_kind::ended, 0, 0,
                                         static_cast<std::uint64_t>(errc::timed_out)}) ==
               "1.000000000 ended 0 0 timed_out");
    BOOST_TEST(to_string(sim::trace_line{1s, trace_kind::faulted, 2, detail(sim::fault_kind::crash),
                                         sim::fault::everyone}) ==
               "1.000000000 faulted 2 crash everyone");
    BOOST_TEST(to_string(sim::trace_line{1s, trace_kind::lost, 2, 1, 7}) ==
               "1.000000000 lost 2 to_client 7");
    BOOST_TEST(to_string(sim::trace_line{1s, trace_kind::called, 2, 1, 7}) ==
               "1.000000000 called 2 on_server_down 7");
    BOOST_TEST(to_string(sim::trace_line{1s, trace_kind::clock_set, 2, 0, 7}) ==
               "1.000000000 clock_set 2 of_server 7");
}

BOOST_AUTO_TEST_CASE(a_world_tells_of_lost_messages_of_callbacks_and_of_clocks_that_are_set) {
    sim::world world{1, sim::trace{100'000}};
    auto& server = world.add_server("warehouse");
    auto& client = world.add_client(server);
    world.between(1min, 10min).black_hole(client);
    world.at(20min).step_wall(client, 1h);
    world.run_for(30min);
    world.heal();
    const auto& lines = world.trace().lines();
    const auto count = [&](trace_kind kind) {
        return std::count_if(lines.begin(), lines.end(),
                             [kind](const auto& each) { return each.kind == kind; });
    };
    BOOST_TEST(count(trace_kind::lost) > 5);
    BOOST_TEST(count(trace_kind::called) == 3); // Down, up, and down with a clock that is wrong.
    BOOST_TEST(count(trace_kind::clock_set) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
