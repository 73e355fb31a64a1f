// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_MACHINE_RULES_HPP
#define FOREST_SIM_EXPLORE_MACHINE_RULES_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/sim/explore/stimulus.hpp>
#include <forest/sim/trace/violation.hpp>

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

// The rules B1–B3, B6–B15, B24 and B25 for one health_machine, written a second time from
// BEHAVIOUR.md. The machine has phases. This class instead keeps the history of the machine: the
// answers that came, the reports that were made, and the reports that are still due. At each step
// it computes the only action that the rules allow.

namespace forest::inline FOREST_FORM::sim {

/// Compares each step of one machine with the rules. A value; not thread-safe.
template <std::regular_invocable<int, duration> Backoff>
class machine_rules {
public:
    /// The options and the backoff of the machine.
    machine_rules(const options& settings, const Backoff& backoff)
        : options_{settings}, backoff_{backoff} {}

    /// Judges a step that was made at `now`: `action` is what `subject` returned for `input`. Do
    /// not use the object after a violation.
    template <typename Machine>
    [[nodiscard]] std::optional<violation> judge(const Machine& subject, const health_input& input,
                                                 const health_action& action, steady_time now) {
        const auto broken = [now](std::string_view rule, std::string explanation) {
            return violation{std::string{rule}, std::move(explanation), now.time_since_epoch()};
        };
        const health_action allowed = expect(input, now, subject.due());
        if (!same(allowed, action))
            return broken(rule_of(allowed, action, input),
                          to_string(action) + ", expected " + to_string(allowed));
        if (subject.status() != status())
            return broken(rule_of_status(subject.status()),
                          "the status is " + std::string{name(subject.status())} + ", and not " +
                              std::string{name(status())});
        if (subject.failures() != failures_)
            return broken(last_ == check_result::inconclusive ? "B12" : "B6",
                          "failures are " + std::to_string(subject.failures()) + ", and not " +
                              std::to_string(failures_));
        if (subject.patient() != patient_)
            return broken("B12", patient_ ? "the next check has no more time than usual"
                                          : "the next check has more time than usual");
        if (subject.attempt() != attempts_)
            return broken("B10", "the attempt is " + std::to_string(subject.attempt()) +
                                     ", and not " + std::to_string(attempts_));
        if (allowed.kind == action_kind::report &&
            (allowed.event == event_kind::server_down || allowed.event == event_kind::server_up))
            if (const auto [rule, part] = compare(subject.outage()); !rule.empty())
                return broken(rule, "the outage is reported with another " + std::string{part});
        return std::nullopt;
    }

    /// The state that decides further judgements, without the state of the machine; compare
    /// `health_machine::state`. Times and ids of outages are only kept for reports. So instead of
    /// them, the state has their differences between the machine and this object.
    template <typename Machine>
    [[nodiscard]] auto state(const Machine& subject, steady_time now, int counted_to) const {
        const outage& kept = subject.outage();
        return std::make_tuple(
            last_, begun_, first_, ended_, in_flight_, sent_again_, announced_, owed_, grade_owed_,
            degraded_, late_, patient_, down_, counted_, doubts_, std::min(failures_, counted_to),
            std::min(successes_, counted_to),
            begun_ && !first_ && !ended_ ? planned_ - now : duration::zero(),
            static_cast<std::int64_t>(kept.id - outages_), kept.first_failure - run_.first_failure,
            kept.first_failed_at - run_.first_failed_at, kept.failures - run_.failures,
            std::min(run_.failures, counted_to), kept.last_error, run_.last_error,
            kept.last_status - run_.last_status, kept.unauthorized, run_.unauthorized,
            kept.clock_skew, run_.clock_skew, kept.ended_after == run_.ended_after,
            run_.ended_after.has_value());
    }

private:
    enum class check_result : std::uint8_t { none, success, failure, farewell, inconclusive };

    // The only action that the rules allow. `due` is when the machine plans its next check; where
    // the rules allow a range of random delays, the machine's choice is used.
    health_action expect(const health_input& input, steady_time now, steady_time due) {
        using kind = input_kind;
        ended_ = ended_ || input.kind == kind::stopped;
        if (ended_)
            return {.kind = action_kind::finished};
        if (input.kind == kind::started && !std::exchange(begun_, true)) {
            first_ = true;
            return report(event_kind::started);
        }
        if (!begun_ || input.kind == kind::started) // A second start changes nothing (B13).
            return {};
        if (input.kind == kind::reply)
            return end_check(*input.result, input.late, now, due);
        if (input.kind == kind::woke)
            return wake(now);
        if (input.kind == kind::unsent) { // The same check, once, over a fresh connection.
            if (std::exchange(sent_again_, true))
                return {};
            late_ = late_ || input.late;
            return {.kind = action_kind::check, .fresh_connection = true};
        }
        if (std::exchange(announced_, false)) {
            in_flight_ = true;
            return {.kind = action_kind::check,
                    .fresh_connection = last_ == check_result::inconclusive};
        }
        if (owed_)
            return report(*std::exchange(owed_, std::nullopt));
        if (std::exchange(grade_owed_, false))
            return report(degraded_ ? event_kind::server_degraded : event_kind::degraded_ended);
        if (std::exchange(first_, false))
            planned_ = std::clamp(due, now, now + options_.initial_delay_max);
        if (planned_ > now)
            return {.kind = action_kind::wait, .delay = planned_ - now};
        planned_ = now; // An overrun moves the schedule; missed checks are left out (B1).
        return announce();
    }

