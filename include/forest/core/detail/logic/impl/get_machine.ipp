// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_GET_MACHINE_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_GET_MACHINE_IPP

#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/options.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <memory>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL errc more_specific(errc left, errc right) noexcept {
    for (const errc each : {errc::local_resources_exhausted, errc::connection_refused,
                            errc::timed_out, errc::connection_lost}) {
        if (left == each || right == each)
            return each;
    }
    return errc::unreachable;
}

FOREST_DECL get_action get_machine::begin(const get_plan& plan, steady_time now) noexcept {
    assert((phase_ == phase::idle || phase_ == phase::ending) && open_ == 0 && !asking_);
    assert(plan.addresses <= get_addresses_max);
    std::construct_at(this);
    plan_ = plan;
    started_ = now;
    deadline_ = now + std::clamp(plan.timeout, duration::zero(), options::duration_max);
    addresses_ = plan.addresses;
    if (plan.kept)
        open_ = bit(kept_connection);
    if (addresses_ == 0)
        return ask(now);
    return plan.kept ? begin_to_send() : connect_next(now);
}

FOREST_DECL get_action get_machine::step(const get_input& input, steady_time now) noexcept {
    if (input.kind == get_input_kind::canceled && phase_ != phase::ending)
        return fail(errc::operation_canceled, now);
    switch (phase_) {
    case phase::resolving: return step_resolving(input, now);
    case phase::using_kept: asking_ = false; return begin_to_send();
    case phase::connecting: return step_connecting(input, now);
    case phase::resolving_again: return resolved_again(input, now);
    case phase::starving: return step_starving(input, now);
    case phase::connected:
        asking_ = false; // the first of these actions is `leave_name`
        return use_connection(now);
    case phase::shaking_hands: return step_shaking(input, now);
    case phase::sending: return step_sending(input, now);
    case phase::receiving: return step_receiving(input, now);
    case phase::ending: return next_of_end();
    case phase::idle: break;
    }
    assert(false && "no GET has begun");
    return act(get_action_kind::done);
}

FOREST_DECL get_action get_machine::act(get_action_kind kind, unsigned index) noexcept {
    acted_ = static_cast<std::uint8_t>(index);
    return {.kind = kind, .index = acted_};
}

FOREST_DECL get_action get_machine::ask(steady_time now) noexcept {
    phase_ = phase::resolving;
    asked_at_ = now;
    asking_ = true;
    waited_ = false;
    return act(get_action_kind::resolve);
}

FOREST_DECL get_action get_machine::ask_again() noexcept {
    from_memory_ = false;
    asking_ = true;
    if (open_ == 0)
        phase_ = phase::resolving_again;
    return act(get_action_kind::resolve_again);
}

FOREST_DECL get_action get_machine::be_patient(steady_time now) const noexcept {
    const duration half = std::max<duration>(deadline_ - now, duration::zero()) / 2;
    return wait_until(std::min(now + std::min(plan_.patience, half), deadline_));
}

FOREST_DECL get_action get_machine::step_resolving(const get_input& input,
                                                   steady_time now) noexcept {
    using kind = get_input_kind;
    switch (input.kind) {
    case kind::resolving:
        waited_ = true;
        if (open_ != 0) { // The look-up goes on, and the next GET profits from it.
            phase_ = phase::using_kept;
            return act(get_action_kind::leave_name);
        }
        return input.count > 0 ? be_patient(now) : wait_until(deadline_);
    case kind::woke: return act(get_action_kind::leave_name);
    case kind::performed: // The look-up was left, and there is nothing from before.
        asking_ = false;
        return fail(errc::resolver_unavailable, now);
    case kind::resolved:
    case kind::unresolved: break;
    default: assert(false && "no reply to a look-up"); break;
    }
    asking_ = false;
    if (waited_)
        result_.timings.resolve = now - asked_at_;
    if (now >= deadline_)
        return fail(errc::resolver_unavailable, now);
    if (input.count > 0)
        return use_addresses(input, now);
    if (open_ != 0)
        return begin_to_send();
    return input.error == errc::local_resources_exhausted ? starve(now) : fail(input.error, now);
}

FOREST_DECL get_action get_machine::use_addresses(const get_input& input,
                                                  steady_time now) noexcept {
    addresses_ = std::min<std::uint8_t>(input.count, get_addresses_max);
    from_memory_ = input.from_memory;
    if (open_ == 0)
        return connect_next(now);
    if (input.kept_fits)
        return begin_to_send();
    phase_ = phase::connecting;
    return act(get_action_kind::close, kept_connection);
}

