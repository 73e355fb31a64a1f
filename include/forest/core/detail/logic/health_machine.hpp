// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_HEALTH_MACHINE_HPP
#define FOREST_CORE_DETAIL_LOGIC_HEALTH_MACHINE_HPP

#include <forest/core/detail/logic/health_steps.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

// The whole logic of one target as a value. It decides and never acts: no clock, no socket, no
// callback and no allocation, so the client, the fleet and the simulator run the very same
// decisions, and a test can copy it.

namespace forest::detail {

/// The rules of a machine. They never change, so that many machines may share them.
template <std::regular_invocable<int, duration> Backoff>
struct health_rules {
    forest::options options; ///< must be valid
    [[no_unique_address]] Backoff backoff;
};

/// A type that keeps such rules, or refers to them as a std::reference_wrapper does.
template <typename T, typename Backoff>
concept holds_rules = requires(const T& held) {
    { held } -> std::convertible_to<const health_rules<Backoff>&>;
};

/// What a machine keeps of a run of failures: an outage less its target, which the driver of the
/// machine knows, and which a fleet of a hundred thousand should not keep twice.
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

/// One target's state. Give it each input and do what the returned action says:
///
///     for (health_action next = machine.step(input, now); next.what == report; next =
///     machine.step(reported, now))
///         tell(next.event);
///
/// Read the clock again for every step, so that a slow observer does not shift the schedule. Not
/// thread-safe.
///
/// By default the machine owns its `Rules`. Shared rules must outlive it.
template <std::regular_invocable<int, duration> Backoff,
          holds_rules<Backoff> Rules = health_rules<Backoff>>
class health_machine {
public:
    /// `settings` must be valid. `random` spreads the first check and jitters the delays.
    health_machine(const options& settings, const Backoff& backoff,
                   random_generator random) noexcept
        : health_machine{health_rules<Backoff>{settings, backoff}, random} {}

    /// The same by rules that it may share.
    health_machine(const Rules& rules, random_generator random) noexcept
        : rules_{rules}, random_{random} {
        assert(options().valid());
    }

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        using kind = health_input::kind;
        if (input.what == kind::stopped)
            phase_ = phase::finished;
        // Started twice is started once, whatever is under way (B13).
        if (input.what == kind::started && phase::idle < phase_ && phase_ < phase::finished)
            return {};
        if (input.what == kind::hurried)
            return hurry(input.after, now);
        switch (phase_) {
        case phase::idle:
            if (input.what != kind::started)
                return {};
            due_ = now + first_delay() + input.after;
            return report(phase::announcing, event_kind::started);
        case phase::announcing: assert(input.what == kind::reported); return proceed(now);
        case phase::waiting: assert(input.what == kind::woke); return wake(now);
        case phase::beginning:
            assert(input.what == kind::reported);
            phase_ = phase::checking;
            checked_at_ = now;
            return {.what = health_action::kind::check, .fresh_connection = fresh_connection_};
        case phase::checking:
            if (input.what == kind::launched)
                return launch(now);
            if (input.what == kind::rerouted)
                return reroute(now);
            assert(input.what == kind::reply && input.result != nullptr);
            return conclude(*input.result, now);
        case phase::judged:
            assert(input.what == kind::reported);
            if (transition_ == transition::none)
                return proceed(now);
            return report(phase::transitioning, transition_ == transition::down
                                                    ? event_kind::server_down
                                                    : event_kind::server_up);
        case phase::transitioning: assert(input.what == kind::reported); return proceed(now);
        case phase::finished: break;
        }
        return {.what = health_action::kind::finished};
    }

    [[nodiscard]] target_status status() const noexcept { return status_; }

    /// Checks begun since the last success, the present one included (B10).
    [[nodiscard]] int attempt() const noexcept { return attempt_; }

    /// Consecutive failures that count (B6).
    [[nodiscard]] int failures() const noexcept { return failures_; }

    /// Checks in a row for which the name service did not answer, up to `doubt_max` (B12).
    [[nodiscard]] int doubts() const noexcept { return doubts_; }

    /// The present run of failures, which is an outage once the status is down. Complete while
    /// `server_down` or `server_up` is being reported, but for the target, which a machine does not
    /// know.
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

    /// Whether the target is down and that has been reported, in words of `event::during_outage`.
    [[nodiscard]] bool during_outage() const noexcept {
        const bool told_now = phase_ == phase::judged || phase_ == phase::transitioning;
        return status_ == target_status::down && !(told_now && transition_ == transition::down);
    }

    /// When the next check is due; meaningful while the machine waits.
    [[nodiscard]] steady_time due() const noexcept { return due_; }

    [[nodiscard]] const forest::options& options() const noexcept { return rules().options; }

