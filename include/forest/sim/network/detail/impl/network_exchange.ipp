// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_IMPL_NETWORK_EXCHANGE_IPP
#define FOREST_SIM_NETWORK_DETAIL_IMPL_NETWORK_EXCHANGE_IPP

#include <forest/sim/network/detail/network_exchange.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL void network_exchange::begin(const request& get, duration timeout, receiver handler) {
    const int already_in_flight = in_flight();
    cancel(); // A second request at the same time replaces the first one.
    path_ = choose_(get.target);
    if (path_.sent != nullptr && *path_.sent)
        (*path_.sent)(already_in_flight);
    handler_ = std::move(handler);
    limits_ = get.limits;
    began_ = path_.client->steady_now();
    due_ = path_.client->timer_now() + std::min(timeout, options::duration_max);
    timer_set_ = false;
    size_ = forest::detail::write_request(bytes_, "GET", get.target, get.fields, false);
    ++call_;
    ++leg_;
    note(trace_kind::sent, 0, ++requests_);
    if (path_.over->unresolvable > 0)
        return fail_after(path_.over->delay.typical, errc::resolve_failed);
    send(direction::to_server, [self = shared_from_this(), leg = leg_]() mutable {
        if (leg == self->leg_)
            arrive(std::move(self));
    });
}

FOREST_DECL void network_exchange::cancel() {
    if (!handler_)
        return;
    end();
    queue().after({}, [client = path_.client, handler = std::move(handler_)]() mutable {
        client->when_running([handler = std::move(handler)]() mutable {
            reply canceled;
            canceled.error = errc::operation_canceled;
            handler(canceled);
        });
    });
}

FOREST_DECL void network_exchange::reset() {
    accepted_ = false;
    ++leg_;
    fail_over_link(errc::connection_lost);
}

FOREST_DECL void network_exchange::note(trace_kind kind, int detail, std::uint64_t value) const {
    if (path_.lines != nullptr)
        path_.lines->add({queue().now().time_since_epoch(), kind, path_.subject,
                          static_cast<std::uint16_t>(detail), value});
}

FOREST_DECL void network_exchange::set_timer_unless_within(duration extra) {
    if (timer_set_)
        return;
    const duration certain = time_left() / 3 * 2 - extra;
    if (!path_.over->carries_within(certain))
        set_timer();
}

FOREST_DECL void network_exchange::wait_for_deadline() {
    const duration left = std::max(path_.client->true_span(time_left()), duration{1});
    queue().after(left, [self = shared_from_this(), call = call_] {
        self->path_.client->when_running([self, call] {
            if (call != self->call_)
                return;
            if (self->time_left() > duration::zero())
                self->wait_for_deadline();
            else
                self->fail(errc::timed_out);
        });
    });
}

FOREST_DECL void network_exchange::lose(direction way) {
    note(trace_kind::lost, static_cast<int>(way), requests_);
    set_timer();
}

FOREST_DECL void network_exchange::arrive(shared self) {
    self->note(trace_kind::arrived, 0, self->requests_);
    server_process& server = *self->path_.server;
    if (self->path_.over->refusing > 0 || !server.accept(*self))
        return self->fail_over_link(errc::connection_refused);
    self->accepted_ = true;
    if (server.frozen > 0 || server.slow > 0 || !server.host().running())
        self->set_timer();
    const auto leg = self->leg_;
    server.host().when_running([self = std::move(self), leg]() mutable {
        if (leg == self->leg_)
            ask(std::move(self));
    });
}

FOREST_DECL void network_exchange::ask(shared self) {
    server_process& server = *self->path_.server;
    const std::span<char> request{self->bytes_.data(), self->size_};
    const auto leg = self->leg_;
    server.serve(request, [leg, self = std::move(self)](std::string_view bytes) {
        if (leg == self->leg_)
            self->answered(bytes);
    });
}

FOREST_DECL void network_exchange::answered(std::string_view bytes) {
    answer_.assign(bytes);
    if (path_.server->slow == 0)
        return transmit();
    queue().after(path_.server->slowness, [self = shared_from_this(), leg = leg_]() mutable {
        server_process& server = *self->path_.server;
        server.host().when_running([self = std::move(self), leg] {
            if (leg == self->leg_ && self->path_.server->frozen == 0)
                self->transmit();
        });
    });
}

FOREST_DECL void network_exchange::transmit() {
    note(trace_kind::answered, 0, answer_.size());
    answer_.depart(*path_.over, limits_);
    send(direction::to_client, next_piece(), answer_.next_after(), answer_.time());
}

FOREST_DECL forest::detail::unique_function<void()> network_exchange::next_piece() {
    return [self = shared_from_this(), leg = leg_]() mutable {
        if (leg == self->leg_ && self->time_left() > duration::zero())
            piece_arrived(std::move(self));
    };
}

FOREST_DECL void network_exchange::piece_arrived(shared self) {
    const std::size_t piece = self->answer_.arrive();
    if (self->answer_.complete())
        self->leave();
    else if (!self->path_.over->carry_on(direction::to_client, self->next_piece(),
                                         self->answer_.next_after()))
        self->lose(direction::to_client);
    host& client = *self->path_.client;
    const auto leg = self->leg_;
    client.when_running([leg, self = std::move(self), piece] {
        if (leg != self->leg_ || !self->answer_.parse(piece))
            return;
        reply result = self->answer_.result();
        self->finish(result);
    });
}

FOREST_DECL void network_exchange::fail_after(duration delay, errc error) {
    set_timer();
    queue().after(delay, failure(error));
}

FOREST_DECL forest::detail::unique_function<void()> network_exchange::failure(errc error) {
    return [self = shared_from_this(), leg = leg_, error] {
        if (leg == self->leg_ && self->time_left() > duration::zero())
            self->path_.client->when_running([self, leg, error] {
                if (leg == self->leg_)
                    self->fail(error);
            });
    };
}

FOREST_DECL void network_exchange::fail(errc error) {
    reply result;
    result.error = error;
    finish(result);
}

FOREST_DECL void network_exchange::finish(reply& result) {
    end();
    result.timings.total = path_.client->steady_now() - began_;
    note(trace_kind::ended, result.status, static_cast<std::uint64_t>(result.error.value()));
    auto receive = std::move(handler_);
    receive(result);
}

FOREST_DECL void network_exchange::end() {
    leave();
    ++call_;
    ++leg_;
}

FOREST_DECL void network_exchange::leave() {
    if (std::exchange(accepted_, false))
        path_.server->release(*this);
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
