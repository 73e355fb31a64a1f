// SPDX-License-Identifier: BSL-1.0

// The machine against a specification that was written from the rules alone and knows nothing of
// phases: every sequence of {success, failure, stall, doubt, stopping, stop} up to a length, for
// every pair of thresholds, compared after each step.

#include <support/sanitized.hpp>

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using forest::errc;
using forest::event_kind;
using forest::steady_time;
using forest::detail::health_action;
using forest::detail::health_action_kind;
using forest::detail::health_input;
using forest::detail::health_input_kind;

namespace {

// A doubt is a check for which the name service did not answer.
enum class letter { success, failure, stall, doubt, stopping, stop };

constexpr std::array letters{letter::success, letter::failure,  letter::stall,
                             letter::doubt,   letter::stopping, letter::stop};

constexpr int doubt_max = 2;

// What may have been reported in one step; at most an outcome and a transition.
struct reported_step {
    std::optional<event_kind> outcome;
    std::optional<event_kind> transition;
    std::uint64_t outage = 0;
    int failures_of_outage = 0;
    forest::duration next_delay{};
    bool fresh = false;

    friend bool operator==(const reported_step&, const reported_step&) = default;
};

// The rules B3, B6–B9, B12 and B14 as plain bookkeeping.
struct specification {
    int failure_threshold;
    int success_threshold;
    int failures = 0;
    int successes = 0;
    int doubts = 0;
    bool down = false;
    bool stopped = false;
    std::uint64_t outages = 0;
    int failures_at_down = 0;

    reported_step play(letter played) {
        if (stopped || played == letter::stop) {
            stopped = true;
            return {};
        }
        reported_step result;
        if (played == letter::success) {
            result.outcome = event_kind::check_succeeded;
            result.next_delay = 30s;
            failures = 0;
            doubts = 0;
            if (down && ++successes == success_threshold) {
                down = false;
                result.transition = event_kind::server_up;
                result.outage = outages;
                result.failures_of_outage = failures_at_down;
            }
            return result;
        }
        const bool doubtful = played == letter::doubt || played == letter::stall;
        if (doubtful && doubts < doubt_max) {
            ++doubts;
            result.outcome = event_kind::check_inconclusive;
            if (played == letter::doubt)
                result.next_delay = backoff(doubts);
            else
                result.fresh = true; // It is repeated at once.
            return result;
        }
        if (!doubtful)
            doubts = 0;
        result.outcome = event_kind::check_failed;
        successes = 0;
        ++failures;
        result.next_delay = backoff(failures);
        if (!down && (failures >= failure_threshold || played == letter::stopping)) {
            down = true;
            result.transition = event_kind::server_down;
            result.outage = ++outages;
            result.failures_of_outage = failures_at_down = failures;
        }
        return result;
    }

    static forest::duration backoff(int failures) {
        constexpr std::array<int, 5> delays{2, 4, 8, 16, 30};
        return std::chrono::seconds{
            delays.at(failures > 5 ? 4U : static_cast<unsigned>(failures - 1))};
    }
};

using machine = forest::detail::health_machine<forest::exponential_backoff>;

// A machine that stands before a check or before a wait, and the time there.
struct player {
    machine subject;
    steady_time now{};
    health_action next{};

    explicit player(const forest::options& settings)
        : subject{settings, forest::exponential_backoff{}, forest::random_generator{}} {
        next = subject.step(health_input::started(), now);
        settle(nullptr);
    }

    void settle(reported_step* record) {
        while (next.kind == health_action_kind::report) {
            if (record != nullptr) {
                if (next.event == event_kind::server_down || next.event == event_kind::server_up) {
                    record->transition = next.event;
                    record->outage = subject.outage().id;
                    record->failures_of_outage = subject.outage().failures;
                } else if (next.event != event_kind::check_started) {
                    record->outcome = next.event;
                }
            }
            next = subject.step(health_input::reported(), now);
        }
    }

    reported_step play(letter played) {
        reported_step record;
        if (played == letter::stop) {
            next = subject.step(health_input::stopped(), now);
            return record;
        }
        if (next.kind == health_action_kind::finished)
            return record;
        bool late = false;
        if (next.kind == health_action_kind::wait) {
            late = played == letter::stall;
            now += next.delay + (late ? 3s : 0s);
            next = subject.step(health_input::woke(), now);
            settle(nullptr);
        }
        if (next.kind != health_action_kind::check)
            BOOST_FAIL("the machine does not check when it should");
        forest::verdict result;
        if (played == letter::failure || played == letter::stall)
            result.error = errc::timed_out;
        if (played == letter::doubt)
            result.error = errc::resolver_unavailable;
        if (played == letter::stopping)
            result.error = errc::stopping;
        // A check that began at once stalls while it is in flight instead.
        next = subject.step(health_input::reply(result, played == letter::stall && !late), now);
        settle(&record);
        if (next.kind == health_action_kind::wait)
            record.next_delay = next.delay;
        else if (next.kind == health_action_kind::check)
            record.fresh = next.fresh_connection;
        return record;
    }
};

struct search {
    int length_max;
    std::uint64_t sequences = 0;
    std::string path;

    void walk(const player& subject, const specification& expected, int depth) {
        if (depth == length_max)
            return;
        for (const letter each : letters) {
            player next = subject;
            specification rules = expected;
            path.push_back("sfldtx"[static_cast<int>(each)]);
            ++sequences;
            const reported_step was = next.play(each);
            const reported_step should = rules.play(each);
            if (!(was == should) ||
                (next.subject.status() == forest::target_status::down) != rules.down ||
                next.subject.failures() != rules.failures)
                BOOST_FAIL("machine and specification differ after "
                           << path << " (s success, f failure, l stall, "
                           << "d doubt, t stopping, x stop) with thresholds "
                           << rules.failure_threshold << " and " << rules.success_threshold);
            walk(next, rules, depth + 1);
            path.pop_back();
        }
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(health_machine_specification_test)

BOOST_AUTO_TEST_CASE(
    the_machine_agrees_with_the_rules_on_every_sequence_up_to_length_nine_B3_B6_B7_B8_B9_B12_B14) {
    // Sanitizers look for other faults; the whole depth runs without them.
    constexpr int length_max = forest::test::sanitized ? 7 : 9;
    std::uint64_t total = 0;
    for (int failures = 1; failures <= 4; ++failures)
        for (int successes = 1; successes <= 3; ++successes) {
            search all{length_max, 0, {}};
            all.walk(player{{.failure_threshold = failures,
                             .success_threshold = successes,
                             .doubt_max = doubt_max}},
                     specification{failures, successes}, 0);
            total += all.sequences;
        }
    std::printf("machine against specification: %" PRIu64
                " sequences up to length %d, thresholds 1-4 x 1-3\n",
                total, length_max);
    std::uint64_t each = 0;
    std::uint64_t power = 1;
    for (int length = 1; length <= length_max; ++length)
        each += power *= letters.size();
    BOOST_TEST(total == 12 * each);
}

BOOST_AUTO_TEST_SUITE_END()
