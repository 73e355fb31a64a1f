// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_IMPL_GET_RULES_IPP
#define FOREST_SIM_EXPLORE_IMPL_GET_RULES_IPP

#include <forest/sim/explore/get_rules.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace forest::inline FOREST_FORM::sim {

using forest::detail::kept_connection;

FOREST_DECL std::string to_string(const get_action& action) {
    using kind = get_action_kind;
    const auto on = [&](std::string_view verb) {
        return std::string{verb} +
               (action.index == kept_connection ? " kept" : " " + std::to_string(action.index));
    };
    switch (action.kind) {
    case kind::resolve: return "resolve";
    case kind::resolve_again: return "resolve again";
    case kind::leave_name: return "leave name";
    case kind::connect: return on("connect");
    case kind::try_again: return on("try again");
    case kind::handshake: return on("handshake");
    case kind::send: return on("send");
    case kind::receive: return on("receive");
    case kind::keep: return on("keep");
    case kind::close: return on("close");
    case kind::done: return "done";
    case kind::wait: break;
    }
    return "wait until " +
           std::to_string(action.until.time_since_epoch() / std::chrono::milliseconds{1}) + " ms";
}

FOREST_DECL std::string to_string(const get_step& step) {
    using kind = get_input_kind;
    const get_input& input = step.input;
    std::string text =
        step.after == duration::zero()
            ? std::string{}
            : std::to_string(step.after / std::chrono::milliseconds{1}) + " ms later ";
    switch (input.kind) {
    case kind::resolved:
        return text + "resolved to " + std::to_string(input.count) +
               (input.from_memory ? " from memory" : "") + (input.kept_fits ? "" : ", elsewhere");
    case kind::resolving: return text + "resolving, last good " + std::to_string(input.count);
    case kind::unresolved: return text + "unresolved: " + make_error_code(input.error).message();
    case kind::connecting: return text + "connecting";
    case kind::connected: return text + (input.complete ? "connected and sent" : "connected");
    case kind::refused: return text + "refused: " + make_error_code(input.error).message();
    case kind::done: return text + (input.keepable ? "done, keepable" : "done");
    case kind::blocked: return text + (input.some ? "some" : "blocked");
    case kind::broken: return text + (input.some ? "some, and broken" : "broken");
    case kind::performed: return text + "performed";
    case kind::ready: return text + "ready " + std::to_string(input.index);
    case kind::woke: return text + "woke";
    case kind::canceled: break;
    }
    return text + "canceled";
}

FOREST_DECL get_rules::get_rules(const get_plan& plan) noexcept
    : plan_{plan},
      deadline_{steady_time{} + plan.timeout},
      open_{plan.kept ? std::uint64_t{1} << kept_connection : 0U},
      made_{plan.kept ? kept_connection : none},
      shaken_{plan.kept},
      addresses_{plan.addresses} {}

FOREST_DECL std::optional<violation> get_rules::judge_begin(const get_action& action,
                                                            steady_time now) {
    if (auto broken = check(action, now))
        return violation{"GET", std::move(*broken), now.time_since_epoch()};
    return std::nullopt;
}

FOREST_DECL std::optional<violation> get_rules::judge(const get_input& input,
                                                      const get_action& action,
                                                      const get_result& result, steady_time now) {
    std::optional<std::string> broken = note(input, now);
    if (!broken)
        broken = check(action, now);
    if (!broken && action.kind == get_action_kind::done)
        broken = check_end(result, now);
    if (broken)
        return violation{"GET", std::move(*broken), now.time_since_epoch()};
    return std::nullopt;
}

