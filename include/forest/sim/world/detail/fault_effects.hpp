// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_DETAIL_FAULT_EFFECTS_HPP
#define FOREST_SIM_WORLD_DETAIL_FAULT_EFFECTS_HPP

#include <forest/core/time.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/time/host.hpp>

#include <cassert>
#include <chrono>

// What faults do. To add a fault, add its kind, its word and its effect.
//
// Faults of one kind may overlap. Those that are there or not are counted. Those that set a value
// are told which of them is in force: the one that began last of those that have not ended.

namespace forest::sim::detail {

/// What a fault does to a process: `by` is 1 when it begins and -1 when it ends. `in_force` is null
/// if none of its kind is left. Not for `crash`, `restart` and `stop`, whose end depends on what
/// became of the process meanwhile.
inline void change_process(server_process& server, const fault& what, int by,
                           const fault* in_force) {
    switch (what.kind) {
    case fault_kind::freeze: server.frozen += by; return;
    case fault_kind::slow:
        server.slow += by;
        server.slowness = in_force != nullptr ? in_force->span : duration::zero();
        return;
    case fault_kind::drain: return by > 0 ? server.drain() : server.resume();
    case fault_kind::wrong_secret: server.wrong_secret += by; return;
    case fault_kind::wrong_body: server.wrong_body += by; return;
    case fault_kind::single_connection: server.one_connection += by; return;
    default: assert(false && "no fault of a process");
    }
}

/// What a fault does to the way between a client and a server, likewise.
inline void change_link(link& link, const fault& what, int by, const fault* in_force) {
    switch (what.kind) {
    case fault_kind::refuse: link.refusing += by; return;
    case fault_kind::black_hole:
        link.requests_lost += by;
        link.replies_lost += by;
        return;
    case fault_kind::partition_requests: link.requests_lost += by; return;
    case fault_kind::partition_replies: link.replies_lost += by; return;
    case fault_kind::reset: link.resetting += by; return;
    case fault_kind::truncate: link.truncating += by; return;
    case fault_kind::garble: link.garbling += by; return;
    case fault_kind::drip:
        link.dripping += by;
        link.drip = in_force != nullptr ? in_force->span : duration::zero();
        return;
    case fault_kind::delay:
        if (in_force != nullptr)
            link.delay = delay_of(*in_force);
        else
            link.usual_delay();
        return;
    case fault_kind::clog: return by > 0 ? link.clog() : link.unclog();
    case fault_kind::loss: link.loss_per_mille += by * static_cast<int>(what.amount); return;
    case fault_kind::dns_failure: link.unresolvable += by; return;
    default: assert(false && "no fault of a link");
    }
}

/// What a fault of that kind, which lasts, does to the time of a host: all that is in force.
inline void change_time(host& host, fault_kind kind, const fault* in_force) {
    const duration span = in_force != nullptr ? in_force->span : duration::zero();
    switch (kind) {
    case fault_kind::jump_wall:
        return host.jump_wall(std::chrono::duration_cast<std::chrono::milliseconds>(span));
    case fault_kind::drift: return host.drift(in_force != nullptr ? in_force->amount : 0);
    case fault_kind::swing: return host.swing(span, 16 * span);
    default: assert(false && "no fault of time that lasts");
    }
}

/// What happens to it at one moment.
inline void disturb_time(host& host, const fault& what) {
    switch (what.kind) {
    case fault_kind::step_wall:
        return host.step_wall(std::chrono::duration_cast<std::chrono::milliseconds>(what.span));
    case fault_kind::pause: return host.pause(what.span);
    case fault_kind::suspend: return host.suspend(what.span);
    default: assert(false && "no momentary fault of time");
    }
}

} // namespace forest::sim::detail

#endif
