// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_HEALTH_MACHINE_HPP
#define FOREST_CORE_DETAIL_LOGIC_HEALTH_MACHINE_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/logic/check_watch.hpp>
#include <forest/core/detail/logic/health_steps.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <cassert>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

// The whole logic of one target as a value. It only decides, and never acts: it has no clock, no
// socket, no callback and no allocation. So the client, the fleet and the simulation make the same
// decisions, and a test can copy it.

namespace forest::inline FOREST_FORM::detail {

/// The rules of a machine. They never change, so that many machines may share them.
template <std::regular_invocable<int, duration> Backoff>
struct health_rules {
    forest::options options; ///< must be valid
    [[no_unique_address]] Backoff backoff;
};

/// A type that holds health_rules, or refers to them like a std::reference_wrapper.
template <typename T, typename Backoff>
concept holds_rules = requires(const T& held) {
    { held } -> std::convertible_to<const health_rules<Backoff>&>;
};

/// The data of a run of failures: an outage without its target. The driver of the machine knows the
/// target, and a fleet of 100,000 targets should not store it twice.
struct failure_run {
    std::uint64_t outage_id = 0; ///< of the last outage
    wall_time first_failure{};
    steady_time first_failed_at{};
    int failures = 0;
    int last_status = 0;
    std::error_code last_error{};
    std::optional<std::chrono::seconds> clock_skew{};
    std::optional<duration> ended_after{};
    bool unauthorized = false;
    bool signature_sent = false;
};

/// The state of one target. Pass each input to `step`, and perform the action that it returns:
///
///     health_action next = machine.step(input, now);
///     while (next.kind == health_action_kind::report) {
///         report(next.event);
///         next = machine.step(health_input::reported(), now);
///     }
///
/// Read the clock again for every step, so that a slow observer does not shift the schedule. Not
/// thread-safe.
///
/// By default the machine owns its `Rules`. Shared rules must outlive it.
template <std::regular_invocable<int, duration> Backoff,
          holds_rules<Backoff> Rules = health_rules<Backoff>>
class health_machine {
public:
    /// `settings` must be valid. `random` varies the initial delay and the jitter.
    health_machine(const options& settings, const Backoff& backoff,
                   random_generator random) noexcept
        : health_machine{health_rules<Backoff>{settings, backoff}, random} {}

    /// Makes a machine with rules that other machines may share.
    health_machine(const Rules& rules, random_generator random) noexcept
        : rules_{rules}, random_{random} {
        assert(options().valid());
    }

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        using kind = health_input_kind;
        if (input.kind == kind::stopped)
            phase_ = phase::finished;
        // A second start changes nothing, in any phase (B13: no second loop).
        if (input.kind == kind::started && phase::idle < phase_ && phase_ < phase::finished)
            return {};
        if (input.kind == kind::hurried)
            return hurry(input.delay, now);
        switch (phase_) {
        case phase::idle:
            if (input.kind != kind::started)
                return {};
            due_ = now + first_delay() + input.delay;
            return report(phase::announcing, event_kind::started);
        case phase::announcing: assert(input.kind == kind::reported); return proceed(now);
        case phase::waiting: assert(input.kind == kind::woke); return wake(now);
        case phase::beginning:
            assert(input.kind == kind::reported);
            phase_ = phase::checking;
            if (options().hold != duration::zero()) [[unlikely]]
                return {.kind = health_action_kind::check,
                        .fresh_connection = fresh_connection_,
                        .hold = begin_held(now)};
            checked_at_ = now;
            return {.kind = health_action_kind::check, .fresh_connection = fresh_connection_};
        case phase::checking:
            if (input.kind == kind::launched)
                return launch(now);
            if (input.kind == kind::rerouted)
                return reroute(now);
            if (input.kind == kind::unsent)
                return send_again(input.late);
            assert(input.kind == kind::reply && input.result != nullptr);
            return conclude(*input.result, input.late, input.offer, now);
        case phase::judged:
            assert(input.kind == kind::reported);
            if (transition_ == transition::none)
                return proceed(now);
            return report(phase::transitioning, next_change());
        case phase::transitioning:
            assert(input.kind == kind::reported);
            if (transition_ != transition::graded)
                return proceed(now);
            return report(phase::transitioning, next_change());
        case phase::finished: break;
        }
        return {.kind = health_action_kind::finished};
    }

