// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_IMPL_STIMULUS_IPP
#define FOREST_SIM_EXPLORE_IMPL_STIMULUS_IPP

#include <forest/sim/explore/stimulus.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL verdict verdict_of(verdict_kind result, steady_time now) {
    verdict judged;
    judged.ended_at =
        wall_time{std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch())};
    switch (result) {
    case verdict_kind::healthy: judged.status = 200; break;
    case verdict_kind::refused: judged.error = errc::connection_refused; break;
    case verdict_kind::unauthorized:
        judged.error = errc::unauthorized;
        judged.status = 401;
        judged.clock_skew = std::chrono::seconds{60};
        break;
    case verdict_kind::not_ok:
        judged.error = errc::not_ok;
        judged.status = 200;
        judged.clock_skew = std::chrono::seconds{-90};
        break;
    case verdict_kind::unresolved: judged.error = errc::resolver_unavailable; break;
    case verdict_kind::lacking: judged.error = errc::local_resources_exhausted; break;
    case verdict_kind::farewell:
        judged.error = errc::stopping;
        judged.status = 503;
        break;
    case verdict_kind::cancelled: judged.error = errc::operation_canceled; break;
    case verdict_kind::warned:
        judged.status = 200;
        judged.degraded = true;
        break;
    case verdict_kind::unprobed:
        judged.error = errc::probe_failed;
        judged.status = 200;
        break;
    }
    return judged;
}

FOREST_DECL stimuli::stimuli(const options& settings, duration longest_delay, bool probing) {
    using kind = input_kind;
    const duration zero = duration::zero();
    const duration least{1};
    const duration tolerance = settings.stall_tolerance;
    const duration interval = settings.interval;
    const duration longest = std::max(interval, longest_delay);
    const duration overdue = longest + jitter_max(settings, longest);

    at(pending::report) = {{kind::reported, zero},
                           {kind::reported, interval / 2},
                           {kind::reported, overdue},
                           {kind::started},
                           {kind::stopped}};

    for (const duration late :
         ordered({zero, tolerance, tolerance + least, interval - least, interval}))
        at(pending::wait).push_back({kind::woke, late});
    for (std::size_t index = 0; index < verdict_kind_count; ++index) {
        const auto result = static_cast<verdict_kind>(index);
        if (!probing && result >= verdict_kind::warned)
            break;
        for (const duration took : ordered({zero, interval - least, interval}))
            at(pending::check).push_back({kind::reply, took, result});
        at(pending::check).push_back({kind::reply, zero, result, true});
    }
    for (const bool late : {false, true})
        at(pending::check).push_back({.kind = kind::unsent, .late = late});
    for (const pending busy : {pending::wait, pending::check}) {
        at(busy).push_back({kind::started});
        at(busy).push_back({kind::stopped});
    }

    // Before the start and after the end, earlier inputs may still arrive.
    for (const pending idle : {pending::start, pending::nothing})
        at(idle) = {{kind::started},
                    {kind::stopped},
                    {kind::woke},
                    {kind::reported},
                    {kind::reply, zero, verdict_kind::healthy},
                    {kind::reply, zero, verdict_kind::refused},
                    {kind::reply, zero, verdict_kind::cancelled}};
}

FOREST_DECL std::vector<duration> stimuli::ordered(std::vector<duration> all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

FOREST_DECL std::string to_string(const stimulus& played) {
    switch (played.kind) {
    case input_kind::started: return "started";
    case input_kind::woke:
        return "woke " + (played.after == duration::zero() ? std::string{"on time"}
                                                           : to_code(played.after) + " late");
    case input_kind::reply: {
        const verdict result = verdict_of(played.result, {});
        std::string text = "reply ";
        text += result.degraded    ? "ok with a warning"
                : result.healthy() ? "ok"
                                   : forest::name(result.error);
        return text + " after " + to_code(played.after) + (played.late ? ", late" : "");
    }
    case input_kind::reported: return "reported after " + to_code(played.after);
    case input_kind::launched: return "launched after " + to_code(played.after);
    case input_kind::rerouted: return "rerouted after " + to_code(played.after);
    case input_kind::unsent: return played.late ? "unsent, late" : "unsent";
    case input_kind::hurried: return "hurried after " + to_code(played.after);
    case input_kind::stopped: return "stopped";
    }
    return {};
}

FOREST_DECL std::string to_string(const health_action& decided) {
    switch (decided.kind) {
    case action_kind::none: return "nothing";
    case action_kind::check:
        return decided.fresh_connection ? "check on a fresh connection" : "check";
    case action_kind::wait: return "wait " + to_code(decided.delay);
    case action_kind::report: return std::string{name(decided.event)};
    case action_kind::finished: return "finished";
    }
    return {};
}

} // namespace forest::inline FOREST_FORM::sim

#endif
