// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_IMPL_NETWORK_GET_IPP
#define FOREST_SIM_NETWORK_DETAIL_IMPL_NETWORK_GET_IPP

#include <forest/sim/network/detail/network_get.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL void network_get::begin(const request& get, duration timeout, receiver handler) {
    const int already_in_flight = user_->in_flight;
    if (under_way())
        cancel(); // A second request at the same time replaces the first one.
    path_ = user_->choose(get.target);
    if (path_.sent != nullptr && *path_.sent)
        (*path_.sent)(already_in_flight);
    handler_ = std::move(handler);
    ++user_->in_flight;
    limits_ = get.limits;
    began_ = path_.client->steady_now();
    timer_at_.reset();
    ++timers_;
    canceled_ = false;
    known_addresses_ = 0;
    const bool keeps = stepwise() && path_.network->setup()->kept;
    size_ = forest::detail::write_request(bytes_, "GET", get.target, get.fields, keeps);
    note(trace_kind::sent, 0, ++requests_);
    if (wire_observer* const seen = observer())
        seen->began(this, timeout);
    if (kept_ != nullptr &&
        (get.fresh_connection || kept_->failed() || !kept_->leads_over(*path_.over)))
        drop(forest::detail::kept_connection);
    get_plan plan{.timeout = std::min(timeout, options::duration_max), .kept = kept_ != nullptr};
    if (stepwise()) {
        host_name_ = get.target.host();
        plan.patience = path_.network->patience();
        plan.encrypted = path_.network->setup()->tls_flights > 0;
        plan.addresses = get.target.is_ip_literal() ? 1 : 0;
        known_addresses_ = plan.addresses;
        addresses_[0] = 0;
    } else if (path_.over->unresolvable == 0 && path_.over->names_in_time()) {
        known_addresses_ = plan.addresses = 1;
        addresses_[0] = 0;
    }
    encrypted_ = plan.encrypted;
    beginning_ = true;
    perform(start(plan));
    beginning_ = false;
}

FOREST_DECL void network_get::cancel() {
    if (!under_way()) {
        if (kept_ != nullptr)
            drop(forest::detail::kept_connection);
        return;
    }
    canceled_ = true;
    drive({.kind = input::canceled});
}

FOREST_DECL void network_get::ready(connection& awaited) {
    if (!under_way() || socket(awaited.index()) != &awaited)
        return;
    drive({.kind = input::ready, .index = static_cast<std::uint8_t>(awaited.index())});
}

FOREST_DECL bool network_get::too_late() const noexcept {
    return under_way() && time_left() <= duration::zero();
}

FOREST_DECL void network_get::perform(get_action next) {
    while (next.kind != action::wait && next.kind != action::done)
        next = step(act(next));
    if (next.kind == action::done)
        return finish();
    wait(next.until);
}

FOREST_DECL forest::detail::get_input network_get::act(get_action next) {
    switch (next.kind) {
    case action::resolve: return ask(false);
    case action::resolve_again: return ask(true);
    case action::leave_name: return leave();
    case action::connect: return connect(next.index);
    case action::try_again: return try_again(next.index);
    case action::handshake: return shake_hands(next.index);
    case action::send: return send(next.index);
    case action::receive: return receive(next.index);
    case action::keep: keep(next.index); break;
    case action::close: drop(next.index); break;
    case action::wait:
    case action::done: break;
    }
    return {.kind = input::performed};
}

// -- The timer --

FOREST_DECL void network_get::wait(steady_time until) {
    // If the request travels with the first message, a timer is set only when a message is lost or
    // may be late.
    if (stepwise() || asking_)
        set_timer(until);
}

FOREST_DECL void network_get::may_be_late() {
    if (under_way() && !stepwise())
        set_timer(machine_.deadline());
}

// A message that takes at most two thirds of the time is not late, because no clock runs more than
// 11/8 times as fast as the queue.
FOREST_DECL void network_get::sending(link& over, duration more) {
    if (timer_at_ || !under_way() || stepwise())
        return;
    const duration certain = time_left() / 3 * 2 - more;
    if (!over.carries_within(certain))
        set_timer(machine_.deadline());
}

FOREST_DECL void network_get::set_timer(steady_time until) {
    if (timer_at_ && *timer_at_ <= until)
        return;
    timer_at_ = until;
    const duration left = std::max(path_.client->true_span(until - now()), duration{1});
    queue().after(left, [self = shared_from_this(), this, number = ++timers_]() mutable {
        client().when_running([self = std::move(self), this, number] { timer_ended(number); });
    });
}

