// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_IMPL_CONNECTION_IPP
#define FOREST_SIM_NETWORK_DETAIL_IMPL_CONNECTION_IPP

#include <forest/sim/network/detail/connection.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL void connection_user::note(trace_kind kind, int detail, std::uint64_t value) const {
    if (path_.lines != nullptr)
        path_.lines->add({queue().now().time_since_epoch(), kind, path_.subject,
                          static_cast<std::uint16_t>(detail), value});
}

FOREST_DECL void connection::open(const network_path& path, unsigned index, unsigned address,
                                  bool whole) {
    ++leg_;
    over_ = path.over;
    server_ = path.server;
    forgotten_ = over_->forgotten();
    index_ = index;
    address_ = address;
    flights_sent_ = flights_received_ = 0;
    whole_ = whole;
    made_ = failed_ = keeps_ = awaited_ = dead_ = false;
    answer_.await();
}

FOREST_DECL void connection::connect() {
    user_.note(trace_kind::connecting, static_cast<int>(address_), user_.requests());
    send(direction::to_server, [self = share(), leg = leg_]() mutable {
        if (leg == self->leg_)
            connect_arrived(std::move(self));
    });
}

FOREST_DECL void connection::greet() {
    ++flights_sent_;
    if (over_->flights_lost > 0)
        return lose(direction::to_server);
    send(direction::to_server, [self = share(), leg = leg_]() mutable {
        host& server = self->server_->host();
        server.when_running([self = std::move(self), leg]() mutable {
            if (leg == self->leg_)
                flight_arrived(std::move(self));
        });
    });
}

FOREST_DECL void connection::request(bool keeps) {
    keeps_ = keeps;
    ++requests_;
    answer_.await();
    send(direction::to_server, [self = share(), leg = leg_]() mutable {
        if (leg == self->leg_)
            request_arrived(std::move(self));
    });
}

FOREST_DECL void connection::keep(unsigned index) {
    index_ = index;
    awaited_ = false;
    dead_ = dead_ || over_->forgets();
    user_.note(trace_kind::kept, static_cast<int>(address_), user_.requests());
}

FOREST_DECL void connection::close() {
    leave();
    ++leg_;
    if (wire_observer* const seen = user_.observer())
        seen->closed(this);
}

FOREST_DECL void connection::reset() {
    accepted_ = false;
    ++leg_;
    fail_over_link(errc::connection_lost);
}

FOREST_DECL bool connection::dead() const noexcept {
    return dead_ || forgotten_ != over_->forgotten() || over_->address_lost[address_] > 0;
}

FOREST_DECL void connection::send(direction way, task&& arrives, duration extra, duration whole) {
    user_.sending(*over_, whole);
    if (dead() || !over_->carry(way, std::move(arrives), extra))
        lose(way);
}

FOREST_DECL void connection::lose(direction way) {
    user_.note(trace_kind::lost, static_cast<int>(way), user_.requests());
    user_.may_be_late();
}

FOREST_DECL bool connection::accept() {
    accepted_ = over_->refusing + over_->address_refusing[address_] == 0 && server_->accept(*this);
    return accepted_;
}

FOREST_DECL void connection::connect_arrived(shared self) {
    if (!self->accept())
        return self->fail_over_link(errc::connection_refused);
    connection& made = *self;
    made.send(direction::to_client, [self = std::move(self), leg = made.leg_]() mutable {
        if (leg != self->leg_ || self->user_.too_late())
            return;
        self->made_ = true;
        self->user_.note(trace_kind::connected, static_cast<int>(self->address_),
                         self->user_.requests());
        wake(std::move(self));
    });
}

FOREST_DECL void connection::flight_arrived(shared self) {
    if (self->server_->frozen > 0)
        return self->user_.may_be_late();
    if (!self->accepted_)
        return self->fail_over_link(errc::connection_lost);
    connection& greeted = *self;
    greeted.send(direction::to_client, [self = std::move(self), leg = greeted.leg_]() mutable {
        if (leg != self->leg_ || self->user_.too_late())
            return;
        ++self->flights_received_;
        wake(std::move(self));
    });
}