    /// All on which its decisions depend, but for what it was made from, as a value to compare and
    /// to order: by it `sim::explore` knows a state again. Times are relative to `now` and come
    /// last. A count above `counted_to` is answered as that; larger ones must decide nothing else.
    [[nodiscard]] constexpr auto state(steady_time now, int counted_to) const noexcept {
        const bool planned = phase::waiting <= phase_ && phase_ < phase::finished;
        return std::make_tuple(phase_, status_, transition_, stalled_, succeeded_,
                               fresh_connection_, doubts_, std::min(failures_, counted_to),
                               std::min(successes_, counted_to),
                               planned ? due_ - now : duration::zero(),
                               phase_ == phase::checking ? now - checked_at_ : duration::zero());
    }

private:
    enum class phase : std::uint8_t {
        idle,
        announcing, // `started` is being reported
        waiting,
        beginning, // `check_started` is being reported
        checking,
        judged,        // the outcome of the check is being reported
        transitioning, // the change of status is being reported
        finished,
    };

    enum class transition : std::uint8_t { none, down, up };

    [[nodiscard]] const health_rules<Backoff>& rules() const noexcept { return rules_; }

    health_action report(phase next, event_kind kind) noexcept {
        phase_ = next;
        return {.what = health_action::kind::report, .event = kind};
    }

    // Waits for the next check, or begins it when it is due. A check that is overdue because the
    // last one took longer than the interval becomes the origin of the schedule: nothing is caught
    // up (B1).
    health_action proceed(steady_time now) noexcept {
        if (due_ > now) {
            phase_ = phase::waiting;
            return {.what = health_action::kind::wait, .delay = due_ - now};
        }
        due_ = now;
        return begin();
    }

    // A late wake-up keeps the schedule, so that lateness does not add up, unless a whole interval
    // was missed or the process was stalled: then a new schedule starts, because two checks in a
    // row bring no new knowledge.
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

    // A check that its driver begins late says as little as a wake-up that comes late (B12).
    health_action launch(steady_time now) noexcept {
        stalled_ = stalled_ || now - checked_at_ > options().stall_tolerance;
        checked_at_ = now;
        return {};
    }

    // As if the check had not been: the attempt before it is the last one again.
    health_action reroute(steady_time now) noexcept {
        succeeded_ = attempt_ == 1;
        attempt_ -= succeeded_ ? 0 : 1;
        stalled_ = false;
        fresh_connection_ = false;
        doubts_ = 0;
        transition_ = transition::none;
        due_ = now;
        return report(phase::judged, event_kind::health_route_missing);
    }

    health_action hurry(duration within, steady_time now) noexcept {
        if (phase_ != phase::waiting || due_ - now <= within)
            return {};
        due_ = now + within;
        return {.what = health_action::kind::wait, .delay = within};
    }

    health_action conclude(const verdict& result, steady_time now) noexcept {
        transition_ = transition::none;
        // A server that could not be looked for may be well. To ask again at once would burn a
        // core, and press a name service that is in trouble, so the backoff counts doubts as it
        // counts failures.
        const bool in_doubt = result.error == errc::resolver_unavailable;
        if (in_doubt && doubts_ < options().doubt_max) {
            ++doubts_;
            stalled_ = false;
            fresh_connection_ = true;
            due_ = now + jittered(delay_after(doubts_));
            return report(phase::judged, event_kind::check_inconclusive);
        }
        // The deadline of a check is a wake-up too: one that comes late finds a process that was
        // stalled.
        const bool overran = now - checked_at_ > options().timeout + options().stall_tolerance;
        // A farewell of the server counts, however late this process is (B9: a server that stops
        // says so). A lack of this machine says nothing about the server.
        const bool lacking = result.error == errc::local_resources_exhausted;
        const bool inconclusive =
            !result.healthy() && result.error != errc::stopping && (stalled_ || overran || lacking);
        stalled_ = false;
        if (!in_doubt && !lacking)
            doubts_ = 0;
        const bool repeated = std::exchange(fresh_connection_, inconclusive);
        if (inconclusive) {
            // What two checks in a row lacked, a third at once would lack, too.
            due_ = lacking && repeated ? now + shortage_pause : now;
            return report(phase::judged, event_kind::check_inconclusive);
        }
        if (result.healthy())
            succeed(now);
        else
            fail(result, now);
        return report(phase::judged,
                      result.healthy() ? event_kind::check_succeeded : event_kind::check_failed);
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

    void fail(const verdict& result, steady_time now) noexcept {
        failures_ = saturating_increment(failures_);
        successes_ = 0;
        due_ = now + jittered(delay_after(failures_));
        if (status_ == target_status::down)
            return;
        if (failures_ == 1) {
            run_ = {.outage_id = run_.outage_id, // of the last one
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
        }
    }

    // A backoff that returns nonsense must cause neither a busy loop nor an overflow.
    duration delay_after(int failures) const noexcept {
        const duration delay = rules().backoff(failures, options().interval);
        assert(delay > duration::zero());
        return std::clamp(delay, delay_min, forest::options::duration_max);
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
    std::uint8_t doubts_ = 0; // checks in a row for which the name service did not answer
    random_generator random_;
    int attempt_ = 0;
    int failures_ = 0;
    int successes_ = 0;
    steady_time due_{};
    steady_time checked_at_{};
    failure_run run_{};
};

} // namespace forest::detail

#endif
