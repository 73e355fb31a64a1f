// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_EXPLORE_BROKEN_MACHINES_HPP
#define FOREST_TESTS_SIM_EXPLORE_BROKEN_MACHINES_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

// Machines with the interface of the real one and one planted bug each. State that a bug needs on
// top of the real state is part of `state`.

namespace broken {

using real_machine = forest::detail::health_machine<forest::exponential_backoff>;
using forest::duration;
using forest::errc;
using forest::event_kind;
using forest::steady_time;
using forest::detail::health_action;
using forest::detail::health_action_kind;
using forest::detail::health_input;
using forest::detail::health_input_kind;

// An explicit instantiation may name private members. So the bugs are planted into the real
// machine, which opens nothing for them.
int& failures_of(real_machine& subject);
forest::detail::failure_run& run_of(real_machine& subject);
steady_time& due_of(real_machine& subject);

template <auto Failures, auto Run, auto Due>
struct opened {
    friend int& failures_of(real_machine& subject) { return subject.*Failures; }
    friend forest::detail::failure_run& run_of(real_machine& subject) { return subject.*Run; }
    friend steady_time& due_of(real_machine& subject) { return subject.*Due; }
};

template struct opened<&real_machine::failures_, &real_machine::run_, &real_machine::due_>;

inline bool tells(const health_action& next, event_kind what) {
    return next.kind == health_action_kind::report && next.event == what;
}

inline health_action telling(event_kind what) {
    return {.kind = health_action_kind::report, .event = what};
}

// Decides by other options than those of the test.
class misled : public real_machine {
public:
    misled(const forest::options& shown, const forest::options& used,
           const forest::exponential_backoff& backoff, forest::random_generator random) noexcept
        : real_machine{used, backoff, random}, shown_{shown} {}

    [[nodiscard]] const forest::options& options() const noexcept { return shown_; }

private:
    forest::options shown_;
};

// Thresholds off by one.
template <int Failures, int Successes>
class threshold_off_by : public misled {
public:
    threshold_off_by(forest::options settings, const forest::exponential_backoff& backoff,
                     forest::random_generator random) noexcept
        : misled{settings, off(settings), backoff, random} {}

private:
    static forest::options off(forest::options settings) noexcept {
        settings.failure_threshold = std::max(1, settings.failure_threshold + Failures);
        settings.success_threshold = std::max(1, settings.success_threshold + Successes);
        return settings;
    }
};

using down_one_early = threshold_off_by<-1, 0>;
using down_one_late = threshold_off_by<1, 0>;
using up_one_early = threshold_off_by<0, -1>;
using up_one_late = threshold_off_by<0, 1>;

// Counts failures although this process was late.
class stall_counted : public misled {
public:
    stall_counted(forest::options settings, const forest::exponential_backoff& backoff,
                  forest::random_generator random) noexcept
        : misled{settings, never_stalled(settings), backoff, random} {}

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        input.late = false;
        return misled::step(input, now);
    }

private:
    static forest::options never_stalled(forest::options settings) noexcept {
        settings.stall_tolerance = forest::options::duration_max;
        return settings;
    }
};

// Accepts one inconclusive check in a row more, or fewer, than the options allow.
template <int By>
class doubt_off_by : public misled {
public:
    doubt_off_by(forest::options settings, const forest::exponential_backoff& backoff,
                 forest::random_generator random) noexcept
        : misled{settings, off(settings), backoff, random} {}

private:
    static forest::options off(forest::options settings) noexcept {
        settings.doubt_max += By;
        return settings;
    }
};

using doubt_ends_early = doubt_off_by<-1>;
using doubt_ends_late = doubt_off_by<1>;

// Counts failures from the beginning, not from the last success.
class counter_not_reset : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const int before = failures();
        const health_action next = real_machine::step(input, now);
        if (tells(next, event_kind::check_succeeded))
            failures_of(*this) = before;
        return next;
    }
};

// Reports each outage twice.
class down_reported_twice : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const bool again = std::exchange(told_, false);
        if (again && input.kind == health_input_kind::reported)
            return telling(event_kind::server_down);
        const health_action next = real_machine::step(input, now);
        told_ = tells(next, event_kind::server_down);
        return next;
    }

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{real_machine::state(now, counted_to), told_};
    }

private:
    bool told_ = false;
};

// Continues with the delays of the last run of failures.
class backoff_not_reset : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        if (tells(next, event_kind::check_failed)) {
            ++failed_;
            due_of(*this) = now + forest::exponential_backoff{}(failed_, options().interval);
        }
        return next;
    }

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{real_machine::state(now, counted_to), std::min(failed_, counted_to)};
    }

private:
    int failed_ = 0;
};

// Starts the numbers of outages again from 1 after each outage.
class outage_id_reused : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        if (tells(next, event_kind::check_started) && status() == forest::target_status::up)
            run_of(*this).outage_id = 0;
        return next;
    }
};

// Overwrites the reported outage while the target is down.
class outage_rewritten : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const bool was_down = status() == forest::target_status::down;
        const health_action next = real_machine::step(input, now);
        if (was_down && tells(next, event_kind::check_failed))
            run_of(*this).last_error = input.result->error;
        return next;
    }
};

