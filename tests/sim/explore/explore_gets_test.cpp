// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/sim/explore/explore_gets.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::sim;

namespace {

// The timeout has room for two pauses and for two attempts; more of them lead to no other decision.
constexpr get_plan plan_of(bool named, bool encrypted, bool kept) {
    return {.timeout = 100ms,
            .patience = 40ms,
            .addresses = named ? std::uint8_t{0} : std::uint8_t{1},
            .encrypted = encrypted,
            .kept = kept};
}

// The machine with one fault in what it asks for.
template <typename Fault>
class faulty_machine {
public:
    get_action begin(const get_plan& plan, steady_time now) {
        return fault_.action(good_, good_.begin(plan, now), now);
    }
    get_action step(const get_input& input, steady_time now) {
        return fault_.action(good_, good_.step(input, now), now);
    }
    get_result result() const { return fault_.result(good_.result()); }
    auto state(steady_time now) const { return good_.state(now); }

private:
    get_machine good_;
    Fault fault_;
};

struct no_fault {
    static get_action action(get_machine&, get_action next, steady_time) { return next; }
    static get_result result(get_result ended) { return ended; }
};

struct leaves_attempts_open : no_fault {
    static get_action action(get_machine& good, get_action next, steady_time now) {
        while (next.kind == get_action_kind::close)
            next = good.step({.kind = get_input_kind::performed}, now);
        return next;
    }
};

struct leaves_the_name : no_fault {
    static get_action action(get_machine& good, get_action next, steady_time now) {
        while (next.kind == get_action_kind::leave_name)
            next = good.step({.kind = get_input_kind::performed}, now);
        return next;
    }
};

struct waits_too_long : no_fault {
    static get_action action(get_machine&, get_action next, steady_time) {
        next.until += 1ms;
        return next;
    }
};

struct keeps_what_is_broken : no_fault {
    static get_action action(get_machine&, get_action next, steady_time) {
        if (next.kind == get_action_kind::close)
            next.kind = get_action_kind::keep;
        return next;
    }
};

struct tries_the_second_address_first : no_fault {
    static get_action action(get_machine&, get_action next, steady_time) {
        if (next.kind == get_action_kind::connect && next.index < 2)
            next.index ^= 1U;
        return next;
    }
};

struct blames_the_server : no_fault {
    static get_result result(get_result ended) {
        if (ended.error == errc::local_resources_exhausted)
            ended.error = errc::timed_out;
        return ended;
    }
};

struct gives_up_early : no_fault {
    static get_result result(get_result ended) {
        if (ended.error == errc::connection_refused)
            ended.error = errc::timed_out;
        return ended;
    }
};

struct sends_the_same_again : no_fault {
    static get_action action(get_machine&, get_action next, steady_time) {
        if (next.kind == get_action_kind::try_again)
            next.kind = get_action_kind::send;
        return next;
    }
};

struct takes_a_closed_connection_for_a_dead_server : no_fault {
    static get_result result(get_result ended) {
        ended.send_again = false;
        return ended;
    }
};

template <typename Fault>
void must_be_found() {
    const bool kept = std::same_as<Fault, takes_a_closed_connection_for_a_dead_server>;
    const exploration found = explore_gets<faulty_machine<Fault>>(plan_of(true, false, kept));
    BOOST_REQUIRE(found.violation);
    BOOST_TEST(found.trace.size() <= 8U, to_string(found));
}

} // namespace

BOOST_AUTO_TEST_SUITE(explore_gets_test)

BOOST_AUTO_TEST_CASE(no_get_breaks_a_rule_whatever_happens) {
    std::size_t states = 0;
    std::size_t transitions = 0;
    for (const bool named : {false, true}) {
        for (const bool encrypted : {false, true}) {
            for (const bool kept : {false, true}) {
                const exploration found =
                    explore_gets(plan_of(named, encrypted, kept), 2, 2'000'000);
                BOOST_TEST(found.proven(), to_string(found));
                states += found.states;
                transitions += found.transitions;
            }
        }
    }
    BOOST_TEST_MESSAGE("one GET against its rules: " << states << " states, " << transitions
                                                     << " transitions, no violation");
}

BOOST_AUTO_TEST_CASE(each_planted_fault_is_found_with_a_short_trace) {
    must_be_found<leaves_attempts_open>();
    must_be_found<leaves_the_name>();
    must_be_found<waits_too_long>();
    must_be_found<keeps_what_is_broken>();
    must_be_found<tries_the_second_address_first>();
    must_be_found<blames_the_server>();
    must_be_found<gives_up_early>();
    must_be_found<sends_the_same_again>();
    must_be_found<takes_a_closed_connection_for_a_dead_server>();
}

BOOST_AUTO_TEST_SUITE_END()
