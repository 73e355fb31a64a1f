// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_MACHINE_ORACLE_HPP
#define FOREST_SIM_EXPLORE_MACHINE_ORACLE_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/sim/explore/stimulus.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

// The rules B1–B3 and B6–B15 once more, as bookkeeping about a history: what was heard, what was
// told of it, what is owed. It was written from BEHAVIOUR.md and has no phases; it knows at each
// step the one thing that a machine may do next.

namespace forest::sim {

/// A rule that was broken.
struct breach {
    std::string_view rule; ///< its name in BEHAVIOUR.md: `B7`
    std::string how;       ///< what was done, and what the rule asks for
};

/// Watches one machine. A value; not thread-safe.
template <std::regular_invocable<int, duration> Backoff>
class machine_oracle {
public:
    /// Both as the machine has them.
    machine_oracle(const options& chosen, const Backoff& backoff)
        : options_{chosen}, backoff_{backoff} {}

    /// Judges one step, when it has been made: `did` is what `subject` answered to `input`. After a
    /// breach the oracle is of no use any more.
    template <typename Machine>
    [[nodiscard]] std::optional<breach>
    judge(const Machine& subject, const forest::detail::health_input& input,
          const forest::detail::health_action& did, steady_time now) {
        const forest::detail::health_action must = expect(input, now, subject.due());
        if (!same(must, did))
            return breach{rule_of(must, did, input),
                          to_string(did) + ", where " + to_string(must) + " has to come"};
        if (subject.status() != status())
            return breach{rule_of_status(subject.status()),
                          "the status is " + std::string{name(subject.status())} + ", and not " +
                              std::string{name(status())}};
        if (subject.failures() != failures_)
            return breach{last_ == outcome::inconclusive ? "B12" : "B6",
                          "failures are " + std::to_string(subject.failures()) + ", and not " +
                              std::to_string(failures_)};
        if (subject.attempt() != attempts_)
            return breach{"B10", "the attempt is " + std::to_string(subject.attempt()) +
                                     ", and not " + std::to_string(attempts_)};
        if (must.what == forest::detail::health_action::kind::report &&
            (must.event == event_kind::server_down || must.event == event_kind::server_up))
            return compare(subject.outage());
        return std::nullopt;
    }

    /// All on which its further judgements of this machine depend, beside the machine's own state;
    /// as `machine::state`. Of what is only kept to be told, that is, times and ids of outages, it
    /// has by how much the two differ.
    template <typename Machine>
    [[nodiscard]] auto state(const Machine& subject, steady_time now, int counted_to) const {
        const outage& kept = subject.outage();
        return std::make_tuple(
            last_, begun_, first_, ended_, in_flight_, announced_, owed_, late_, down_, heard_,
            doubts_, std::min(failures_, counted_to), std::min(successes_, counted_to),
            begun_ && !first_ && !ended_ ? planned_ - now : duration::zero(),
            in_flight_ && !ended_ ? now - asked_at_ : duration::zero(),
            static_cast<std::int64_t>(kept.id - outages_), kept.first_failure - run_.first_failure,
            kept.first_failed_at - run_.first_failed_at, kept.failures - run_.failures,
            std::min(run_.failures, counted_to), kept.last_error, run_.last_error,
            kept.last_status - run_.last_status, kept.unauthorized, run_.unauthorized,
            kept.clock_skew, run_.clock_skew, kept.ended_after == run_.ended_after,
            run_.ended_after.has_value());
    }

private:
    enum class outcome : std::uint8_t { none, success, failure, farewell, inconclusive };

    // What has to be done. `due` is when the machine plans its next check: where the rules leave it
    // a choice, which is its random part, that choice is taken over.
    forest::detail::health_action expect(const forest::detail::health_input& input, steady_time now,
                                         steady_time due) {
        using kind = forest::detail::health_input::kind;
        ended_ = ended_ || input.what == kind::stopped;
        if (ended_)
            return {.what = forest::detail::health_action::kind::finished};
        if (input.what == kind::started && !std::exchange(begun_, true)) {
            first_ = true;
            return tell(event_kind::started);
        }
        if (!begun_ || input.what == kind::started) // Started twice is started once (B13).
            return {};
        if (input.what == kind::reply)
            return hear(*input.result, now, due);
        if (input.what == kind::woke)
            return wake(now);
        if (std::exchange(announced_, false)) {
            in_flight_ = true;
            asked_at_ = now;
            return {.what = forest::detail::health_action::kind::check,
                    .fresh_connection = last_ == outcome::inconclusive};
        }
        if (owed_)
            return tell(*std::exchange(owed_, std::nullopt));
        if (std::exchange(first_, false))
            planned_ = std::clamp(due, now, now + options_.initial_delay_max);
        if (planned_ > now)
            return {.what = forest::detail::health_action::kind::wait, .delay = planned_ - now};
        planned_ = now; // An overrun puts the schedule off and is not caught up (B1).
        return announce();
    }