// A look-up that began after no known address had accepted a connection has an answer, or not.
FOREST_DECL get_action get_machine::resolved_again(const get_input& input,
                                                   steady_time now) noexcept {
    using kind = get_input_kind;
    if (input.kind == kind::resolving)
        return open_ == 0 ? be_patient(now) : proceed_connecting(now);
    if (input.kind == kind::woke)
        return act(get_action_kind::leave_name);
    asking_ = false;
    if (input.kind == kind::resolved)
        addresses_ = std::min<std::uint8_t>(input.count, get_addresses_max);
    const bool lacked =
        input.kind == kind::unresolved && input.error == errc::local_resources_exhausted;
    starved_ = starved_ || lacked;
    if (next_ < addresses_ && now < deadline_)
        return connect_next(now);
    if (open_ != 0)
        return proceed_connecting(now);
    if (lacked)
        return starve(now);
    // Only "no such name" says more than the failure that is known already.
    const bool unknown = input.kind == kind::unresolved && input.error == errc::resolve_failed;
    return fail(unknown ? errc::resolve_failed : failure_, now);
}

FOREST_DECL get_action get_machine::connect_next(steady_time now) noexcept {
    phase_ = phase::connecting;
    const unsigned left = addresses_ - next_ + (from_memory_ ? 1U : 0U);
    next_attempt_ = now + std::min<duration>(attempt_delay_max, (deadline_ - now) / left);
    lacking_ = false;
    const unsigned index = next_++;
    open_ |= bit(index);
    ++result_.connections_opened;
    return act(get_action_kind::connect, index);
}

FOREST_DECL get_action get_machine::proceed_connecting(steady_time now) noexcept {
    const bool due = next_attempt_ <= now && now < deadline_;
    if (next_ < addresses_) {
        if (due)
            return connect_next(now);
    } else if (!from_memory_) {
        return wait_until(deadline_);
    } else if (due) { // The name may have other addresses now.
        return ask_again();
    }
    return wait_until(std::min(next_attempt_, deadline_));
}

FOREST_DECL get_action get_machine::step_connecting(const get_input& input,
                                                    steady_time now) noexcept {
    using kind = get_input_kind;
    switch (input.kind) {
    case kind::connected: return connected(input, now);
    case kind::connecting:
        return last_look_ ? look_at_next(acted_ + 1U, now) : proceed_connecting(now);
    case kind::refused:
        open_ &= ~bit(acted_);
        failure_ = more_specific(failure_, input.error);
        if (input.error == errc::local_resources_exhausted)
            lack(now);
        if (last_look_ || now >= deadline_)
            return look_at_next(last_look_ ? acted_ + 1U : 0U, now);
        if (open_ == 0 && (next_ == addresses_ || lacking_))
            return all_refused(now);
        return next_ < addresses_ && !lacking_ ? connect_next(now) : proceed_connecting(now);
    case kind::performed: // A kept connection that leads elsewhere is closed.
        open_ = 0;
        return connect_next(now);
    case kind::ready:
        return (open_ & bit(input.index)) != 0 ? act(get_action_kind::try_again, input.index)
                                               : proceed_connecting(now);
    case kind::woke:
        if (now < deadline_)
            return proceed_connecting(now);
        return look_at_next(0, now);
    default: return resolved_again(input, now);
    }
}

FOREST_DECL get_action get_machine::look_at_next(unsigned from, steady_time now) noexcept {
    last_look_ = true;
    const std::uint64_t others = open_ & ~(bit(from) - 1);
    if (others != 0)
        return act(get_action_kind::try_again, static_cast<unsigned>(std::countr_zero(others)));
    return open_ == 0 && !starved_ ? fail(failure_, now) : run_out(now);
}

FOREST_DECL get_action get_machine::all_refused(steady_time now) noexcept {
    if (failure_ == errc::local_resources_exhausted)
        return starve(now);
    if (asking_) {
        phase_ = phase::resolving_again;
        return be_patient(now);
    }
    return from_memory_ ? ask_again() : fail(failure_, now);
}

FOREST_DECL get_action get_machine::starve(steady_time now) noexcept {
    starved_ = true;
    phase_ = phase::starving;
    return wait_until(std::min(behind_pause(now), deadline_));
}

// The attempt at the last address is made again after a pause, unless all are.
FOREST_DECL void get_machine::lack(steady_time now) noexcept {
    --result_.connections_opened;
    starved_ = true;
    if (acted_ + 1 != next_)
        return;
    --next_;
    lacking_ = true;
    next_attempt_ = behind_pause(now);
}

FOREST_DECL steady_time get_machine::behind_pause(steady_time now) noexcept {
    return steady_time{(now.time_since_epoch() / shortage_pause + 1) * shortage_pause};
}

FOREST_DECL get_action get_machine::step_starving(const get_input& input,
                                                  steady_time now) noexcept {
    if (input.kind == get_input_kind::resolved)
        addresses_ = std::min<std::uint8_t>(input.count, get_addresses_max);
    if (input.kind != get_input_kind::woke)
        asking_ = false;
    if (now >= deadline_)
        return fail(errc::local_resources_exhausted, now);
    failure_ = errc::unreachable;
    next_ = 0;
    return addresses_ == 0 ? ask(now) : connect_next(now);
}