    // A wake-up that is a little late does not change the schedule (B1: the interval is kept). A
    // wake-up that is very late changes it, and makes the check doubtful (B12: a stalled client
    // counts no failures).
    health_action wake(steady_time now) {
        const duration late = now - planned_;
        late_ = late > options_.stall_tolerance;
        if (late_ || late >= options_.interval)
            planned_ = now;
        return announce();
    }

    health_action announce() {
        attempts_ = last_ == check_result::success ? 1 : attempts_ + 1;
        announced_ = true;
        return report(event_kind::check_started);
    }

    // A failure is doubtful if this process was late, or if the name service did not answer. It is
    // inconclusive, until there were too many of them in a row.
    health_action end_check(const verdict& result, bool was_late, steady_time now,
                            steady_time due) {
        const bool late = std::exchange(late_, false) || was_late;
        in_flight_ = sent_again_ = false;
        if (result.healthy())
            return succeed(result, now, due);
        const bool repeated = last_ == check_result::inconclusive;
        last_ = check_result::inconclusive;
        if (result.error == errc::local_resources_exhausted) {
            planned_ = repeated ? now + std::chrono::milliseconds{50} : now;
            return report(event_kind::check_inconclusive);
        }
        if (result.error == errc::probe_failed) {
            plan(now, options_.interval, due);
            return report(event_kind::check_inconclusive);
        }
        const bool unresolved = result.error == errc::resolver_unavailable;
        const bool farewell = result.error == errc::stopping;
        if (!unresolved && (farewell || !late)) {
            resolve_doubts();
        } else if (doubts_ < options_.doubt_max) {
            ++doubts_;
            patient_ = !unresolved && doubts_ == options_.doubt_max;
            planned_ = now;
            if (unresolved)
                plan(now, std::max<duration>(backoff_(doubts_, options_.interval), delay_min), due);
            return report(event_kind::check_inconclusive);
        }
        last_ = farewell ? check_result::farewell : check_result::failure;
        return fail(result, now, due);
    }

    health_action succeed(const verdict& result, steady_time now, steady_time due) {
        resolve_doubts();
        last_ = check_result::success;
        counted_ = true;
        failures_ = 0;
        plan(planned_, options_.interval, due);
        if (down_ && ++successes_ == options_.success_threshold) {
            down_ = false;
            owed_ = event_kind::server_up;
            run_.ended_after = now - run_.first_failed_at;
        }
        grade_owed_ = !down_ && result.degraded != degraded_;
        degraded_ = !down_ && result.degraded;
        return report(event_kind::check_succeeded);
    }

    health_action fail(const verdict& result, steady_time now, steady_time due) {
        counted_ = true;
        ++failures_;
        successes_ = 0;
        plan(now, std::max<duration>(backoff_(failures_, options_.interval), delay_min), due);
        if (!down_) {
            if (failures_ == 1)
                run_ = {.first_failure = result.ended_at, .first_failed_at = now};
            run_.failures = failures_;
            run_.last_error = result.error == errc::resolver_unavailable
                                  ? make_error_code(errc::resolve_failed)
                                  : result.error;
            run_.last_status = result.status;
            run_.unauthorized = run_.unauthorized || result.error == errc::unauthorized;
            run_.clock_skew = result.clock_skew ? result.clock_skew : run_.clock_skew;
            if (last_ == check_result::farewell || failures_ >= options_.failure_threshold) {
                down_ = true;
                degraded_ = false;
                owed_ = event_kind::server_down;
                run_.id = ++outages_;
            }
        }
        return report(event_kind::check_failed);
    }

    void resolve_doubts() {
        doubts_ = 0;
        patient_ = false;
    }

    void plan(steady_time start, duration delay, steady_time due) {
        const duration range = jitter_max(options_, delay);
        planned_ = std::clamp(due, start + delay - range, start + delay + range);
    }

    static health_action report(event_kind event) {
        return {.kind = action_kind::report, .event = event};
    }