    [[nodiscard]] target_status status() const noexcept { return status_; }

    /// Returns the number of checks that have begun since the last success, including the present
    /// one (B10).
    [[nodiscard]] int attempt() const noexcept { return attempt_; }

    /// Returns the number of consecutive failures that count (B6).
    [[nodiscard]] int failures() const noexcept { return failures_; }

    /// Returns the number of checks in a row that were inconclusive because this process was late
    /// or the name service did not answer (B12), at most `doubt_max`.
    [[nodiscard]] int doubts() const noexcept { return doubts_; }

    /// Returns the present run of failures. It is an outage if the status is down. While
    /// `server_down` or `server_up` is reported, it is complete except for the target, which a
    /// machine does not know.
    [[nodiscard]] forest::outage outage() const noexcept {
        return {.id = run_.outage_id,
                .first_failure = run_.first_failure,
                .first_failed_at = run_.first_failed_at,
                .failures = run_.failures,
                .last_error = run_.last_error,
                .last_status = run_.last_status,
                .unauthorized = run_.unauthorized,
                .signature_sent = run_.signature_sent,
                .clock_skew = run_.clock_skew,
                .ended_after = run_.ended_after};
    }

    /// Returns whether the target is down and `server_down` was reported before, as in
    /// `event::during_outage`.
    [[nodiscard]] bool during_outage() const noexcept {
        const bool being_reported = phase_ == phase::judged || phase_ == phase::transitioning;
        return status_ == target_status::down &&
               !(being_reported && transition_ == transition::down);
    }

    /// Returns when the next check is due. The value is meaningful only while the machine waits.
    [[nodiscard]] steady_time due() const noexcept { return due_; }

    /// Returns whether the present check may be made again because its connection was closed. The
    /// closed connection of a held check is a hint (B46).
    [[nodiscard]] bool may_send_again() const noexcept { return !sent_again_ && !hold_.held(); }

    /// Returns whether the present check is patient: see check_watch. After many late checks in a
    /// row, the next one gets more time, and its failure counts (B12: doubt has an end).
    [[nodiscard]] bool patient() const noexcept {
        return late_before_ && doubts_ >= options().doubt_max;
    }

    /// Returns the timeout of the first request of a check, or of one that is sent again: both
    /// have one deadline.
    [[nodiscard]] duration timeout(steady_time now) const noexcept {
        return sent_again_ || hold_.follows_hint() ? time_left(now) : whole_timeout();
    }

    /// Returns the timeout of a second request that is sent beside the first one.
    [[nodiscard]] duration time_left(steady_time now) const noexcept {
        return detail::max(whole_timeout() - (now - checked_at_), delay_min);
    }

    /// The check that will end with the next `reply` has brought another schema (B51).
    void brought_news(steady_time now) noexcept {
        if (hold_.held())
            hold_.brought_news(now - checked_at_);
    }

    [[nodiscard]] const forest::options& options() const noexcept { return rules().options; }

    /// Returns the state that decides the next actions, without the options. `sim::explore`
    /// compares and sorts these values to recognise a state that it has seen. Times are relative to
    /// `now` and come last. A count above `counted_to` is returned as `counted_to`; larger counts
    /// must not lead to other decisions.
    [[nodiscard]] constexpr auto state(steady_time now, int counted_to) const noexcept {
        const bool planned = phase::waiting <= phase_ && phase_ < phase::finished;
        return std::make_tuple(
            phase_, status_, transition_, stalled_, succeeded_, fresh_connection_, sent_again_,
            late_before_, degraded_, doubts_, hold_.state(), detail::min(failures_, counted_to),
            detail::min(successes_, counted_to), planned ? due_ - now : duration::zero());
    }

private:
    enum class phase : std::uint8_t {
        idle,
        announcing, // `started` is being reported
        waiting,
        beginning, // `check_started` is being reported
        checking,
        judged,        // the outcome of the check is being reported
        transitioning, // a change of the status, or of `degraded_`, is being reported
        finished,
    };