FOREST_DECL void network_get::timer_ended(std::uint64_t number) {
    if (number != timers_ || !under_way())
        return;
    const steady_time due = *std::exchange(timer_at_, std::nullopt);
    if (due > now())
        return set_timer(due);
    drive({.kind = input::woke});
}

// -- Names --

FOREST_DECL forest::detail::get_input network_get::ask(bool after_failed_connect) {
    using state = forest::detail::name_state;
    ++questions_;
    if (!stepwise())
        return ask_link();
    const state found =
        path_.network->ask(host_name_, *path_.over, after_failed_connect, question_);
    has_last_good_ = found == state::refreshing;
    asking_ = waits_for_book_ = found == state::waiting || has_last_good_;
    note(trace_kind::looked_up, static_cast<int>(found), requests_);
    if (asking_)
        return {.kind = input::resolving,
                .count = static_cast<std::uint8_t>(has_last_good_ ? 1 : 0)};
    get_input known = answer();
    known.from_memory = true;
    return known;
}

// A client that connects in one step remembers no names.
FOREST_DECL forest::detail::get_input network_get::ask_link() {
    asking_ = true;
    path_.over->look_up([self = shared_from_this(), this, number = questions_]() mutable {
        if (asking_ && number == questions_ && !too_late())
            client().when_running(
                [self = std::move(self), this, number] { name_answered(number); });
    });
    return {.kind = input::resolving};
}

FOREST_DECL void network_get::question::answered() noexcept {
    owner_.path_.network->stopped_waiting();
    owner_.waits_for_book_ = false;
    owner_.queue().after({}, [self = owner_.shared_from_this(), owner = &owner_,
                              number = owner_.questions_]() mutable {
        owner->client().when_running(
            [self = std::move(self), owner, number] { owner->name_answered(number); });
    });
}

FOREST_DECL void network_get::name_answered(std::uint64_t number) {
    if (asking_ && number == questions_)
        drive(answer());
}

FOREST_DECL forest::detail::get_input network_get::answer() {
    asking_ = false;
    if (!stepwise()) {
        if (path_.over->unresolvable > 0)
            return {.kind = input::unresolved, .error = errc::resolve_failed};
        known_addresses_ = 1;
        addresses_[0] = 0;
        return {.kind = input::resolved, .count = 1};
    }
    if (question_.addresses.empty())
        return {.kind = input::unresolved, .error = errc{question_.error.value()}};
    add_addresses();
    return {.kind = input::resolved,
            .count = static_cast<std::uint8_t>(known_addresses_),
            .from_memory = bool{question_.error},
            .kept_fits = kept_fits()};
}

FOREST_DECL forest::detail::get_input network_get::leave() {
    leave_name();
    if (!stepwise() || (question_.addresses.empty() && !question_.error))
        return {.kind = input::performed};
    get_input found = answer();
    found.from_memory = true;
    return found;
}

FOREST_DECL void network_get::leave_name() {
    asking_ = false;
    if (std::exchange(waits_for_book_, false))
        path_.network->leave(question_, has_last_good_);
}

FOREST_DECL void network_get::add_addresses() {
    for (const ip_address& each : question_.addresses.all()) {
        const auto number = static_cast<std::uint8_t>(client_network::number_of(each));
        const auto end = addresses_.begin() + static_cast<std::ptrdiff_t>(known_addresses_);
        if (std::find(addresses_.begin(), end, number) == end)
            addresses_[known_addresses_++] = number;
    }
}

FOREST_DECL bool network_get::kept_fits() const noexcept {
    if (kept_ == nullptr)
        return true;
    const auto end = addresses_.begin() + static_cast<std::ptrdiff_t>(known_addresses_);
    return std::find(addresses_.begin(), end, kept_->address()) != end;
}

// -- Connections --

FOREST_DECL connection& network_get::add(unsigned index, unsigned address) {
    if (free_.empty()) {
        connections_.push_back(std::make_unique<connection>(*this));
        free_.reserve(connections_.size());
        free_.push_back(connections_.back().get());
    }
    connection& added = *free_.back();
    free_.pop_back();
    attempts_[index] = &added;
    added.open(path_, index, address, !stepwise());
    if (wire_observer* const seen = observer())
        seen->opened(this, &added, address);
    return added;
}

