// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_MOMENT_HPP
#define FOREST_SIM_WORLD_MOMENT_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>

// The words of a script: `world.between(75s, 200s).crash(warehouse)`.

namespace forest::inline FOREST_FORM::sim {

/// A moment of a world, or a span, at which faults happen. Each member adds a fault and returns the
/// moment, so calls can be chained. The argument is the place of the fault. A server means its
/// process, the links to it from all clients, or its host. A client means its link or its host. A
/// fleet means all its links, or its host. Each member throws std::invalid_argument for an
/// impossible fault.
template <typename World>
class basic_moment {
public:
    basic_moment(World& world, const fault& when) noexcept : world_{&world}, when_{when} {}

    /// Sets how long each of the repeated faults lasts. Throws std::logic_error if a fault was
    /// added before.
    basic_moment& lasting(duration span) {
        if (used_)
            throw std::logic_error("lasting() has to come before the fault");
        if (span <= duration::zero())
            throw std::invalid_argument("lasting() needs a span that is greater than 0");
        when_.lasting = span;
        return *this;
    }

    // Faults of a server process.
    basic_moment& crash(const server_process& server) { return play(fault_kind::crash, server); }
    basic_moment& restart(const server_process& server) {
        return play(fault_kind::restart, server);
    }
    basic_moment& freeze(const server_process& server) { return play(fault_kind::freeze, server); }
    basic_moment& slow(const server_process& server, duration slowness) {
        return play(fault_kind::slow, server, slowness);
    }
    basic_moment& drain(const server_process& server) { return play(fault_kind::drain, server); }
    basic_moment& stop(const server_process& server, duration grace) {
        return play(fault_kind::stop, server, grace);
    }
    basic_moment& wrong_secret(const server_process& server) {
        return play(fault_kind::wrong_secret, server);
    }
    basic_moment& wrong_body(const server_process& server) {
        return play(fault_kind::wrong_body, server);
    }
    basic_moment& single_connection(const server_process& server) {
        return play(fault_kind::single_connection, server);
    }
    basic_moment& close_idle(const server_process& server, duration idle_time) {
        return play(fault_kind::close_idle, server, idle_time);
    }

    // Faults of links: of all links to a server, or of the links of one client or fleet.
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
    basic_moment& drip(const auto& link, duration length) {
        return play(fault_kind::drip, link, length);
    }
    basic_moment& delay(const auto& link, const latency& distribution) {
        fault added = when_;
        added.shape = distribution.distribution;
        added.least = distribution.least;
        return play(added, fault_kind::delay, link, distribution.typical);
    }
    basic_moment& clog(const auto& link) { return play(fault_kind::clog, link); }
    basic_moment& loss(const auto& link, int per_mille) {
        return play(fault_kind::loss, link, {}, per_mille);
    }
    basic_moment& dns_failure(const auto& link) { return play(fault_kind::dns_failure, link); }
    basic_moment& dns_slow(const auto& link, duration time) {
        return play(fault_kind::dns_slow, link, time);
    }
    basic_moment& dns_hang(const auto& link) { return play(fault_kind::dns_hang, link); }
    basic_moment& half_open(const auto& link) { return play(fault_kind::half_open, link); }
    basic_moment& black_hole_address(const auto& link, int number) {
        return play(fault_kind::black_hole_address, link, {}, number);
    }
    basic_moment& refuse_address(const auto& link, int number) {
        return play(fault_kind::refuse_address, link, {}, number);
    }
    basic_moment& lose_handshakes(const auto& link) {
        return play(fault_kind::lose_handshakes, link);
    }

    /// Clogs the links of all clients of a server, one after another in the first half of the span,
    /// and unclogs them in another order in the second half. Throws std::invalid_argument for a
    /// moment that does not last.
    basic_moment& swizzle(const server_process& server) {
        if (when_.lasting == duration::zero())
            throw std::invalid_argument("swizzle() needs between() or lasting()");
        used_ = true;
        const fault whole = when_;
        const duration half = whole.lasting / 2;
        const auto drawn = [&] {
            return duration{static_cast<duration::rep>(
                world_->random()() % static_cast<std::uint64_t>(half.count() + 1))};
        };
        world_->for_each_client_of(server, [&](std::uint16_t client) {
            const duration begin = drawn();
            fault clog = whole;
            clog.at += begin;
            clog.lasting = half - begin + drawn();
            clog.kind = fault_kind::clog;
            clog.server = world_->number_of(server);
            clog.client = client;
            world_->play(clog);
        });
        return *this;
    }

    // Faults of the host of a server, a client or a fleet.
    basic_moment& step_wall(const auto& host, duration step) {
        return play(fault_kind::step_wall, host, step);
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

    // The end of a client or a fleet.
    basic_moment& quit(const auto& client) { return play(fault_kind::quit, client); }

private:
    template <typename Subject>
    basic_moment& play(fault_kind kind, const Subject& subject, duration span = {},
                       std::int64_t amount = 0) {
        return play(when_, kind, subject, span, amount);
    }

    template <typename Subject>
    basic_moment& play(fault added, fault_kind kind, const Subject& subject, duration span = {},
                       std::int64_t amount = 0) {
        if (is_momentary(kind) && added.lasting > duration::zero())
            throw std::invalid_argument(std::string{name(kind)} +
                                        " happens at one moment: use at() or every()");
        added.kind = kind;
        added.span = span;
        added.amount = amount;
        if constexpr (std::same_as<Subject, server_process>) {
            added.server = world_->number_of(subject);
        } else {
            if constexpr (requires { subject.server(); }) // A fleet has many servers.
                added.server = world_->number_of(subject.server());
            added.client = subject.number();
        }
        world_->play(added);
        used_ = true;
        return *this;
    }

    World* world_;
    fault when_;
    bool used_ = false;
};

} // namespace forest::inline FOREST_FORM::sim

#endif