    enum class transition : std::uint8_t { none, down, up, graded, up_and_graded };

    [[nodiscard]] const health_rules<Backoff>& rules() const noexcept { return rules_; }

    // Returns the next change to report: that of the status comes before that of `degraded_`. It
    // returns no action, because the compiler keeps actions in registers only if it sees where they
    // are made.
    FOREST_COLD event_kind next_change() noexcept {
        switch (transition_) {
        case transition::down: return event_kind::server_down;
        case transition::up: return event_kind::server_up;
        case transition::up_and_graded:
            transition_ = transition::graded;
            return event_kind::server_up;
        default: break;
        }
        transition_ = transition::none;
        return degraded_ ? event_kind::server_degraded : event_kind::degraded_ended;
    }

    health_action report(phase next, event_kind kind) noexcept {
        phase_ = next;
        return {.kind = health_action_kind::report, .event = kind};
    }

    // Waits for the next check, or begins it if it is due. A check is overdue if the last one took
    // longer than the interval. Then the schedule starts again from this check, because missed
    // checks are left out (B1: no burst).
    health_action proceed(steady_time now) noexcept {
        if (due_ > now) {
            phase_ = phase::waiting;
            return {.kind = health_action_kind::wait, .delay = due_ - now};
        }
        due_ = now;
        return begin();
    }

    [[nodiscard]] duration whole_timeout() const noexcept {
        return patient() ? patient_timeout(options()) : options().timeout + hold_.asked();
    }

    // A late wake-up usually does not change the schedule, so delays do not add up. If a whole
    // interval was missed or the process was stalled, a new schedule starts, because two checks in
    // a row show no more than one.
    health_action wake(steady_time now) noexcept {
        const duration late = now - due_;
        stalled_ = late > options().stall_tolerance;
        if (stalled_ || late >= options().interval)
            due_ = now;
        return begin();
    }

    health_action begin() noexcept {
        attempt_ = succeeded_ ? 1 : saturating_increment(attempt_);
        succeeded_ = false;
        return report(phase::beginning, event_kind::check_started);
    }

    // A check that the driver begins late is treated like a late wake-up (B12: its failure is
    // inconclusive).
    health_action launch(steady_time now) noexcept {
        if (sent_again_) // The check has begun before.
            return {};
        const bool follows = hold_.follows_hint(); // Then the check has a deadline already.
        stalled_ = stalled_ || now - (follows ? due_ : checked_at_) > options().stall_tolerance;
        if (!follows)
            checked_at_ = now;
        return {};
    }

    health_action send_again(bool was_late) noexcept {
        if (!may_send_again())
            return {};
        sent_again_ = true;
        stalled_ = stalled_ || was_late;
        return {.kind = health_action_kind::check, .fresh_connection = true};
    }

    // Removes the effect of the present check: the number of attempts is again the number before
    // this check.
    health_action reroute(steady_time now) noexcept {
        succeeded_ = attempt_ == 1;
        attempt_ -= succeeded_ ? 0 : 1;
        stalled_ = false;
        fresh_connection_ = false;
        sent_again_ = false;
        hold_.failed();
        resolve_doubts();
        transition_ = transition::none;
        due_ = now;
        return report(phase::judged, event_kind::health_route_missing);
    }

    health_action hurry(duration delay_max, steady_time now) noexcept {
        if (phase_ != phase::waiting || due_ - now <= delay_max)
            return {};
        due_ = now + delay_max;
        return {.kind = health_action_kind::wait, .delay = delay_max};
    }