FOREST_DECL std::optional<std::string> get_rules::note(const get_input& input, steady_time now) {
    using kind = get_input_kind;
    const unsigned index = asked_.index;
    if (input.kind == kind::woke && now >= deadline_ && ++late_wakes_ > 2)
        return "it does not end";
    if (asked_.kind == get_action_kind::leave_name || input.kind == kind::resolved ||
        input.kind == kind::unresolved)
        asking_ = false;
    if (asked_.kind == get_action_kind::close || asked_.kind == get_action_kind::keep) {
        open_ &= ~(std::uint64_t{1} << index);
        if (made_ == index) {
            made_ = none;
            shaken_ = false;
        }
    }
    switch (input.kind) {
    case kind::resolved:
        addresses_ = std::max(addresses_, input.count);
        from_memory_ = input.from_memory;
        break;
    case kind::resolving: asking_ = true; break;
    case kind::unresolved:
        lacked_ = lacked_ ||
                  (input.error == errc::local_resources_exhausted && !is_open(kept_connection));
        break;
    case kind::connected:
        made_ = static_cast<std::uint8_t>(index);
        return input.complete ? sends_on(index) : std::nullopt;
    case kind::refused:
        open_ &= ~(std::uint64_t{1} << index);
        if (input.error == errc::local_resources_exhausted) {
            lacked_ = true;
            attempted_ = now;
            if (open_ == 0)
                tried_ = 0;
            else if (index + 1 == tried_)
                --tried_;
        }
        break;
    case kind::done:
        shaken_ = shaken_ || asked_.kind == get_action_kind::handshake;
        answered_ = asked_.kind == get_action_kind::receive;
        keepable_ = answered_ && input.keepable;
        some_ = some_ || answered_;
        break;
    case kind::blocked: some_ = some_ || input.some; break;
    case kind::broken:
        kept_ended_ = index == kept_connection && !some_ && !input.some;
        some_ = some_ || input.some;
        break;
    case kind::canceled: // While connections are closed, the result may be decided already.
        (asked_.kind == get_action_kind::close || asked_.kind == get_action_kind::keep ||
                 asked_.kind == get_action_kind::leave_name
             ? canceled_late_
             : canceled_) = true;
        break;
    default: break;
    }
    return std::nullopt;
}

FOREST_DECL std::optional<std::string> get_rules::sends_on(unsigned index) {
    if (sent_on_ != none && sent_on_ != index)
        return "one signature is sent twice";
    sent_on_ = static_cast<std::uint8_t>(index);
    return std::nullopt;
}

FOREST_DECL std::optional<std::string> get_rules::check(const get_action& action, steady_time now) {
    using kind = get_action_kind;
    asked_ = action;
    switch (action.kind) {
    case kind::resolve:
        if (plan_.addresses > 0 || asking_)
            return "there is nothing to be looked up";
        break;
    case kind::resolve_again:
        if (plan_.addresses > 0 || asking_ || tried_ == 0)
            return "no address of the name was tried yet";
        break;
    case kind::leave_name: break;
    case kind::connect:
        if (action.index >= addresses_ || is_open(action.index) || made_ != none)
            return "there is no such address to connect to";
        if (!lacked_ && action.index != tried_)
            return "the addresses are tried in another order";
        tried_ = static_cast<std::uint8_t>(action.index + 1U);
        open_ |= std::uint64_t{1} << action.index;
        attempted_ = now;
        break;
    case kind::try_again:
        if (!is_open(action.index) || made_ != none)
            return "the attempt is not under way";
        break;
    case kind::handshake:
        if (action.index != made_ || !is_open(action.index) || !plan_.encrypted || shaken_)
            return "there is no connection to be encrypted";
        break;
    case kind::send:
        if (action.index != made_ || !is_open(action.index) || (plan_.encrypted && !shaken_))
            return "there is no connection to send over";
        return sends_on(action.index);
    case kind::receive:
        if (action.index != sent_on_ || !is_open(action.index))
            return "nothing was sent over this connection";
        break;
    case kind::wait:
        if (action.until > deadline_)
            return "it waits beyond the deadline";
        if (open_ == 0 && !asking_ && !lacked_)
            return "it waits for nothing";
        if (made_ == none && open_ != 0 && tried_ < addresses_ && now < deadline_ &&
            action.until > attempted_ + get_machine::attempt_delay_max)
            return "the next address comes late";
        break;
    case kind::keep:
        if (!answered_ || !keepable_ || action.index != made_)
            return "the connection must not be kept";
        break;
    case kind::close:
        if (action.index == made_ && answered_ && keepable_)
            return "a connection that can be kept is closed";
        break;
    case kind::done: break;
    }
    return std::nullopt;
}

