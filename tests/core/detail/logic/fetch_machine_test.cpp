// SPDX-License-Identifier: BSL-1.0
#include <support/sanitized.hpp>

#include <forest/core/detail/logic/fetch_machine.hpp>

#include <archetypes/backoff.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/options.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

namespace data = boost::unit_test::data;
using forest::duration;
using forest::exponential_backoff;
using forest::detail::fetch_action;
using forest::detail::fetch_action_kind;
using forest::detail::fetch_input;
using forest::detail::fetch_machine;

// As many seconds as there were failures, so that an action shows which failure it counts.
struct counting_backoff {
    duration operator()(int failures, duration) const { return std::chrono::seconds{failures}; }
};

using machine = fetch_machine<counting_backoff>;

static_assert(std::is_trivially_copyable_v<machine>);
static_assert(sizeof(machine) <= 32, "an empty backoff takes no room");

machine fresh() {
    return {counting_backoff{}, 30s};
}

// f, w and its seconds, or - for nothing.
std::string shown(const fetch_action& action) {
    switch (action.kind) {
    case fetch_action_kind::none: return "-";
    case fetch_action_kind::fetch: return "f";
    case fetch_action_kind::wait: return "w" + std::to_string(action.delay / 1s);
    }
    return "?";
}

// An input that may come, and after how long the schema has to be fetched once more.
struct happening {
    char letter;
    fetch_input input;
    duration again = 0s;
};

// Inputs as letters: s started, r recovered, g and b a good and a bad check, w woke, k the fetch
// was well (fetched), e it ended with an error (failed), p a poll brought the schema; K and P are
// the same when the schema has to be fetched again after 60 s.
constexpr happening happenings[] = {
    {'s', fetch_input::started},
    {'r', fetch_input::recovered},
    {'g', fetch_input::check_succeeded},
    {'b', fetch_input::check_failed},
    {'w', fetch_input::woke},
    {'k', fetch_input::fetched},
    {'K', fetch_input::fetched, 60s},
    {'e', fetch_input::failed},
    {'p', fetch_input::polled},
    {'P', fetch_input::polled, 60s},
    {'h', fetch_input::hinted},
};

// A second passes between two inputs, and until a wake-up the time that was asked for.
class timeline {
public:
    std::string play(machine& subject, const happening& each) {
        now_ = each.input == fetch_input::woke ? wakes_at_ : now_ + 1s;
        const fetch_action action = subject.step(each.input, now_, each.again);
        if (action.kind == fetch_action_kind::wait)
            wakes_at_ = now_ + action.delay;
        return shown(action);
    }

private:
    forest::steady_time now_{};
    forest::steady_time wakes_at_{};
};

std::string played(const std::string& letters) {
    machine subject = fresh();
    timeline time;
    std::string actions;
    for (const char letter : letters) {
        for (const happening& each : happenings) {
            if (each.letter == letter)
                actions += time.play(subject, each);
        }
    }
    return actions;
}

struct script {
    std::string inputs;
    std::string actions;
    std::string why;

    friend std::ostream& operator<<(std::ostream& out, const script& row) {
        return out << row.inputs << ": " << row.why;
    }
};