    // Inlined, although it is large, because each check of each target runs through it.
    [[gnu::always_inline]] health_action conclude(const verdict& result, bool was_late,
                                                  hold_seconds offer, steady_time now) noexcept {
        transition_ = transition::none;
        sent_again_ = false;
        if (options().hold != duration::zero()) [[unlikely]]
            if (ends_as_hint(result, was_late, offer, now))
                return hint(now);
        was_late = std::exchange(stalled_, false) || was_late;
        const bool repeated = std::exchange(fresh_connection_, false);
        if (result.healthy()) {
            resolve_doubts();
            succeed(now);
            if (result.degraded != degraded_) // Most servers never warn.
                grade(result.degraded);
            if (options().hold != duration::zero()) [[unlikely]]
                hasten(now);
            return report(phase::judged, event_kind::check_succeeded);
        }
        // A lack of resources on this machine says nothing about the server. If two checks in a row
        // lacked a resource, a third check at once would lack it, too.
        if (result.error == errc::local_resources_exhausted)
            return doubt(repeated ? now + shortage_pause : now);
        if (result.error == errc::probe_failed) // So would the next check at once.
            return doubt(now + jittered(options().interval));
        // The server may be healthy although its name could not be looked up, or although this
        // process was late. An announced stop of the server counts even then (B9: the target is
        // down at once).
        const bool unresolved = result.error == errc::resolver_unavailable;
        if (unresolved || (was_late && result.error != errc::stopping)) {
            if (doubts_ < options().doubt_max) {
                ++doubts_;
                late_before_ = !unresolved;
                // A new look-up at once would use a whole core, and add load to a failing name
                // service. So the backoff decides the delay, with the number of doubts instead of
                // failures.
                return doubt(unresolved ? now + jittered(delay_after(doubts_)) : now);
            }
        } else {
            resolve_doubts();
        }
        fail(result, now);
        return report(phase::judged, event_kind::check_failed);
    }

    // -- Held checks --

    // Begins a check that may be held. What follows a hint has the deadline of the held check, so
    // that holding makes no news later (B42).
    FOREST_COLD hold_seconds begin_held(steady_time now) noexcept {
        checked_at_ = hold_.follows_hint() ? detail::min(now, checked_at_ + hold_.asked()) : now;
        return hold_.begin(options());
    }

    // Returns whether the end of the present check does not count, and a plain check follows at
    // once: that of a held check is a hint (B46), or it is a healthy answer that was read late
    // (B49). If there is too little time for a plain check, a hint counts as a failure.
    FOREST_COLD bool ends_as_hint(const verdict& result, bool was_late, hold_seconds offer,
                                  steady_time now) noexcept {
        const duration took = now - checked_at_;
        if (result.healthy()) {
            const bool repeated = hold_.held() && was_late;
            if (repeated)
                hold_.read_late();
            else
                hold_.healthy(options(), offer, took);
            return repeated;
        }
        const duration left = options().timeout + hold_.asked() - took;
        const bool silent = result.error == errc::timed_out && left <= duration::zero();
        const bool own = result.error == errc::local_resources_exhausted ||
                         result.error == errc::probe_failed ||
                         result.error == errc::resolver_unavailable;
        if (!hold_.held() || silent || own) {
            hold_.failed();
            return false;
        }
        if (result.error == errc::stopping) {
            hold_.farewell();
            return false;
        }
        const bool room = left >= options().timeout / 4;
        hold_.closed(options(), took, room);
        return room;
    }

    FOREST_COLD health_action hint(steady_time now) noexcept {
        stalled_ = false;
        return doubt(now);
    }

    // The next check begins at once, as a held one, or at the end of the interval.
    FOREST_COLD void hasten(steady_time now) noexcept {
        if (status_ == target_status::up && hold_.goes_on(due_ > now))
            due_ = detail::min(due_, now);
    }

    // The delay after a failure that other clients may have had at the same moment: a random part
    // of its second half is left out, so that they do not return together (B47).
    FOREST_COLD duration delay_of_return(duration delay) noexcept {
        if (hold_.confirms())
            delay = confirm_delay(options(), failures_, delay);
        return hold_.spreads() ? delay - part(delay / 2, random_.uniform()) : delay;
    }

    health_action doubt(steady_time repeat_at) noexcept {
        fresh_connection_ = true;
        due_ = repeat_at;
        return report(phase::judged, event_kind::check_inconclusive);
    }

