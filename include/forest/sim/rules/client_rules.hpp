// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_CLIENT_RULES_HPP
#define FOREST_SIM_RULES_CLIENT_RULES_HPP

#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/rules/client_view.hpp>
#include <forest/sim/trace/violation.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

// The rules for one client in a simulated world. They compute from the options and from the events
// so far what has to happen next. They know the truth about the world, but not how the client
// works.

namespace forest::inline FOREST_FORM::sim {

/// Compares one client with the rules B1–B3, B6–B10, B12 and B14 and with the truth. Pass every
/// event of the client, in order. The comparison continues after a violation, but only the first
/// violation is kept. Not thread-safe.
class client_rules {
public:
    using backoff_function = std::function<duration(int, duration)>;

    /// `client` is the name of the client in violations. `settings` and `backoff` are those of the
    /// client.
    client_rules(std::string client, const options& settings, backoff_function backoff,
                 client_view view)
        : client_{std::move(client)},
          options_{settings},
          backoff_{std::move(backoff)},
          view_{std::move(view)} {}

    /// The client reported an event.
    void reported(const event& happened) {
        if (stopped_)
            return violated("B14", "an event was reported after the client was stopped");
        if (happened.kind == event_kind::started)
            latest_ = view_.timer_now() + options_.initial_delay_max;
        if (!is_of_checks(happened.kind))
            return;
        if (expected_ && happened.kind != *expected_)
            violated(*expected_ == event_kind::server_down ? "B7" : "B8",
                     "the threshold was reached, and this was not reported");
        require_calls();
        const auto owed = std::exchange(expected_, std::nullopt);
        switch (happened.kind) {
        case event_kind::check_started: return started(happened);
        case event_kind::check_succeeded: return succeeded(happened);
        case event_kind::check_failed: return failed(happened);
        case event_kind::check_inconclusive: return doubted();
        case event_kind::server_down: return went_down(happened, owed.has_value());
        default: return came_back(happened, owed.has_value());
        }
    }

    /// A callback for the beginning or the end of an outage was called. The calls have to agree
    /// with the events.
    void called_down() {
        if (++down_calls_ > downs_)
            violated("B7", "on_server_down was called more than once for an outage");
    }
    void called_up() {
        if (++up_calls_ > ups_)
            violated("B8", "on_server_up was called more than once for an outage");
    }

    /// The application has stopped the client, and the call has returned.
    void stopped() { stopped_ = true; }

    /// A request was sent while `in_flight` others were in flight.
    void sent(int in_flight) {
        if (stopped_)
            violated("B14", "a check was sent after the client was stopped");
        if (in_flight > 0)
            violated("B2", "a second check was sent while one was in flight");
    }

    /// Call it when nothing was disturbed for so long that the client must know the truth. `well`
    /// means that all checks succeed. `rested` means that nothing was disturbed for another
    /// `longest_round`.
    void settle(target_status status, bool well, bool rested) {
        if (stopped_)
            return;
        require_calls();
        if (well && status != target_status::up)
            violated("liveness",
                     "everything is well, and the status is still: " + std::string{name(status)});
        const bool overdue =
            latest_ && view_.timer_now() > *latest_ + options_.stall_tolerance + rounding;
        if (rested && overdue && checking_)
            violated("liveness", "a check has not ended although its timeout has passed");
        if (rested && overdue && !checking_)
            violated("B1", "no check has begun although one is overdue");
    }

    [[nodiscard]] const std::optional<violation>& found() const noexcept { return found_; }

private:
    void violated(std::string rule, std::string explanation) {
        if (!found_)
            found_ = violation{std::move(rule), std::move(explanation), view_.now(), client_};
    }

    void require(bool holds, const char* rule, const char* explanation) {
        if (!holds)
            violated(rule, explanation);
    }

    static bool is_of_checks(event_kind kind) noexcept {
        switch (kind) {
        case event_kind::check_started:
        case event_kind::check_succeeded:
        case event_kind::check_failed:
        case event_kind::check_inconclusive:
        case event_kind::server_down:
        case event_kind::server_up: return true;
        default: return false;
        }
    }

    // The client reports an event, and then calls its callback, before anything else happens.
    void require_calls() {
        require(down_calls_ >= downs_, "B7",
                "server_down was reported, and on_server_down was not called");
        require(up_calls_ >= ups_, "B8", "server_up was reported, and on_server_up was not called");
    }

    void started(const event& happened) {
        require(!checking_, "B2", "a check began while one was in flight");
        require(happened.attempt == attempts_ + 1, "B10", "the attempts were not counted by one");
        checking_ = true;
        ++attempts_;
        const steady_time now = view_.local_now();
        const bool undisturbed = view_.host_changes() == host_changes_ && view_.exact();
        late_ = due_ ? now - *due_ : duration::zero();
        if (due_) {
            require(late_ >= -rounding, "B1", "a check began before it was due");
            require(!undisturbed || late_ <= rounding, "B1", "a check began after it was due");
        }
        // The delay before the first check may be random. Then it is unknown how late the check is.
        certain_ = due_ || undisturbed;
        if (!due_ || late_ > options_.stall_tolerance || late_ >= options_.interval)
            due_ = now; // The schedule starts again from here.
        began_ = now;
        latest_ = view_.timer_now() + options_.timeout;
        signed_as_ = timestamps_.next(view_.wall_now());
        succeeds_ = must_succeed();
        fails_ = !succeeds_ && view_.must_fail(signed_as_);
        changes_at_begin_ = view_.changes();
        host_changes_ = view_.host_changes();
    }