FOREST_DECL void connection::request_arrived(shared self) {
    self->user_.note(trace_kind::arrived, 0, self->user_.requests());
    if (!self->accepted_ && !(self->whole_ && self->accept()))
        return self->fail_over_link(self->whole_ ? errc::connection_refused
                                                 : errc::connection_lost);
    server_process& server = *self->server_;
    if (server.frozen > 0 || server.slow > 0 || !server.host().running())
        self->user_.may_be_late();
    const auto leg = self->leg_;
    server.host().when_running([self = std::move(self), leg]() mutable {
        if (leg == self->leg_)
            ask(self);
    });
}

FOREST_DECL void connection::ask(const shared& self) {
    server_process& server = *self->server_;
    const std::span<char> request = self->user_.request_bytes();
    const auto leg = self->leg_;
    self->waiting_ = server.serve(
        request,
        [leg, self](std::string_view bytes) {
            if (leg == self->leg_)
                self->answered(bytes);
        },
        self->keeps_);
}

FOREST_DECL void connection::answered(std::string_view bytes) {
    if (server_->frozen > 0)
        return user_.may_be_late();
    answer_.assign(bytes);
    if (server_->slow == 0)
        return transmit();
    user_.queue().after(server_->slowness, [self = share(), leg = leg_]() mutable {
        server_process& server = *self->server_;
        server.host().when_running([self = std::move(self), leg] {
            if (leg == self->leg_ && self->server_->frozen == 0)
                self->transmit();
        });
    });
}

FOREST_DECL void connection::transmit() {
    user_.note(trace_kind::answered, 0, answer_.size());
    answer_.depart(*over_, user_.limits());
    send(direction::to_client, next_piece(), answer_.next_after(), answer_.time());
}

// The time counts from the arrival of the answer, so that the end does not overtake the answer.
FOREST_DECL void connection::close_when_idle() {
    user_.queue().after(server_->idle_time, [self = share(), leg = leg_, number = requests_] {
        if (leg != self->leg_ || number != self->requests_ || !self->accepted_)
            return;
        self->leave();
        if (!self->dead())
            (void)self->over_->carry_on(direction::to_client,
                                        self->failure_of(errc::connection_lost),
                                        self->over_->delay.typical);
    });
}

FOREST_DECL connection::task connection::next_piece() {
    return [self = share(), leg = leg_]() mutable {
        if (leg == self->leg_ && !self->user_.too_late())
            piece_arrived(std::move(self));
    };
}

FOREST_DECL void connection::piece_arrived(shared self) {
    (void)self->answer_.arrive();
    if (self->answer_.complete()) {
        if (!self->keeps_)
            self->leave();
        else if (self->server_->closing_idle > 0)
            self->close_when_idle();
        if (wire_observer* const seen = self->user_.observer())
            seen->answered(self.get());
    } else {
        if (self->over_->holds_back())
            self->user_.may_be_late();
        if (self->dead() || !self->over_->carry_on(direction::to_client, self->next_piece(),
                                                   self->answer_.next_after()))
            self->lose(direction::to_client);
    }
    wake(std::move(self));
}

FOREST_DECL connection::task connection::failure_of(errc error) {
    return [self = share(), leg = leg_, error]() mutable {
        if (leg != self->leg_ || self->user_.too_late())
            return;
        self->failed_ = true;
        self->failure_ = error;
        wake(std::move(self));
    };
}

FOREST_DECL void connection::wake(shared self) {
    host& client = self->user_.client();
    const auto leg = self->leg_;
    client.when_running([leg, self = std::move(self)] {
        if (leg == self->leg_ && std::exchange(self->awaited_, false))
            self->user_.ready(*self);
    });
}

FOREST_DECL void connection::leave() {
    if (std::exchange(accepted_, false))
        server_->release(*this);
    std::exchange(waiting_, {}).client_gone();
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