const std::vector<script> scripts{
    {"s", "f", "the start fetches at once, before any check"},
    {"bs", "-f", "and whatever the first check said"},
    {"gs", "-f", "which alone is no reason to fetch"},
    {"sk", "f-", "a fetch that ended well is enough"},
    {"skgbggb", "f------", "and checks alone never cause another"},
    {"skw", "f--", "nor does a wait that nobody asked for"},

    {"sge", "f-w1", "a failed fetch is tried again after a while"},
    {"sgewew", "f-w1fw2f", "as often as it takes, with a growing delay"},
    {"sgewk", "f-w1f-", "until it is well"},
    {"sgew", "f-w1f", "the wait ends in a fetch"},
    {"sgegg", "f-w1--", "and good checks do not shorten it"},

    {"se", "f-", "before any check has said that the server answers, none is tried again"},
    {"seg", "f-f", "but once one has"},
    {"sbe", "f--", "nor while the last check failed"},
    {"sbebbg", "f----f", "and at once when one succeeds"},
    {"sbegb", "f--f-", "a fetch under way is not given up for a bad check"},
    {"sgebw", "f-w1--", "a wait that ends while the server does not answer causes none"},
    {"sgebwg", "f-w1--f", "the next good check does"},
    {"sgebgw", "f-w1--f", "a bad check that was made good meanwhile changes nothing"},
    {"sbegeg", "f--fw2-", "no fetch begins beside a wait"},

    {"skr", "f-f", "a recovery fetches again"},
    {"skrk", "f-f-", "once"},
    {"skrkg", "f-f--", "and not at every check"},
    {"skrew", "f-fw1f", "and tries again, since the server answers"},
    {"sr", "f-", "the fetch under way is not doubled"},
    {"srk", "f-f", "but what it brought may be from before the outage"},
    {"srkk", "f-f-", "so there is another fetch, and only one"},
    {"srrrkk", "f---f-", "however many recoveries there were"},
    {"sre", "f-f", "a failure of the old one says nothing of the server that is back"},
    {"sree", "f-fw1", "but one of the new one does"},
    {"srkrk", "f-f-f", "each fetch under way is outdated by a recovery of its own"},
    {"sger", "f-w1f", "a recovery does not wait"},
    {"sgerw", "f-w1f-", "and voids the wait"},
    {"sgewer", "f-w1fw2f", "and restarts the delays"},
    {"sgewerew", "f-w1fw2fw1f", "from the first"},
    {"sbr", "f--", "a recovery is an answer"},
    {"sbrk", "f--f", "as good as that of a check"},
    {"sber", "f--f", "and ends the wait for one"},

    {"srbk", "f---", "a fetch that is owed is not begun while the last check failed"},
    {"srbkg", "f---f", "but with the next good one"},
    {"srbe", "f---", "however the old one ended"},
    {"srbeg", "f---f", "and then as well"},
    {"srbgk", "f---f", "a bad check that was made good meanwhile changes nothing"},

    {"sgewkrewk", "f-w1f-fw1f-", "a successful fetch restarts the delays"},

    {"sgK", "f-w60", "a content that has to come again is fetched again, but not at once"},
    {"sgKw", "f-w60f", "when the time has come"},
    {"sgKwk", "f-w60f-", "once"},
    {"sgKwK", "f-w60fw60", "or as often as it has to"},
    {"sgKg", "f-w60-", "a good check does not hasten it"},
    {"sgKr", "f-w60f", "but a recovery does"},
    {"sgKbw", "f-w60--", "and a server that does not answer delays it"},
    {"sgKbwg", "f-w60--f", "until it answers"},
    {"sgKwe", "f-w60fw1", "a fetch that fails is tried again as any other"},
    {"sgKwew", "f-w60fw1f", "by the backoff"},
    {"sK", "fw60", "also before any check has ended"},
    {"sKw", "fw60-", "but not while nothing says that the server answers"},
    {"sKwg", "fw60-f", "as soon as something does"},
    {"srK", "f-f", "an answer from before the outage is not the one that has to come again"},

    {"p", "-", "a poll alone causes no fetch"},
    {"P", "w60", "unless what it brought has to come again"},
    {"Pw", "w60f", "then as after a fetch"},
    {"Pp", "w60-", "a poll may have brought it meanwhile"},
    {"Ppw", "w60--", "and then there is nothing left to fetch"},
    {"PP", "w60-", "a later one does not begin another wait"},
    {"PPw", "w60-w1", "but the fetch comes when it is due by the later one"},
    {"PPww", "w60-w1f", "and not before"},
    {"PwP", "w60f-", "a poll beside a fetch leaves it to the fetch"},
    {"PwPk", "w60f--", "whatever that brings"},
    {"Pbw", "w60--", "a failed poll means that the server does not answer"},
    {"Pbwp", "w60---", "and the next good one may settle it"},
    {"PbwP", "w60--w60", "or begin it again"},
    {"sgePw", "f-w1-w60", "a poll replaces a fetch that had failed"},
    {"sgkh", "f--f", "the sudden end of a held request is followed by a plain one"},
    {"sgkhk", "f--f-", "once"},
    {"sgkhe", "f--fw1", "which is tried again as any other"},
    {"sgkbh", "f----", "but not while the server does not answer"},
    {"sgkbhg", "f----f", "and as soon as it does"},
    {"sgKh", "f-w60-", "a fetch that is planned is enough"},
    {"sgepw", "f-w1--", "for good, if nothing is left open"},
};