    bool must_succeed() const { return view_.must_succeed() && view_.accepted(signed_as_); }

    // Returns whether the world was the same from the beginning of the check to its end.
    bool constant() const {
        return changes_at_begin_ == view_.changes() && host_changes_ == view_.host_changes();
    }

    void end_check() {
        require(checking_, "B14", "a result was reported without a check");
        checking_ = false;
    }

    void succeeded(const event& happened) {
        end_check();
        require(happened.failures == 0, "B6", "a success did not reset the failures to 0");
        require(!(fails_ && constant() && view_.must_fail(signed_as_)), "truth",
                "a check succeeded although all had to fail");
        failures_ = 0;
        attempts_ = 0;
        scheduled(due_.value_or(view_.local_now()), options_.interval);
        if (!certain_)
            due_.reset();
        if (down_ && ++successes_ >= options_.success_threshold)
            expected_ = event_kind::server_up;
    }

    void failed(const event& happened) {
        end_check();
        const std::error_code error = happened.check->error;
        require(error != errc::operation_canceled, "B14", "a cancelled check was reported");
        const bool farewell = error == errc::stopping;
        require(farewell || !doubtful(), "B12",
                "a failure was counted although the client was late");
        require(!(succeeds_ && constant() && must_succeed()), "truth",
                "a check failed although everything was well");
        ++failures_;
        successes_ = 0;
        require(happened.failures == failures_, "B6",
                "consecutive failures were not counted by one");
        const steady_time now = view_.local_now();
        scheduled(now, backoff_(failures_, options_.interval));
        if (failures_ == 1)
            first_failed_at_ = now;
        if (!down_ && (failures_ >= options_.failure_threshold || farewell))
            expected_ = event_kind::server_down;
    }

    // Returns whether the wake-up was later than tolerated, or the check took longer than
    // tolerated.
    bool doubtful() const {
        return late_ > options_.stall_tolerance + rounding ||
               view_.local_now() - began_ > options_.timeout + options_.stall_tolerance + rounding;
    }

    void doubted() {
        end_check();
        // A jitter is random, so it is unknown how late the client was.
        require(options_.interval_jitter > 0.0 || !certain_ || late_ > options_.stall_tolerance ||
                    view_.local_now() - began_ > options_.timeout + options_.stall_tolerance,
                "B12", "a check was reported as inconclusive although the client was on time");
        scheduled(view_.local_now(), duration::zero());
    }

    void went_down(const event& happened, bool owed) {
        const outage& outage = *happened.outage;
        require(!down_, "B7", "server_down was reported again before a recovery");
        require(owed || down_, "B7", "server_down was reported before the threshold was reached");
        require(outage.id == last_outage_ + 1, "B7", "the outages were not numbered one by one");
        require(outage.first_failed_at == first_failed_at_ || !owed, "B8",
                "the outage has the time of another first failure");
        down_ = true;
        successes_ = 0;
        last_outage_ = outage.id;
        outage_ = outage;
        ++downs_;
    }

    void came_back(const event& happened, bool owed) {
        const outage& outage = *happened.outage;
        require(down_, "B8", "server_up was reported without an outage");
        require(owed || !down_, "B8", "server_up was reported before the threshold was reached");
        if (down_)
            require(outage.id == outage_.id && outage.failures == outage_.failures &&
                        outage.last_error == outage_.last_error && outage.ended_after.has_value(),
                    "B8", "server_up reports another outage than server_down did");
        down_ = false;
        ++ups_;
    }

    // The next check is due `delay` after `start`; with a jitter the exact time is unknown. A check
    // that is overdue is due now, and the schedule continues from it.
    void scheduled(steady_time start, duration delay) {
        const steady_time now = view_.local_now();
        due_ = std::max(start + delay, now);
        latest_ =
            view_.timer_now() + (std::max(start + delay + jitter_max(options_, delay), now) - now);
        if (options_.interval_jitter > 0.0)
            due_.reset();
    }

    // The rounding error when a duration is converted to the time of a drifting clock and back.
    static constexpr duration rounding = std::chrono::microseconds{1};

    std::string client_;
    options options_;
    backoff_function backoff_;
    client_view view_;
    std::optional<violation> found_;
    std::optional<event_kind> expected_; // the event that has to be next
    std::optional<steady_time> due_;
    std::optional<steady_time> latest_; // the deadline of the check's next step, in timer time
    forest::detail::timestamp_sequence timestamps_; // the same sequence as in the client
    wall_time signed_as_{};
    steady_time began_{};
    steady_time first_failed_at_{};
    duration late_{};
    bool certain_ = true; // due_ is exact
    bool checking_ = false;
    bool down_ = false;
    bool stopped_ = false;
    bool succeeds_ = false; // a check that began at the same time as the current one must succeed
    bool fails_ = false;    // a check that began at the same time must fail
    std::uint64_t changes_at_begin_ = 0;
    std::uint64_t host_changes_ = 0;
    int attempts_ = 0;
    int failures_ = 0;
    int successes_ = 0;
    std::uint64_t last_outage_ = 0;
    outage outage_{};
    std::uint64_t downs_ = 0;
    std::uint64_t ups_ = 0;
    std::uint64_t down_calls_ = 0;
    std::uint64_t up_calls_ = 0;
};

} // namespace forest::inline FOREST_FORM::sim

#endif
