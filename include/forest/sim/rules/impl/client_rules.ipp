// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_IMPL_CLIENT_RULES_IPP
#define FOREST_SIM_RULES_IMPL_CLIENT_RULES_IPP

#include <forest/sim/rules/client_rules.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL client_rules::client_rules(std::string client, const options& settings,
                                       backoff_function backoff, client_view view)
    : client_{std::move(client)},
      options_{settings},
      backoff_{std::move(backoff)},
      view_{std::move(view)} {}

FOREST_DECL void client_rules::reported(const event& happened) {
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
    case event_kind::check_inconclusive: return doubted(happened);
    case event_kind::server_down: return went_down(happened, owed.has_value());
    default: return came_back(happened, owed.has_value());
    }
}

FOREST_DECL void client_rules::called_down() {
    if (++down_calls_ > downs_)
        violated("B7", "on_server_down was called more than once for an outage");
}

FOREST_DECL void client_rules::called_up() {
    if (++up_calls_ > ups_)
        violated("B8", "on_server_up was called more than once for an outage");
}

FOREST_DECL void client_rules::sent(int in_flight) {
    if (stopped_)
        violated("B14", "a check was sent after the client was stopped");
    const bool hedged = view_.keeps_connections && checking_ && in_flight == 1 &&
                        view_.local_now() - began_ >= options_.timeout / 2 - rounding;
    if (in_flight > 0 && !hedged)
        violated("B2", "a second check was sent while one was in flight");
}

FOREST_DECL void client_rules::settle(target_status status, bool well, bool rested) {
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

FOREST_DECL void client_rules::violated(std::string rule, std::string explanation) {
    if (!found_)
        found_ = violation{std::move(rule), std::move(explanation), view_.now(), client_};
}

FOREST_DECL bool client_rules::is_of_checks(event_kind kind) noexcept {
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

FOREST_DECL void client_rules::require_calls() {
    require(down_calls_ >= downs_, "B7",
            "server_down was reported, and on_server_down was not called");
    require(up_calls_ >= ups_, "B8", "server_up was reported, and on_server_up was not called");
}

FOREST_DECL void client_rules::started(const event& happened) {
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
    exact_ = view_.exact();
    rate_changes_ = view_.rate_changes();
    latest_ = view_.timer_now() +
              (patient() ? forest::detail::patient_timeout(options_) : options_.timeout);
    signed_as_ = timestamps_.next(view_.wall_now());
    succeeds_ = must_succeed();
    fails_ = !succeeds_ && !patient() && view_.must_fail(signed_as_);
    changes_at_begin_ = view_.changes();
    if (std::exchange(host_changes_, view_.host_changes()) != host_changes_)
        disturbed_at_ = now;
}

FOREST_DECL bool client_rules::constant() const {
    return changes_at_begin_ == view_.changes() && host_changes_ == view_.host_changes();
}

FOREST_DECL void client_rules::end_check() {
    require(checking_, "B14", "a result was reported without a check");
    checking_ = false;
}

FOREST_DECL void client_rules::succeeded(const event& happened) {
    end_check();
    require(happened.failures == 0, "B6", "a success did not reset the failures to 0");
    require(!(fails_ && constant() && view_.must_fail(signed_as_)), "truth",
            "a check succeeded although all had to fail");
    failures_ = 0;
    attempts_ = 0;
    doubts_ = 0;
    inconclusive_ = false;
    scheduled(due_.value_or(view_.local_now()), options_.interval);
    if (!certain_)
        due_.reset();
    if (down_ && ++successes_ >= options_.success_threshold)
        expected_ = event_kind::server_up;
}

FOREST_DECL void client_rules::failed(const event& happened) {
    end_check();
    const std::error_code error = happened.check->error;
    require(error != errc::operation_canceled, "B14", "a cancelled check was reported");
    const bool farewell = error == errc::stopping;
    require(farewell || !doubtful() || doubts_ >= options_.doubt_max, "B12",
            "a failure was counted although the client was late");
    require(happened.doubts == 0 || doubts_ >= options_.doubt_max, "B12",
            "a doubtful failure was counted too early");
    require(error != errc::resolve_failed || doubts_ >= options_.doubt_max || !constant() ||
                view_.name_may_be_unknown(),
            "B12", "a failure was counted although only the name service did not answer");
    doubts_ = happened.doubts;
    inconclusive_ = false;
    require(!(succeeds_ && constant() && must_succeed()), "truth",
            "a check failed although everything was well");
    ++failures_;
    successes_ = 0;
    require(happened.failures == failures_, "B6", "consecutive failures were not counted by one");
    const steady_time now = view_.local_now();
    scheduled(now, backoff_(failures_, options_.interval));
    if (failures_ == 1)
        first_failed_at_ = now;
    if (!down_ && (failures_ >= options_.failure_threshold || farewell))
        expected_ = event_kind::server_down;
}

FOREST_DECL bool client_rules::doubtful() const {
    const duration longest = options_.timeout + forest::detail::lateness_max(options_) + rounding;
    return late_ > options_.stall_tolerance + rounding ||
           (exact_ && rate_changes_ == view_.rate_changes() && !patient() &&
            view_.local_now() - began_ > longest);
}

FOREST_DECL bool client_rules::may_be_late() const {
    // A jitter is random, so it is unknown how late the client was.
    return options_.interval_jitter > 0.0 || !certain_ || late_ > options_.stall_tolerance ||
           !exact_ || !view_.exact() || host_changes_ != view_.host_changes() ||
           was_disturbed_before();
}

FOREST_DECL bool client_rules::was_disturbed_before() const {
    return disturbed_at_ &&
           began_ - *disturbed_at_ <= forest::detail::watch_interval(options_) + rounding;
}

FOREST_DECL void client_rules::doubted(const event& happened) {
    end_check();
    const steady_time now = view_.local_now();
    const std::error_code error = happened.check->error;
    const bool repeated = std::exchange(inconclusive_, true);
    if (error == errc::local_resources_exhausted)
        return scheduled(now, repeated ? std::chrono::milliseconds{50} : duration::zero());
    require(error == errc::resolver_unavailable || may_be_late(), "B12",
            "a check was reported as inconclusive although the client was on time");
    require(happened.doubts == doubts_ + 1 && happened.doubts <= options_.doubt_max, "B12",
            "the inconclusive checks were not counted by one");
    doubts_ = happened.doubts;
    scheduled(now, error == errc::resolver_unavailable ? backoff_(doubts_, options_.interval)
                                                       : duration::zero());
}

FOREST_DECL void client_rules::went_down(const event& happened, bool owed) {
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

FOREST_DECL void client_rules::came_back(const event& happened, bool owed) {
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

FOREST_DECL void client_rules::scheduled(steady_time start, duration delay) {
    const steady_time now = view_.local_now();
    due_ = std::max(start + delay, now);
    latest_ =
        view_.timer_now() + (std::max(start + delay + jitter_max(options_, delay), now) - now);
    if (options_.interval_jitter > 0.0)
        due_.reset();
}

} // namespace forest::inline FOREST_FORM::sim

#endif