// The rules of B31 and B36 as plain bookkeeping, without phases.
struct specification {
    bool started = false;
    bool polled = false;
    bool owed = false;
    bool in_flight = false;
    bool outdated = false; // the fetch in flight began before the last recovery
    bool waiting = false;
    bool answering = false;
    int failures = 0;
    forest::steady_time now{};
    forest::steady_time due{};
    forest::steady_time alarm{}; // when the last wait that was asked for ends

    bool possible(fetch_input input) const {
        switch (input) {
        case fetch_input::started: return !started && !polled;
        case fetch_input::recovered:
        case fetch_input::hinted: return started;
        case fetch_input::woke: return waiting;
        case fetch_input::fetched:
        case fetch_input::failed: return in_flight;
        default: return true;
        }
    }

    std::string wait() {
        waiting = true;
        alarm = due;
        return "w" + std::to_string((due - now) / 1s);
    }

    std::string play(const happening& each) {
        now = each.input == fetch_input::woke ? alarm : now + 1s;
        switch (each.input) {
        case fetch_input::started: started = owed = true; break;
        case fetch_input::recovered:
            owed = answering = true;
            waiting = false;
            outdated = in_flight;
            failures = 0;
            break;
        case fetch_input::check_succeeded: answering = true; break;
        case fetch_input::check_failed: answering = false; break;
        case fetch_input::hinted: owed = true; break;
        case fetch_input::woke:
            waiting = false;
            if (now < due)
                return wait();
            break;
        case fetch_input::fetched:
            failures = 0;
            in_flight = false;
            if (std::exchange(outdated, false))
                break;
            return settle(each.again);
        case fetch_input::polled:
            polled = answering = true;
            return in_flight ? "-" : settle(each.again);
        case fetch_input::failed:
            in_flight = false;
            if (std::exchange(outdated, false))
                break;
            ++failures;
            if (!answering)
                break;
            due = now + std::chrono::seconds{failures};
            return wait();
        }
        if (!owed || in_flight || waiting || !(answering || each.input == fetch_input::started))
            return "-";
        in_flight = true;
        return "f";
    }

    std::string settle(duration again) {
        owed = again > 0s;
        due = now + again;
        if (owed && waiting && alarm <= due)
            return "-"; // The wait under way ends early enough.
        waiting = false;
        return owed ? wait() : "-";
    }
};

// From wherever it stands, a server that answers and fetches that are well settle everything.
bool settles(machine subject, timeline time, specification rules) {
    bool agrees = true;
    for (const char letter : std::string{"s"} + "gwwkgwwkgwwk") {
        for (const happening& each : happenings) {
            if (each.letter == letter && rules.possible(each.input))
                agrees = time.play(subject, each) == rules.play(each) && agrees;
        }
    }
    return agrees && !rules.owed && !rules.in_flight && !rules.waiting;
}

struct search {
    int length_max;
    std::uint64_t sequences = 0;
    std::string path{};