FOREST_DECL std::optional<std::string> get_rules::check_end(const get_result& result,
                                                            steady_time now) const {
    if (open_ != 0)
        return "a connection is left open";
    if (asking_)
        return "the look-up is not left";
    const bool says_canceled = !result.answered && result.error == errc::operation_canceled;
    if (canceled_late_ && says_canceled)
        return std::nullopt;
    if (says_canceled != canceled_)
        return canceled_ ? "it was canceled" : "it was not canceled";
    if (result.answered != answered_ && !canceled_)
        return result.answered ? "it has no answer" : "it has an answer";
    if (answered_ || canceled_)
        return std::nullopt;
    if (result.send_again != kept_ended_)
        return "the end of a kept connection is told wrong";
    if (kept_ended_)
        return std::nullopt;
    const bool late = now >= deadline_;
    const bool of_this_machine = result.error == errc::resolver_unavailable ||
                                 result.error == errc::local_resources_exhausted;
    if (result.error == errc::timed_out && !late)
        return "there is time left";
    if (result.error == errc::timed_out && lacked_)
        return "the server is blamed, although it had less time";
    if (result.error == errc::local_resources_exhausted && !lacked_)
        return "this machine lacked nothing";
    if (result.error == errc::resolver_unavailable && addresses_ > 0 && tried_ > 0)
        return "addresses were known";
    if (late && addresses_ == 0 && sent_on_ == none && !of_this_machine)
        return "the server is blamed, although it was never asked";
    return std::nullopt;
}

FOREST_DECL std::vector<get_step> get_rules::possible(const get_action& asked, steady_time now,
                                                      unsigned addresses_max) const {
    using act = get_action_kind;
    using kind = get_input_kind;
    std::vector<get_step> all;
    const duration left = deadline_ - now;
    // Each at once; and some time later, and behind the deadline.
    const auto add = [&](get_input input) {
        all.push_back({input, duration::zero()});
        if (left > std::chrono::milliseconds{1})
            all.push_back({input, left + std::chrono::seconds{1}});
    };
    const auto unresolved = [&] {
        for (const errc why :
             {errc::resolve_failed, errc::resolver_unavailable, errc::local_resources_exhausted})
            add({.kind = kind::unresolved, .error = why});
    };
    const auto resolved = [&](bool from_memory) {
        for (unsigned count = std::max<unsigned>(addresses_, 1); count <= addresses_max; ++count)
            add({.kind = kind::resolved,
                 .count = static_cast<std::uint8_t>(count),
                 .from_memory = from_memory});
    };
    switch (asked.kind) {
    case act::resolve:
        for (const bool from_memory : {false, true})
            resolved(from_memory);
        if (plan_.kept)
            add({.kind = kind::resolved, .count = 1, .from_memory = true, .kept_fits = false});
        add({.kind = kind::resolving});
        add({.kind = kind::resolving, .count = 1}); // a last good one
        unresolved();
        break;
    case act::resolve_again:
        resolved(false);
        add({.kind = kind::resolving});
        unresolved();
        break;
    case act::leave_name:
        add({.kind = kind::performed});
        add({.kind = kind::resolved,
             .count = static_cast<std::uint8_t>(std::max<unsigned>(addresses_, 1)),
             .from_memory = true});
        break;
    case act::connect:
    case act::try_again:
        add({.kind = kind::connecting});
        add({.kind = kind::connected});
        if (!plan_.encrypted)
            add({.kind = kind::connected, .complete = true});
        for (const errc why :
             {errc::connection_refused, errc::unreachable, errc::local_resources_exhausted})
            add({.kind = kind::refused, .error = why});
        break;
    case act::handshake:
    case act::send:
        add({.kind = kind::done});
        add({.kind = kind::blocked});
        add({.kind = kind::broken, .error = errc::connection_lost});
        break;
    case act::receive:
        for (const bool flag : {false, true}) {
            add({.kind = kind::done, .keepable = flag, .some = true});
            add({.kind = kind::blocked, .some = flag});
            add({.kind = kind::broken, .some = flag, .error = errc::connection_lost});
        }
        break;
    case act::wait:
        for (unsigned index = 0; index <= kept_connection; ++index) {
            if (is_open(index))
                add({.kind = kind::ready, .index = static_cast<std::uint8_t>(index)});
        }
        if (asking_) {
            resolved(false);
            unresolved();
        }
        all.push_back(
            {{.kind = kind::woke}, std::max<duration>(asked.until - now, duration::zero())});
        add({.kind = kind::woke});
        break;
    case act::keep:
    case act::close: add({.kind = kind::performed}); break;
    case act::done: return all;
    }
    all.push_back({{.kind = kind::canceled}, duration::zero()});
    return all;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
