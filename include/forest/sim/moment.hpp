// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_MOMENT_HPP
#define FOREST_SIM_MOMENT_HPP

#include <forest/core/time.hpp>
#include <forest/sim/fault.hpp>
#include <forest/sim/host.hpp>
#include <forest/sim/latency.hpp>
#include <forest/sim/link.hpp>
#include <forest/sim/process.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <concepts>
#include <cstdint>

// The words of a script, and what they do. To add a fault, add its kind, its word and its effect.

namespace forest::sim {

/// What a fault does to a process: `by` is 1 when it begins and -1 when it ends.
inline void change_process(process& server, const fault& what, int by) {
    switch (what.kind) {
    case fault_kind::crash: return by > 0 ? server.crash() : server.recover();
    case fault_kind::restart: return server.restart();
    case fault_kind::freeze: server.frozen += by; return;
    case fault_kind::slow:
        server.slow += by;
        server.slowness = what.span;
        return;
    case fault_kind::stop:
    case fault_kind::drain: return by > 0 ? server.drain() : server.resume();
    case fault_kind::wrong_secret: server.wrong_secret += by; return;
    case fault_kind::wrong_body: server.wrong_body += by; return;
    case fault_kind::single_connection: server.one_connection += by; return;
    default: assert(false && "no fault of a process");
    }
}

/// What a fault does to the way between a client and a server.
inline void change_link(link& way, const fault& what, int by) {
    switch (what.kind) {
    case fault_kind::refuse: way.refusing += by; return;
    case fault_kind::black_hole:
        way.requests_lost += by;
        way.replies_lost += by;
        return;
    case fault_kind::partition_requests: way.requests_lost += by; return;
    case fault_kind::partition_replies: way.replies_lost += by; return;
    case fault_kind::reset: way.resetting += by; return;
    case fault_kind::truncate: way.truncating += by; return;
    case fault_kind::garble: way.garbling += by; return;
    case fault_kind::drip:
        way.dripping += by;
        way.drip = what.span;
        return;
    case fault_kind::delay:
        if (by > 0)
            way.delay = {.distribution = what.shape, .typical = what.span};
        else
            way.usual_delay();
        return;
    case fault_kind::clog: return by > 0 ? way.clog() : way.unclog();
    case fault_kind::loss: way.loss_per_mille += by * static_cast<int>(what.amount); return;
    case fault_kind::dns_failure: way.unresolvable += by; return;
    default: assert(false && "no fault of a link");
    }
}

/// What a fault does to the time of a machine.
inline void change_time(host& machine, const fault& what, int by) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(what.span);
    switch (what.kind) {
    case fault_kind::step_wall: return machine.step_wall(milliseconds);
    case fault_kind::jump_wall:
        return machine.jump_wall(by > 0 ? milliseconds : std::chrono::milliseconds::zero());
    case fault_kind::drift: return machine.drift(by > 0 ? what.amount : 0);
    case fault_kind::swing:
        return machine.swing(by > 0 ? what.span : duration::zero(), 16 * what.span);
    case fault_kind::pause: return machine.pause(what.span);
    case fault_kind::suspend: return machine.suspend(what.span);
    default: assert(false && "no fault of time");
    }
}

/// A moment of a world, or a span, in which things go wrong. Each word answers the moment, so that
/// several can be said of it. A process stands for itself, or for the way to it from all clients,
/// or for its machine; a client stands for its way to its server, or for its machine.
template <typename World>
class basic_moment {
public:
    basic_moment(World& world, const fault& when) noexcept : world_{&world}, when_{when} {}

    /// How long each time, for what happens again and again.
    basic_moment& lasting(duration span) noexcept {
        when_.lasting = span;
        return *this;
    }