// Reports the recovery at the first success.
class recovery_without_outage : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (std::exchange(owed_, false) && input.kind == health_input_kind::reported)
            return telling(event_kind::server_up);
        const bool first = status() == forest::target_status::unknown;
        const health_action next = real_machine::step(input, now);
        owed_ = first && tells(next, event_kind::check_succeeded);
        return next;
    }

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{real_machine::state(now, counted_to), owed_};
    }

private:
    bool owed_ = false;
};

// Plans the next check from the end of the last one.
class interval_drifts : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        if (tells(next, event_kind::check_succeeded))
            due_of(*this) = now + options().interval;
        return next;
    }
};

// Keeps the connection over which a check was inconclusive.
class connection_kept : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        health_action next = real_machine::step(input, now);
        next.fresh_connection = false;
        return next;
    }
};

// Waits, as after a success, before it repeats an inconclusive check.
class repeated_late : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        if (tells(next, event_kind::check_inconclusive))
            due_of(*this) = now + options().interval;
        return next;
    }
};

// Numbers the attempts from the beginning, not from the last success.
class attempt_not_reset : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        attempts_ += tells(next, event_kind::check_started) ? 1 : 0;
        return next;
    }

    [[nodiscard]] int attempt() const noexcept { return attempts_; }

private:
    int attempts_ = 0; // reported and never read, so it is no part of the state
};

// Counts a farewell like any other failure.
class farewell_ignored : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (input.kind != health_input_kind::reply || input.result->error != errc::stopping)
            return real_machine::step(input, now);
        forest::verdict other = *input.result;
        other.error = errc::unexpected_status;
        return real_machine::step(health_input::reply(other), now);
    }
};

// A layer between driver and machine that knows whether a check is in flight.
class aware_of_flight : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{real_machine::state(now, counted_to), in_flight_};
    }

protected:
    health_action forward(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        in_flight_ = next.kind == health_action_kind::check ||
                     (in_flight_ && next.kind == health_action_kind::none);
        return next;
    }

    bool in_flight_ = false;
};

// Checks at a second start even if a check is in flight.
class second_check_in_flight : public aware_of_flight {
public:
    using aware_of_flight::aware_of_flight;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (in_flight_ && input.kind == health_input_kind::started)
            return {.kind = health_action_kind::check};
        return forward(input, now);
    }
};

// A second start while it waits starts it again.
class second_start_begins_again : public aware_of_flight {
public:
    using aware_of_flight::aware_of_flight;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (waits_ && input.kind == health_input_kind::started)
            input = health_input::woke();
        const health_action next = forward(input, now);
        waits_ = next.kind == health_action_kind::wait ||
                 (waits_ && next.kind == health_action_kind::none);
        return next;
    }

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{aware_of_flight::state(now, counted_to), waits_};
    }

private:
    bool waits_ = false;
};

// Takes a second start from inside a report for the end of the report.
class start_ends_report : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (reports_ && input.kind == health_input_kind::started)
            input = health_input::reported();
        const health_action next = real_machine::step(input, now);
        reports_ = next.kind == health_action_kind::report;
        return next;
    }

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{real_machine::state(now, counted_to), reports_};
    }

private:
    bool reports_ = false;
};

// Reports the end of a check that was in flight at the stop.
class reported_after_stop : public aware_of_flight {
public:
    using aware_of_flight::aware_of_flight;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (in_flight_ && input.kind != health_input_kind::reply &&
            input.kind != health_input_kind::unsent) {
            stopped_ = stopped_ || input.kind == health_input_kind::stopped;
            return {.kind = stopped_ ? health_action_kind::finished : health_action_kind::none};
        }
        return forward(input, now);
    }

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{aware_of_flight::state(now, counted_to), stopped_};
    }

private:
    bool stopped_ = false;
};

// Takes a start after the stop for the first one.
class restarts : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        if (next.kind != health_action_kind::finished || input.kind != health_input_kind::started)
            return next;
        *this = restarts{options(), forest::exponential_backoff{}, forest::random_generator{}};
        return real_machine::step(input, now);
    }
};

class warning_not_reported : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        const health_action next = real_machine::step(input, now);
        return tells(next, event_kind::server_degraded)
                   ? real_machine::step(health_input::reported(), now)
                   : next;
    }
};

class warning_reported_again : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (input.kind == health_input_kind::reported && std::exchange(again_, false))
            return telling(event_kind::server_degraded);
        const health_action next = real_machine::step(input, now);
        again_ = tells(next, event_kind::server_degraded);
        return next;
    }

    [[nodiscard]] auto state(steady_time now, int counted_to) const noexcept {
        return std::pair{real_machine::state(now, counted_to), again_};
    }

private:
    bool again_ = false;
};

// Takes a probe that has failed for a server that has.
class failed_probe_counted : public real_machine {
public:
    using real_machine::real_machine;

    [[nodiscard]] health_action step(health_input input, steady_time now) noexcept {
        if (input.kind != health_input_kind::reply || input.result->error != errc::probe_failed)
            return real_machine::step(input, now);
        forest::verdict counted = *input.result;
        counted.error = errc::unexpected_body;
        return real_machine::step(health_input::reply(counted, input.late), now);
    }
};

} // namespace broken

#endif
