// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_DETAIL_IMPL_FAULT_EFFECTS_IPP
#define FOREST_SIM_WORLD_DETAIL_IMPL_FAULT_EFFECTS_IPP

#include <forest/sim/world/detail/fault_effects.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL void change_process(server_process& server, const fault& fault, int step,
                                const sim::fault* in_force) {
    switch (fault.kind) {
    case fault_kind::freeze: server.frozen += step; return;
    case fault_kind::slow:
        server.slow += step;
        server.slowness = in_force != nullptr ? in_force->span : duration::zero();
        return;
    case fault_kind::drain: return step > 0 ? server.drain() : server.resume();
    case fault_kind::wrong_secret: server.wrong_secret += step; return;
    case fault_kind::wrong_body: server.wrong_body += step; return;
    case fault_kind::single_connection: server.one_connection += step; return;
    case fault_kind::close_idle:
        server.closing_idle += step;
        server.idle_time = in_force != nullptr ? in_force->span : duration::zero();
        return;
    default: assert(false && "no fault of a process");
    }
}

FOREST_DECL void change_link(link& link, const fault& fault, int step, const sim::fault* in_force) {
    switch (fault.kind) {
    case fault_kind::refuse: link.refusing += step; return;
    case fault_kind::black_hole:
        link.requests_lost += step;
        link.replies_lost += step;
        return;
    case fault_kind::partition_requests: link.requests_lost += step; return;
    case fault_kind::partition_replies: link.replies_lost += step; return;
    case fault_kind::reset: link.resetting += step; return;
    case fault_kind::truncate: link.truncating += step; return;
    case fault_kind::garble: link.garbling += step; return;
    case fault_kind::drip:
        link.dripping += step;
        link.drip = in_force != nullptr ? in_force->span : duration::zero();
        return;
    case fault_kind::delay:
        if (in_force != nullptr)
            link.delay = delay_of(*in_force);
        else
            link.usual_delay();
        return;
    case fault_kind::clog: return step > 0 ? link.clog() : link.unclog();
    case fault_kind::loss: link.loss_per_mille += step * static_cast<int>(fault.amount); return;
    case fault_kind::dns_failure: link.unresolvable += step; return;
    case fault_kind::dns_slow:
        link.naming_slowly += step;
        link.naming_time = in_force != nullptr ? in_force->span : duration::zero();
        return;
    case fault_kind::dns_hang: return step > 0 ? link.hold_names() : link.release_names();
    case fault_kind::half_open: return step > 0 ? link.forget() : link.remember();
    case fault_kind::black_hole_address:
        link.address_lost.at(static_cast<std::size_t>(fault.amount)) += step;
        return;
    case fault_kind::refuse_address:
        link.address_refusing.at(static_cast<std::size_t>(fault.amount)) += step;
        return;
    case fault_kind::lose_handshakes: link.flights_lost += step; return;
    default: assert(false && "no fault of a link");
    }
}

FOREST_DECL void change_time(host& host, fault_kind kind, const fault* in_force) {
    const duration span = in_force != nullptr ? in_force->span : duration::zero();
    switch (kind) {
    case fault_kind::jump_wall:
        return host.jump_wall(std::chrono::duration_cast<std::chrono::milliseconds>(span));
    case fault_kind::drift: return host.drift(in_force != nullptr ? in_force->amount : 0);
    case fault_kind::swing: return host.swing(span, 16 * span);
    default: assert(false && "no fault of time that lasts");
    }
}

FOREST_DECL void disturb_time(host& host, const fault& fault) {
    switch (fault.kind) {
    case fault_kind::step_wall:
        return host.step_wall(std::chrono::duration_cast<std::chrono::milliseconds>(fault.span));
    case fault_kind::pause: return host.pause(fault.span);
    case fault_kind::suspend: return host.suspend(fault.span);
    default: assert(false && "no momentary fault of time");
    }
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