    void walk(const machine& subject, const timeline& time, const specification& expected,
              int depth) {
        if (!settles(subject, time, expected))
            BOOST_FAIL("nothing settles what is owed after " << path);
        if (depth == length_max)
            return;
        for (const happening& each : happenings) {
            if (!expected.possible(each.input))
                continue;
            machine next = subject;
            timeline later = time;
            specification rules = expected;
            path.push_back(each.letter);
            ++sequences;
            const std::string action = later.play(next, each);
            const std::string should = rules.play(each);
            if (action != should)
                BOOST_FAIL("after " << path << " the machine answers " << action
                                    << " and the specification " << should);
            walk(next, later, rules, depth + 1);
            path.pop_back();
        }
    }
};

// Every wake-up comes when all that could be waited for is past.
forest::steady_time at(fetch_input input) {
    static forest::steady_time now{};
    return now += input == fetch_input::woke ? forest::options::duration_max : duration::zero();
}

// The delays of so many failed fetches in a row of a server that answers.
template <class Backoff>
std::vector<duration> delays(fetch_machine<Backoff>& subject, int count) {
    std::vector<duration> result;
    for (int n = 0; n < count; ++n) {
        const fetch_action action = subject.step(fetch_input::failed, at(fetch_input::failed));
        BOOST_TEST_REQUIRE((action.kind == fetch_action_kind::wait));
        result.push_back(action.delay);
        BOOST_TEST_REQUIRE((subject.step(fetch_input::woke, at(fetch_input::woke)).kind ==
                            fetch_action_kind::fetch));
    }
    return result;
}

template <class Backoff>
fetch_machine<Backoff> fetching(const Backoff& backoff, duration interval) {
    fetch_machine<Backoff> subject{backoff, interval};
    BOOST_TEST_REQUIRE((subject.step(fetch_input::started, at(fetch_input::started)).kind ==
                        fetch_action_kind::fetch));
    BOOST_TEST_REQUIRE(
        (subject.step(fetch_input::check_succeeded, at(fetch_input::check_succeeded)).kind ==
         fetch_action_kind::none));
    return subject;
}

} // namespace

BOOST_AUTO_TEST_SUITE(fetch_machine_test)

BOOST_DATA_TEST_CASE(B31_each_input_has_its_action, data::make(scripts)) {
    BOOST_TEST(played(sample.inputs) == sample.actions);
}