    // The schedule outlives a wake-up that is a little late, and no other (B1, B12).
    forest::detail::health_action wake(steady_time now) {
        const duration late = now - planned_;
        late_ = late > options_.stall_tolerance;
        if (late_ || late >= options_.interval)
            planned_ = now;
        return announce();
    }

    forest::detail::health_action announce() {
        attempts_ = last_ == outcome::success ? 1 : attempts_ + 1;
        announced_ = true;
        return tell(event_kind::check_started);
    }

    forest::detail::health_action hear(const verdict& heard, steady_time now, steady_time due) {
        const bool overran = now - asked_at_ > options_.timeout + options_.stall_tolerance;
        const bool doubtful = std::exchange(late_, false) || overran;
        in_flight_ = false;
        if (heard.healthy())
            return succeed(now, due);
        if (heard.error == errc::resolver_unavailable) {
            if (doubts_ < options_.doubt_max) {
                ++doubts_;
                last_ = outcome::inconclusive;
                plan(now, std::max<duration>(backoff_(doubts_, options_.interval), delay_min), due);
                return tell(event_kind::check_inconclusive);
            }
        }
        if (heard.error != errc::stopping && doubtful) {
            if (heard.error != errc::resolver_unavailable)
                doubts_ = 0; // The name was found.
            last_ = outcome::inconclusive;
            planned_ = now;
            return tell(event_kind::check_inconclusive);
        }
        last_ = heard.error == errc::stopping ? outcome::farewell : outcome::failure;
        return fail(heard, now, due);
    }

    forest::detail::health_action succeed(steady_time now, steady_time due) {
        doubts_ = 0;
        last_ = outcome::success;
        heard_ = true;
        failures_ = 0;
        plan(planned_, options_.interval, due);
        if (down_ && ++successes_ == options_.success_threshold) {
            down_ = false;
            owed_ = event_kind::server_up;
            run_.ended_after = now - run_.first_failed_at;
        }
        return tell(event_kind::check_succeeded);
    }

    forest::detail::health_action fail(const verdict& heard, steady_time now, steady_time due) {
        const bool unresolved = heard.error == errc::resolver_unavailable;
        if (!unresolved)
            doubts_ = 0;
        heard_ = true;
        ++failures_;
        successes_ = 0;
        plan(now, std::max<duration>(backoff_(failures_, options_.interval), delay_min), due);
        if (!down_) {
            if (failures_ == 1)
                run_ = {.first_failure = heard.ended_at, .first_failed_at = now};
            run_.failures = failures_;
            run_.last_error = unresolved ? make_error_code(errc::resolve_failed) : heard.error;
            run_.last_status = heard.status;
            run_.unauthorized = run_.unauthorized || heard.error == errc::unauthorized;
            run_.clock_skew = heard.clock_skew ? heard.clock_skew : run_.clock_skew;
            if (last_ == outcome::farewell || failures_ >= options_.failure_threshold) {
                down_ = true;
                owed_ = event_kind::server_down;
                run_.id = ++outages_;
            }
        }
        return tell(event_kind::check_failed);
    }

    void plan(steady_time from, duration delay, steady_time due) {
        const duration range = jitter_max(options_, delay);
        planned_ = std::clamp(due, from + delay - range, from + delay + range);
    }

    static forest::detail::health_action tell(event_kind what) {
        return {.what = forest::detail::health_action::kind::report, .event = what};
    }

    target_status status() const {
        if (down_)
            return target_status::down;
        if (failures_ > 0)
            return target_status::suspect;
        return heard_ ? target_status::up : target_status::unknown;
    }