    void resolve_doubts() noexcept {
        doubts_ = 0;
        late_before_ = false;
    }

    void succeed(steady_time now) noexcept {
        failures_ = 0;
        succeeded_ = true;
        due_ += jittered(options().interval);
        if (status_ != target_status::down) {
            status_ = target_status::up;
            return;
        }
        successes_ = saturating_increment(successes_);
        if (successes_ < options().success_threshold)
            return;
        status_ = target_status::up;
        run_.ended_after = now - run_.first_failed_at;
        transition_ = transition::up;
    }

    // A server is degraded from its first warning until the first success without one. An outage
    // ends that, too.
    FOREST_COLD void grade(bool degraded) noexcept {
        if (status_ != target_status::up)
            return;
        degraded_ = degraded;
        transition_ =
            transition_ == transition::up ? transition::up_and_graded : transition::graded;
    }

    void fail(const verdict& result, steady_time now) noexcept {
        failures_ = saturating_increment(failures_);
        successes_ = 0;
        due_ = now + jittered(delay_after(failures_));
        if (hold_.spreads()) [[unlikely]]
            due_ = now + delay_of_return(due_ - now);
        if (status_ == target_status::down)
            return;
        if (failures_ == 1) {
            run_ = {.outage_id = run_.outage_id, // of the last outage
                    .first_failure = result.ended_at,
                    .first_failed_at = now};
        }
        status_ = target_status::suspect;
        run_.failures = failures_;
        run_.last_error = counted_error(result.error);
        run_.last_status = result.status;
        run_.signature_sent = result.signature_sent;
        run_.unauthorized |= result.error == errc::unauthorized;
        if (result.clock_skew)
            run_.clock_skew = result.clock_skew;
        if (failures_ >= options().failure_threshold || result.error == errc::stopping) {
            status_ = target_status::down;
            ++run_.outage_id;
            transition_ = transition::down;
            degraded_ = false;
        }
    }

    // A backoff that returns nonsense must not cause a busy loop or an overflow.
    duration delay_after(int failures) const noexcept {
        const duration delay = rules().backoff(failures, options().interval);
        assert(delay > duration::zero());
        return detail::clamp(delay, delay_min, forest::options::duration_max);
    }

    duration first_delay() noexcept {
        return options().initial_delay_max == duration::zero()
                   ? duration::zero()
                   : part(options().initial_delay_max, random_.uniform());
    }

    duration jittered(duration delay) noexcept {
        const duration range = jitter_max(options(), delay);
        return range == duration::zero() ? delay
                                         : delay - range + part(2 * range, random_.uniform());
    }

    static constexpr duration part(duration whole, double share) noexcept {
        return duration{static_cast<duration::rep>(static_cast<double>(whole.count()) * share)};
    }

    // A target that is down for years must not come back because a counter wrapped.
    static constexpr int saturating_increment(int count) noexcept {
        return count == count_max ? count : count + 1;
    }

    static constexpr duration delay_min = std::chrono::milliseconds{1};
    static constexpr duration shortage_pause = std::chrono::milliseconds{50};
    static constexpr int count_max = std::numeric_limits<int>::max();

    Rules rules_;
    phase phase_ = phase::idle;
    target_status status_ = target_status::unknown;
    transition transition_ = transition::none;
    bool stalled_ = false;
    bool succeeded_ = false;
    bool fresh_connection_ = false;
    bool sent_again_ : 1 = false;  // the present check, over a fresh connection
    bool late_before_ : 1 = false; // the last of the doubts was because of lateness
    bool degraded_ : 1 = false;    // the last successful check had a warning
    std::uint8_t doubts_ = 0;      // checks in a row that were inconclusive
    hold_state hold_;
    random_generator random_;
    int attempt_ = 0;
    int failures_ = 0;
    int successes_ = 0;
    steady_time due_{};
    steady_time checked_at_{};
    failure_run run_{};
};

} // namespace forest::inline FOREST_FORM::detail

#endif