BOOST_AUTO_TEST_CASE(B31_the_machine_agrees_with_the_specification_on_every_sequence) {
    constexpr int length_max = forest::test::sanitized ? 6 : 7;
    search all{length_max};
    all.walk(fresh(), timeline{}, specification{}, 0);
    BOOST_TEST_MESSAGE(all.sequences << " sequences up to length " << length_max);
    BOOST_TEST(all.sequences > 10'000U);
}

BOOST_AUTO_TEST_CASE(B3_the_delays_are_those_of_the_backoff_up_to_the_interval) {
    auto subject = fetching(exponential_backoff{}, 30s);
    BOOST_TEST((delays(subject, 7) == std::vector<duration>{2s, 4s, 8s, 16s, 30s, 30s, 30s}));
    auto shorter = fetching(exponential_backoff{}, 10s);
    BOOST_TEST((delays(shorter, 5) == std::vector<duration>{2s, 4s, 8s, 10s, 10s}));
    auto shortest = fetching(exponential_backoff{}, 1s);
    BOOST_TEST((delays(shortest, 2) == std::vector<duration>{1s, 1s}));
    auto longer = fetching(exponential_backoff{.may_exceed_interval = true}, 1s);
    BOOST_TEST((delays(longer, 3) == std::vector<duration>{2s, 4s, 8s}));
}

BOOST_AUTO_TEST_CASE(B3_a_successful_fetch_and_a_recovery_restart_the_delays) {
    auto subject = fetching(exponential_backoff{}, 30s);
    (void)delays(subject, 3);
    BOOST_TEST((subject.step(fetch_input::fetched, at(fetch_input::fetched)).kind ==
                fetch_action_kind::none));
    BOOST_TEST((subject.step(fetch_input::recovered, at(fetch_input::recovered)).kind ==
                fetch_action_kind::fetch));
    BOOST_TEST((delays(subject, 2) == std::vector<duration>{2s, 4s}));

    BOOST_TEST((subject.step(fetch_input::failed, at(fetch_input::failed)).delay == 8s));
    BOOST_TEST((subject.step(fetch_input::recovered, at(fetch_input::recovered)).kind ==
                fetch_action_kind::fetch));
    BOOST_TEST((delays(subject, 2) == std::vector<duration>{2s, 4s}));
}

BOOST_AUTO_TEST_CASE(failures_are_counted_across_a_pause_in_which_the_server_does_not_answer) {
    auto subject = fetching(exponential_backoff{}, 30s);
    (void)delays(subject, 2);
    BOOST_TEST((subject.step(fetch_input::check_failed, at(fetch_input::check_failed)).kind ==
                fetch_action_kind::none));
    BOOST_TEST((subject.step(fetch_input::failed, at(fetch_input::failed)).kind ==
                fetch_action_kind::none));
    BOOST_TEST((subject.step(fetch_input::check_succeeded, at(fetch_input::check_succeeded)).kind ==
                fetch_action_kind::fetch));
    BOOST_TEST((delays(subject, 1) == std::vector<duration>{16s}));
}

BOOST_AUTO_TEST_CASE(a_delay_that_makes_no_sense_is_made_one_that_does) {
    constexpr duration longest = forest::options::duration_max;
    struct row {
        duration answered;
        duration waited;
    };
    for (const row& each :
         {row{0ns, 1ms}, row{-1s, 1ms}, row{duration::min(), 1ms}, row{1ns, 1ms},
          row{999'999ns, 1ms}, row{1ms, 1ms}, row{1'000'001ns, 1'000'001ns}, row{longest, longest},
          row{longest + 1ns, longest}, row{duration::max(), longest}}) {
        auto subject = fetching([each](int, duration) { return each.answered; }, 30s);
        BOOST_TEST((delays(subject, 2) == std::vector<duration>{each.waited, each.waited}),
                   each.answered.count() << " ns");
    }
}

BOOST_AUTO_TEST_CASE(the_backoff_is_asked_with_the_number_of_failures_and_the_interval) {
    std::vector<int> asked;
    auto subject = fetching(
        [&asked](int failures, duration interval) {
            asked.push_back(failures);
            return interval;
        },
        7s);
    BOOST_TEST((delays(subject, 3) == std::vector<duration>{7s, 7s, 7s}));
    BOOST_TEST((asked == std::vector<int>{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_machine_needs_no_more_than_the_archetype) {
    fetch_machine subject{forest::tests::backoff_archetype{0}, 30s};
    const auto copy = subject;
    BOOST_TEST(shown(subject.step(fetch_input::started, at(fetch_input::started))) == "f");
    BOOST_TEST(shown(subject.step(fetch_input::recovered, at(fetch_input::recovered))) == "-");
    auto other = copy;
    BOOST_TEST(shown(other.step(fetch_input::check_succeeded, at(fetch_input::check_succeeded))) ==
               "-");
}

BOOST_AUTO_TEST_CASE(a_server_that_never_gives_its_schema_is_asked_for_ever) {
    auto subject = fetching(exponential_backoff{}, 30s);
    (void)delays(subject, 5);
    bool always = true;
    forest::steady_time now = at(fetch_input::failed);
    for (int n = 0; n < 100'000; ++n) {
        always = always && subject.step(fetch_input::failed, now).delay == 30s;
        now += 30s;
        always = always && subject.step(fetch_input::woke, now).kind == fetch_action_kind::fetch;
    }
    BOOST_TEST(always);
}

BOOST_AUTO_TEST_SUITE_END()