FOREST_DECL get_action get_machine::connected(const get_input& input, steady_time now) noexcept {
    if (last_look_) // There is no time left for an answer.
        return run_out(now);
    result_.index = acted_;
    result_.timings.connect = input.took;
    connected_at_ = now;
    whole_ = input.complete;
    if (asking_) {
        phase_ = phase::connected;
        return act(get_action_kind::leave_name);
    }
    return use_connection(now);
}

FOREST_DECL get_action get_machine::use_connection(steady_time now) noexcept {
    const std::uint64_t others = open_ & ~bit(result_.index);
    if (others != 0) {
        phase_ = phase::connected;
        const auto index = static_cast<unsigned>(std::countr_zero(others));
        open_ &= ~bit(index);
        return act(get_action_kind::close, index);
    }
    if (plan_.connects_only) {
        result_.answered = true;
        return finish(now);
    }
    if (plan_.encrypted) {
        phase_ = phase::shaking_hands;
        return act(get_action_kind::handshake, result_.index);
    }
    return whole_ ? sent(now) : begin_to_send();
}

FOREST_DECL get_action get_machine::begin_to_send() noexcept {
    phase_ = phase::sending;
    return act(get_action_kind::send, result_.index);
}

// Without TLS nothing can have arrived yet, and to look would be a call of the system for nothing.
FOREST_DECL get_action get_machine::sent(steady_time now) noexcept {
    phase_ = phase::receiving;
    sent_at_ = now;
    return plan_.encrypted && now < deadline_ ? act(get_action_kind::receive, result_.index)
                                              : blocked();
}

FOREST_DECL get_action get_machine::step_shaking(const get_input& input, steady_time now) noexcept {
    switch (input.kind) {
    case get_input_kind::done: result_.timings.tls = now - connected_at_; return begin_to_send();
    case get_input_kind::blocked: return last_look_ ? run_out(now) : blocked();
    case get_input_kind::broken: return fail(input.error, now);
    default: return look_again(get_action_kind::handshake, input, now);
    }
}

FOREST_DECL get_action get_machine::step_sending(const get_input& input, steady_time now) noexcept {
    switch (input.kind) {
    case get_input_kind::done: return sent(now);
    case get_input_kind::blocked: return last_look_ ? run_out(now) : blocked();
    case get_input_kind::broken:
        return result_.index == kept_connection ? give_back(now) : fail(input.error, now);
    default: return look_again(get_action_kind::send, input, now);
    }
}

FOREST_DECL get_action get_machine::step_receiving(const get_input& input,
                                                   steady_time now) noexcept {
    if (input.some && !std::exchange(some_, true))
        result_.timings.first_byte = now - sent_at_;
    switch (input.kind) {
    case get_input_kind::done:
        result_.answered = true;
        keepable_ = input.keepable;
        return finish(now);
    case get_input_kind::blocked: return last_look_ ? run_out(now) : blocked();
    case get_input_kind::broken:
        return result_.index == kept_connection && !some_ ? give_back(now) : fail(input.error, now);
    default: return look_again(get_action_kind::receive, input, now);
    }
}

FOREST_DECL get_action get_machine::look_again(get_action_kind kind, const get_input& input,
                                               steady_time now) noexcept {
    if (input.kind == get_input_kind::woke) {
        if (now < deadline_)
            return blocked();
        last_look_ = true;
    }
    return act(kind, result_.index);
}

FOREST_DECL get_action get_machine::blocked() noexcept {
    return wait_until(deadline_);
}

FOREST_DECL get_action get_machine::run_out(steady_time now) noexcept {
    return fail(starved_ ? errc::local_resources_exhausted : errc::timed_out, now);
}

FOREST_DECL get_action get_machine::fail(errc why, steady_time now) noexcept {
    result_.error = why;
    return finish(now);
}

FOREST_DECL get_action get_machine::give_back(steady_time now) noexcept {
    result_.send_again = true;
    return fail(errc::connection_lost, now);
}

FOREST_DECL get_action get_machine::finish(steady_time now) noexcept {
    result_.timings.total = now - started_;
    phase_ = phase::ending;
    return next_of_end();
}

FOREST_DECL get_action get_machine::next_of_end() noexcept {
    if (std::exchange(asking_, false))
        return act(get_action_kind::leave_name);
    if (open_ == 0)
        return act(get_action_kind::done);
    const auto index = static_cast<unsigned>(std::countr_zero(open_));
    open_ &= open_ - 1;
    return act(keepable_ ? get_action_kind::keep : get_action_kind::close, index);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