FOREST_DECL void network_get::drop(unsigned index) {
    connection& dropped = *std::exchange(socket(index), nullptr);
    dropped.close();
    free_.push_back(&dropped);
}

FOREST_DECL forest::detail::get_input network_get::connect(unsigned index) {
    connection& added = add(index, addresses_[index]);
    attempted_[index] = now();
    if (!stepwise()) {
        (void)send(index);
        return {.kind = input::connected, .complete = true};
    }
    added.connect();
    added.await();
    return {.kind = input::connecting};
}

FOREST_DECL forest::detail::get_input network_get::try_again(unsigned index) {
    connection& tried = *socket(index);
    if (tried.failed()) {
        const errc why = tried.failure();
        drop(index);
        return {.kind = input::refused, .error = why};
    }
    if (tried.made())
        return {.kind = input::connected, .took = now() - attempted_[index]};
    tried.await();
    return {.kind = input::connecting};
}

FOREST_DECL forest::detail::get_input network_get::shake_hands(unsigned index) {
    connection& used = *socket(index);
    if (used.failed())
        return {.kind = input::broken, .error = used.failure()};
    if (used.flights_received() == path_.network->setup()->tls_flights)
        return {.kind = input::done};
    if (used.flights_sent() == used.flights_received())
        used.greet();
    used.await();
    return {.kind = input::blocked};
}

FOREST_DECL forest::detail::get_input network_get::send(unsigned index) {
    connection& used = *socket(index);
    if (used.failed())
        return {.kind = input::broken, .error = used.failure()};
    if (wire_observer* const seen = observer())
        seen->requested(this, &used, {bytes_.data(), size_});
    used.await();
    used.request(stepwise() && path_.network->setup()->kept);
    return {.kind = input::done};
}

FOREST_DECL forest::detail::get_input network_get::receive(unsigned index) {
    connection& used = *socket(index);
    arriving_answer& answer = used.answer();
    get_input came;
    came.some = answer.started();
    if (came.some && answer.parse()) {
        result_ = answer.result();
        came.kind = result_.error ? input::broken : input::done;
        came.error = errc{result_.error.value()};
        came.keepable = stepwise() && path_.network->setup()->kept && answer.keep_alive();
        return came;
    }
    if (used.failed()) {
        came.kind = input::broken;
        came.error = used.failure();
        return came;
    }
    used.await();
    came.kind = input::blocked;
    return came;
}

FOREST_DECL void network_get::keep(unsigned index) {
    connection* const kept = std::exchange(socket(index), nullptr);
    kept_ = kept;
    kept->keep(forest::detail::kept_connection);
}

// -- The end --

FOREST_DECL void network_get::finish() {
    const forest::detail::get_result& ended = machine_.result();
    timer_at_.reset();
    ++timers_;
    ++questions_;
    reply result;
    if (!canceled_) {
        note_address();
        result = std::exchange(result_, reply{});
        if (!ended.answered)
            result.error = make_error_code(ended.error);
        if (stepwise())
            result.timings = ended.timings;
        result.timings.total = path_.client->steady_now() - began_;
        result.connections_opened = ended.connections_opened;
        result.send_again = ended.send_again;
        note(trace_kind::ended, result.status, static_cast<std::uint64_t>(result.error.value()));
    } else {
        result.error = errc::operation_canceled;
        result.connections_opened = ended.connections_opened;
    }
    --user_->in_flight;
    auto handler = std::move(handler_);
    if (!canceled_ && !beginning_)
        return call(handler, result);
    queue().after(
        {}, [self = shared_from_this(), this, handler = std::move(handler), result]() mutable {
            client().when_running([self = std::move(self), this, handler = std::move(handler),
                                   result]() mutable { call(handler, result); });
        });
}

FOREST_DECL void network_get::note_address() {
    const forest::detail::get_result& ended = machine_.result();
    if (known_addresses_ < 2 || ended.index >= known_addresses_ ||
        ended.answered == (ended.index == 0))
        return;
    path_.network->used(host_name_, addresses_[ended.index], ended.answered);
}

FOREST_DECL void network_get::call(receiver& handler, const reply& result) {
    if (wire_observer* const seen = observer())
        seen->ended(this, result);
    handler(result);
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