    target_status status() const {
        if (down_)
            return target_status::down;
        if (failures_ > 0)
            return target_status::suspect;
        return counted_ ? target_status::up : target_status::unknown;
    }

    static bool same(const health_action& left, const health_action& right) {
        if (left.kind != right.kind)
            return false;
        switch (left.kind) {
        case action_kind::report: return left.event == right.event;
        case action_kind::wait: return left.delay == right.delay;
        case action_kind::check: return left.fresh_connection == right.fresh_connection;
        default: return true;
        }
    }

    static bool reports(const health_action& action, event_kind event) {
        return action.kind == action_kind::report && action.event == event;
    }

    // Returns the rule that forbids the action. If there is none, returns the rule that requires
    // the allowed action.
    std::string_view rule_of(const health_action& allowed, const health_action& action,
                             const health_input& input) const {
        if (ended_)
            return input.kind == input_kind::started ? "B15" : "B14";
        if (action.kind == action_kind::finished)
            return "B15";
        if (in_flight_ && allowed.kind == action_kind::none && action.kind == action_kind::check)
            return "B2";
        if (allowed.kind == action_kind::none || reports(allowed, event_kind::started))
            return "B13";
        for (const event_kind grade : {event_kind::server_degraded, event_kind::degraded_ended})
            if (reports(action, grade) || reports(allowed, grade))
                return "B25";
        if (reports(action, event_kind::server_down))
            return "B7";
        if (reports(action, event_kind::server_up))
            return "B8";
        if (reports(allowed, event_kind::server_down))
            return last_ == check_result::farewell ? "B9" : "B7";
        if (reports(allowed, event_kind::server_up))
            return "B8";
        if (last_ == check_result::farewell && reports(allowed, event_kind::check_failed))
            return "B9";
        if (last_ == check_result::inconclusive ||
            reports(action, event_kind::check_inconclusive) ||
            (allowed.kind == action_kind::check && action.kind == action_kind::check))
            return "B12";
        if (reports(allowed, event_kind::check_started) && action.kind == action_kind::check)
            return "B10";
        if (input.kind == input_kind::reply)
            return "B6";
        return last_ == check_result::failure || last_ == check_result::farewell ? "B3" : "B1";
    }

    std::string_view rule_of_status(target_status reported) const {
        if (down_)
            return last_ == check_result::farewell  ? "B9"
                   : last_ == check_result::success ? "B8"
                                                    : "B7";
        return reported == target_status::down && last_ != check_result::success ? "B7" : "B8";
    }

    // Returns the rule that the reported outage breaks, and the wrong part of the outage; empty if
    // it is right.
    std::pair<std::string_view, std::string_view> compare(const outage& reported) const {
        if (reported.id != run_.id)
            return {"B8", "id"};
        if (reported.first_failure != run_.first_failure ||
            reported.first_failed_at != run_.first_failed_at)
            return {"B8", "first failure"};
        if (reported.failures != run_.failures)
            return {"B8", "number of failures"};
        if (reported.last_error != run_.last_error || reported.last_status != run_.last_status)
            return {last_ == check_result::farewell ? "B9" : "B8", "last error"};
        if (reported.unauthorized != run_.unauthorized || reported.clock_skew != run_.clock_skew)
            return {"B11", "reason"};
        if (reported.ended_after != run_.ended_after)
            return {"B8", "length"};
        return {};
    }

    static constexpr duration delay_min = std::chrono::milliseconds{1}; // See backoff.md.

    options options_;
    [[no_unique_address]] Backoff backoff_;
    bool begun_ = false;
    bool first_ = false; // the first check is not planned yet
    bool ended_ = false;
    bool announced_ = false; // check_started is reported, and the check comes next
    bool in_flight_ = false;
    bool sent_again_ = false; // the check in flight, over a fresh connection
    bool late_ = false;       // a wake-up for the check in flight was late
    bool patient_ = false;    // the next check is to have more time, and its failure counts
    bool counted_ = false;    // there was a success or a failure
    bool down_ = false;
    bool degraded_ = false;   // the last success had a warning (B25)
    bool grade_owed_ = false; // that is new, and to be reported after `owed_`
    check_result last_ = check_result::none;
    std::optional<event_kind> owed_; // the change of status to be reported next
    int doubts_ = 0;                 // consecutive checks with a doubtful failure
    int failures_ = 0;
    int successes_ = 0; // consecutive ones since the last failure, while down
    int attempts_ = 0;
    std::uint64_t outages_ = 0;
    steady_time planned_{}; // the planned time of the next check or the one in flight
    outage run_{};          // the current run of failures, or the last one
};

} // namespace forest::inline FOREST_FORM::sim

#endif