    // Of a process.
    basic_moment& crash(const process& of) { return play(fault_kind::crash, of); }
    basic_moment& restart(const process& of) { return play(fault_kind::restart, of); }
    basic_moment& freeze(const process& of) { return play(fault_kind::freeze, of); }
    basic_moment& slow(const process& of, duration by) { return play(fault_kind::slow, of, by); }
    basic_moment& drain(const process& of) { return play(fault_kind::drain, of); }
    basic_moment& stop(const process& of, duration grace) {
        return play(fault_kind::stop, of, grace);
    }
    basic_moment& wrong_secret(const process& of) { return play(fault_kind::wrong_secret, of); }
    basic_moment& wrong_body(const process& of) { return play(fault_kind::wrong_body, of); }
    basic_moment& single_connection(const process& of) {
        return play(fault_kind::single_connection, of);
    }

    // Of the ways to a process, or of one client.
    basic_moment& refuse(const auto& way) { return play(fault_kind::refuse, way); }
    basic_moment& black_hole(const auto& way) { return play(fault_kind::black_hole, way); }
    basic_moment& partition_requests(const auto& way) {
        return play(fault_kind::partition_requests, way);
    }
    basic_moment& partition_replies(const auto& way) {
        return play(fault_kind::partition_replies, way);
    }
    basic_moment& reset(const auto& way) { return play(fault_kind::reset, way); }
    basic_moment& truncate(const auto& way) { return play(fault_kind::truncate, way); }
    basic_moment& garble(const auto& way) { return play(fault_kind::garble, way); }
    basic_moment& drip(const auto& way, duration over) { return play(fault_kind::drip, way, over); }
    basic_moment& delay(const auto& way, const latency& as) {
        when_.shape = as.distribution;
        return play(fault_kind::delay, way, as.typical);
    }
    basic_moment& clog(const auto& way) { return play(fault_kind::clog, way); }
    basic_moment& loss(const auto& way, int per_mille) {
        return play(fault_kind::loss, way, {}, per_mille);
    }
    basic_moment& dns_failure(const auto& way) { return play(fault_kind::dns_failure, way); }

    /// Clogs the ways of all clients of a process, one after the other in the first half of the
    /// span, and lets them go in another order in the second. For a moment that lasts.
    basic_moment& swizzle(const process& to) {
        const fault whole = when_;
        const duration half = whole.lasting / 2;
        const auto drawn = [&] {
            return duration{static_cast<duration::rep>(
                world_->random()() % static_cast<std::uint64_t>(half.count() + 1))};
        };
        world_->for_each_client_of(to, [&](std::uint16_t client) {
            const duration begin = drawn();
            fault one = whole;
            one.at += begin;
            one.lasting = half - begin + drawn();
            one.kind = fault_kind::clog;
            one.server = world_->number_of(to);
            one.client = client;
            world_->play(one);
        });
        return *this;
    }

    // Of the machine of a client or of a process.
    basic_moment& step_wall(const auto& machine, duration by) {
        return play(fault_kind::step_wall, machine, by);
    }
    basic_moment& jump_wall(const auto& machine, duration range) {
        return play(fault_kind::jump_wall, machine, range);
    }
    basic_moment& drift(const auto& machine, std::int64_t ppm) {
        return play(fault_kind::drift, machine, {}, ppm);
    }
    basic_moment& swing(const auto& machine, duration range) {
        return play(fault_kind::swing, machine, range);
    }
    basic_moment& pause(const auto& machine, duration span) {
        return play(fault_kind::pause, machine, span);
    }
    basic_moment& suspend(const auto& machine, duration span) {
        return play(fault_kind::suspend, machine, span);
    }

    // Of a client.
    basic_moment& quit(const auto& client) { return play(fault_kind::quit, client); }

private:
    template <typename Subject>
    basic_moment& play(fault_kind kind, const Subject& subject, duration span = {},
                       std::int64_t amount = 0) {
        fault what = when_;
        what.kind = kind;
        what.span = span;
        what.amount = amount;
        if constexpr (std::same_as<Subject, process>) {
            what.server = world_->number_of(subject);
        } else {
            what.server = world_->number_of(subject.server());
            what.client = subject.number();
        }
        world_->play(what);
        return *this;
    }

    World* world_;
    fault when_;
};

} // namespace forest::sim

#endif
