// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_MOMENT_HPP
#define FOREST_SIM_WORLD_MOMENT_HPP

#include <forest/core/time.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>

// The words of a script.

namespace forest::sim {

/// A moment of a world, or a span, in which things go wrong. Each word answers the moment, so that
/// several can be said of it. A process stands for itself, or for the way to it from all clients,
/// or for its host; a client stands for its way to its server, or for its host; a fleet for
/// its ways to all servers, or for its host. Each word throws std::invalid_argument for what
/// makes no sense.
template <typename World>
class basic_moment {
public:
    basic_moment(World& world, const fault& when) noexcept : world_{&world}, when_{when} {}

    /// How long each time, for what happens again and again. Said before what goes wrong; after it
    /// throws std::logic_error.
    basic_moment& lasting(duration span) {
        if (said_)
            throw std::logic_error("lasting() is said before what goes wrong");
        if (span <= duration::zero())
            throw std::invalid_argument("lasting() takes more than nothing");
        when_.lasting = span;
        return *this;
    }

    // Of a process.
    basic_moment& crash(const server_process& of) { return play(fault_kind::crash, of); }
    basic_moment& restart(const server_process& of) { return play(fault_kind::restart, of); }
    basic_moment& freeze(const server_process& of) { return play(fault_kind::freeze, of); }
    basic_moment& slow(const server_process& of, duration by) {
        return play(fault_kind::slow, of, by);
    }
    basic_moment& drain(const server_process& of) { return play(fault_kind::drain, of); }
    basic_moment& stop(const server_process& of, duration grace) {
        return play(fault_kind::stop, of, grace);
    }
    basic_moment& wrong_secret(const server_process& of) {
        return play(fault_kind::wrong_secret, of);
    }
    basic_moment& wrong_body(const server_process& of) { return play(fault_kind::wrong_body, of); }
    basic_moment& single_connection(const server_process& of) {
        return play(fault_kind::single_connection, of);
    }

    // Of the ways to a process, or of one client.
    basic_moment& refuse(const auto& link) { return play(fault_kind::refuse, link); }
    basic_moment& black_hole(const auto& link) { return play(fault_kind::black_hole, link); }
    basic_moment& partition_requests(const auto& link) {
        return play(fault_kind::partition_requests, link);
    }
    basic_moment& partition_replies(const auto& link) {
        return play(fault_kind::partition_replies, link);
    }
    basic_moment& reset(const auto& link) { return play(fault_kind::reset, link); }
    basic_moment& truncate(const auto& link) { return play(fault_kind::truncate, link); }
    basic_moment& garble(const auto& link) { return play(fault_kind::garble, link); }
    basic_moment& drip(const auto& link, duration over) {
        return play(fault_kind::drip, link, over);
    }
    basic_moment& delay(const auto& link, const latency& as) {
        fault what = when_;
        what.shape = as.distribution;
        what.least = as.least;
        return play(what, fault_kind::delay, link, as.typical);
    }
    basic_moment& clog(const auto& link) { return play(fault_kind::clog, link); }
    basic_moment& loss(const auto& link, int per_mille) {
        return play(fault_kind::loss, link, {}, per_mille);
    }
    basic_moment& dns_failure(const auto& link) { return play(fault_kind::dns_failure, link); }

    /// Clogs the ways of all clients of a process, one after the other in the first half of the
    /// span, and lets them go in another order in the second. Throws std::invalid_argument for a
    /// moment that does not last.
    basic_moment& swizzle(const server_process& to) {
        if (when_.lasting == duration::zero())
            throw std::invalid_argument("swizzle takes time: say between() of it, or lasting()");
        said_ = true;
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

    // Of the host of a client or of a process.
    basic_moment& step_wall(const auto& host, duration by) {
        return play(fault_kind::step_wall, host, by);
    }
    basic_moment& jump_wall(const auto& host, duration range) {
        return play(fault_kind::jump_wall, host, range);
    }
    basic_moment& drift(const auto& host, std::int64_t ppm) {
        return play(fault_kind::drift, host, {}, ppm);
    }
    basic_moment& swing(const auto& host, duration range) {
        return play(fault_kind::swing, host, range);
    }
    basic_moment& pause(const auto& host, duration span) {
        return play(fault_kind::pause, host, span);
    }
    basic_moment& suspend(const auto& host, duration span) {
        return play(fault_kind::suspend, host, span);
    }

    // Of a client.
    basic_moment& quit(const auto& client) { return play(fault_kind::quit, client); }

private:
    template <typename Subject>
    basic_moment& play(fault_kind kind, const Subject& subject, duration span = {},
                       std::int64_t amount = 0) {
        return play(when_, kind, subject, span, amount);
    }

    template <typename Subject>
    basic_moment& play(fault what, fault_kind kind, const Subject& subject, duration span = {},
                       std::int64_t amount = 0) {
        if (is_momentary(kind) && what.lasting > duration::zero())
            throw std::invalid_argument(std::string{name(kind)} +
                                        " happens at one moment: say at() or every() of it");
        what.kind = kind;
        what.span = span;
        what.amount = amount;
        if constexpr (std::same_as<Subject, server_process>) {
            what.server = world_->number_of(subject);
        } else {
            if constexpr (requires { subject.server(); }) // A fleet has many.
                what.server = world_->number_of(subject.server());
            what.client = subject.number();
        }
        world_->play(what);
        said_ = true;
        return *this;
    }

    World* world_;
    fault when_;
    bool said_ = false;
};

} // namespace forest::sim

#endif