    static bool same(const forest::detail::health_action& one,
                     const forest::detail::health_action& other) {
        return one.what == other.what &&
               (one.what != forest::detail::health_action::kind::report ||
                one.event == other.event) &&
               (one.what != forest::detail::health_action::kind::wait ||
                one.delay == other.delay) &&
               (one.what != forest::detail::health_action::kind::check ||
                one.fresh_connection == other.fresh_connection);
    }

    static bool tells(const forest::detail::health_action& one, event_kind what) {
        return one.what == forest::detail::health_action::kind::report && one.event == what;
    }

    // The rule that forbids what was done, or else the one that asks for what was not.
    std::string_view rule_of(const forest::detail::health_action& must,
                             const forest::detail::health_action& did,
                             const forest::detail::health_input& input) const {
        if (ended_)
            return input.what == forest::detail::health_input::kind::started ? "B15" : "B14";
        if (did.what == forest::detail::health_action::kind::finished)
            return "B15";
        if (in_flight_ && must.what == forest::detail::health_action::kind::none &&
            did.what == forest::detail::health_action::kind::check)
            return "B2";
        if (must.what == forest::detail::health_action::kind::none ||
            tells(must, event_kind::started))
            return "B13";
        if (tells(did, event_kind::server_down))
            return "B7";
        if (tells(did, event_kind::server_up))
            return "B8";
        if (tells(must, event_kind::server_down))
            return last_ == outcome::farewell ? "B9" : "B7";
        if (tells(must, event_kind::server_up))
            return "B8";
        if (last_ == outcome::farewell && tells(must, event_kind::check_failed))
            return "B9";
        if (last_ == outcome::inconclusive || tells(did, event_kind::check_inconclusive) ||
            (must.what == forest::detail::health_action::kind::check &&
             did.what == forest::detail::health_action::kind::check))
            return "B12";
        if (tells(must, event_kind::check_started) &&
            did.what == forest::detail::health_action::kind::check)
            return "B10";
        if (input.what == forest::detail::health_input::kind::reply)
            return "B6";
        return last_ == outcome::failure || last_ == outcome::farewell ? "B3" : "B1";
    }

    std::string_view rule_of_status(target_status told) const {
        if (down_)
            return last_ == outcome::farewell ? "B9" : last_ == outcome::success ? "B8" : "B7";
        return told == target_status::down && last_ != outcome::success ? "B7" : "B8";
    }

    std::optional<breach> compare(const outage& told) const {
        const auto about = [](std::string_view rule, std::string_view what) {
            return breach{rule, "the outage is told with another " + std::string{what}};
        };
        if (told.id != run_.id)
            return about("B8", "id");
        if (told.first_failure != run_.first_failure ||
            told.first_failed_at != run_.first_failed_at)
            return about("B8", "first failure");
        if (told.failures != run_.failures)
            return about("B8", "number of failures");
        if (told.last_error != run_.last_error || told.last_status != run_.last_status)
            return about(last_ == outcome::farewell ? "B9" : "B8", "last error");
        if (told.unauthorized != run_.unauthorized || told.clock_skew != run_.clock_skew)
            return about("B11", "reason");
        if (told.ended_after != run_.ended_after)
            return about("B8", "length");
        return std::nullopt;
    }

    static constexpr duration delay_min = std::chrono::milliseconds{1}; // See backoff.md.

    options options_;
    [[no_unique_address]] Backoff backoff_;
    bool begun_ = false;
    bool first_ = false; // the first check is not planned yet
    bool ended_ = false;
    bool announced_ = false; // a check is announced and will be asked for next
    bool in_flight_ = false;
    bool late_ = false;  // the check that is under way was woken late
    bool heard_ = false; // something that counts
    bool down_ = false;
    outcome last_ = outcome::none;
    std::optional<event_kind> owed_; // the change of status that is to be told next
    int doubts_ = 0;                 // in a row, while the name service does not answer
    int failures_ = 0;
    int successes_ = 0; // consecutive ones since the last failure, while down
    int attempts_ = 0;
    std::uint64_t outages_ = 0;
    steady_time planned_{}; // for when the check that is next or under way was planned
    steady_time asked_at_{};
    outage run_{}; // the present run of failures, or the last one
};

} // namespace forest::sim

#endif
