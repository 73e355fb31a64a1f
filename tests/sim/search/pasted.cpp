// SPDX-License-Identifier: BSL-1.0

// Prints a program that contains the tests that swarms have printed, as a person would paste them.
// That program checks that each test fails as its swarm said. pasted_test.sh builds it with NDEBUG.

#include <sim/search/pasted.hpp>

#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/swarm.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

constexpr const char* head = R"(#include <sim/search/pasted.hpp>

#include <forest/sim/search/swarm.hpp>

#include <chrono>
#include <cstdio>
#include <string>

#ifndef NDEBUG
#error these tests must fail without assertions, too
#endif

using namespace std::chrono_literals;

int missed = 0;

template <typename Test>
void expect(Test test, const std::string& said) {
    try {
        test();
        std::printf("it passes, instead of: %s\n", said.c_str());
    } catch (const forest::sim::rule_broken& broken) {
        if (broken.what() == said)
            return;
        std::printf("it says: %s\ninstead of: %s\n", broken.what(), said.c_str());
    }
    ++missed;
}

int main() {
    // A plan that breaks no rule passes.
    forest::sim::require_unbroken(no_two_down({}));
    forest::sim::require_unbroken(forest::sim::plan_runner<calling_twice_worlds>{}.run({}).broken);
)";

constexpr const char* tail = "    return missed;\n}\n";

void write(const forest::sim::swarm_report& found) {
    if (!found.failure)
        throw std::runtime_error("the swarm found nothing");
    const std::string printed = to_string(*found.failure);
    std::printf("expect([] {\n%s}, R\"(%s)\");\n", printed.substr(printed.find('\n') + 1).c_str(),
                to_string(found.failure->broken).c_str());
}

} // namespace

int main() {
    namespace sim = forest::sim;
    std::fputs(head, stdout);
    write(sim::swarm<calling_twice_worlds>({.length = 10min}, {1, 50}));
    sim::draw_options crashes{.length = 5min, .random_options = false};
    crashes.kinds.reset().set(static_cast<std::size_t>(sim::fault_kind::crash));
    write(sim::swarm<>(crashes, {1, 50}, {.recovery = 5s}));
    write(sim::swarm(sim::scenario{sim::draw_options{}, no_two_down, "no_two_down",
                                   sim::script_names{.servers = {"east", "west"},
                                                     .clients = {"to_east", "to_west"}}},
                     {1, 200}, {.shrinking = {.runs_max = 500}}));
    write(sim::swarm(
        sim::scenario{sim::draw_options{.servers_max = 1, .clients_max = 1}, never_down{}},
        {1, 200}, {.shrinking = {.runs_max = 500}}));
    std::fputs(tail, stdout);
    return EXIT_SUCCESS;
}
