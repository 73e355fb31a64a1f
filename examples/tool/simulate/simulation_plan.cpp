// SPDX-License-Identifier: BSL-1.0
#include "simulation_plan.hpp"

#include <forest/core/random.hpp>
#include <forest/sim/network/connection_setup.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/search/draw.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <tuple>
#include <vector>

namespace forest::cli {

namespace {

// Sorts faults by their beginning. Faults that begin at one moment also have an order that is the
// same with every standard library.
void sort(sim::script& faults) {
    const auto place = [](const sim::fault& fault) {
        return std::make_tuple(fault.at, fault.server, fault.client, fault.kind, fault.lasting,
                               fault.span, fault.amount, fault.shape);
    };
    std::sort(faults.begin(), faults.end(),
              [place](const sim::fault& left, const sim::fault& right) {
                  return place(left) < place(right);
              });
}

// Returns by how much the clocks of a host stay ahead after the end of a fault of its time.
duration left_behind(const sim::fault& fault) noexcept {
    switch (fault.kind) {
    case sim::fault_kind::step_wall: return fault.span;
    case sim::fault_kind::drift: return fault.lasting / 1'000'000 * fault.amount;
    case sim::fault_kind::swing: {
        // The way ahead takes 8 times the span, and so does the way back.
        const duration phase = fault.lasting % (16 * fault.span);
        return std::min(phase, 16 * fault.span - phase) / 8;
    }
    default: return duration::zero();
    }
}

class plan_drawer {
public:
    plan_drawer(std::uint64_t seed, const simulate_arguments& arguments)
        : chosen_{arguments}, random_{seed}, rate_wrong_until_(2U * targets()) {}

    sim::plan draw() {
        drawn_.seed = random_();
        drawn_.servers = static_cast<std::uint16_t>(targets());
        drawn_.length = chosen_.length;
        drawn_.clients.clear();
        for (std::uint16_t target = 0; target < drawn_.servers; ++target)
            drawn_.clients.push_back({.server = target,
                                      .settings = chosen_.schedule,
                                      .usual = draw_piece(0).clients.front().usual,
                                      .connections = draw_connections()});
        if (chosen_.faults.any())
            draw_faults();
        sort(drawn_.faults);
        return drawn_;
    }

private:
    std::size_t targets() const noexcept { return static_cast<std::size_t>(chosen_.targets); }

    duration piece_length() const noexcept {
        const duration part = chosen_.length / fault_density::pieces_min;
        return std::clamp(part, duration{1}, fault_density::piece);
    }

    sim::plan draw_piece(std::uint16_t faults_max) {
        return sim::draw(random_(), {.servers_max = 1,
                                     .clients_max = 1,
                                     .faults_max = faults_max,
                                     .kinds = chosen_.faults,
                                     .length = piece_length(),
                                     .random_options = false});
    }

    // Draws no random number if connections are not opened step by step: the worlds of a seed stay
    // the same.
    std::optional<sim::connection_setup> draw_connections() {
        if (!chosen_.connections)
            return std::nullopt;
        sim::connection_setup drawn;
        drawn.addresses = 1 + static_cast<int>(random_() % 3);
        drawn.tls_flights = static_cast<int>(random_() % 3);
        drawn.kept = random_() % 3 > 0;
        return drawn;
    }

    // Draws faults for all pieces, or for one of each group of neighbours if there are too many.
    void draw_faults() {
        const duration length = piece_length();
        const auto pieces = static_cast<std::uint64_t>((chosen_.length - duration{1}) / length + 1);
        const std::uint64_t all = pieces * targets();
        const std::uint64_t faulty = std::min(all, fault_density::faulty_pieces_max);
        for (std::uint64_t index = 0; index < faulty; ++index) {
            const std::uint64_t first = all * index / faulty;
            const std::uint64_t group = all * (index + 1) / faulty - first;
            const std::uint64_t place = first + (group > 1 ? random_() % group : 0);
            add(draw_piece(fault_density::faults_max).faults,
                static_cast<std::uint16_t>(place % targets()),
                static_cast<duration::rep>(place / targets()) * length);
        }
    }

    void add(sim::script faults, std::uint16_t target, duration from) {
        sort(faults);
        for (sim::fault& each : faults) {
            each.at += from;
            each.server = target;
            if (each.client != sim::fault::everyone)
                each.client = target;
            if (each.at < chosen_.length && !is_one_rate_too_many(each)) {
                drawn_.faults.push_back(each);
                set_right(each);
            }
        }
    }

    // A host has one rate. If a second fault changed it, the final error of the clocks would not be
    // known.
    bool is_one_rate_too_many(const sim::fault& fault) {
        if (fault.kind != sim::fault_kind::drift && fault.kind != sim::fault_kind::swing)
            return false;
        const bool of_server = fault.client == sim::fault::everyone;
        duration& until = rate_wrong_until_[2U * fault.server + (of_server ? 1 : 0)];
        if (fault.at < until)
            return true;
        until = fault.at + fault.lasting;
        return false;
    }

    // Corrects the wall clock, as NTP would. Otherwise it would stay wrong for the rest of the
    // year.
    void set_right(const sim::fault& fault) {
        sim::fault step{.kind = sim::fault_kind::step_wall,
                        .at = fault.at + fault.lasting,
                        .server = fault.server,
                        .client = fault.client};
        step.span = -std::chrono::round<std::chrono::milliseconds>(left_behind(fault));
        if (step.span != duration::zero() && step.at < chosen_.length)
            drawn_.faults.push_back(step);
    }

    const simulate_arguments& chosen_;
    random_generator random_;
    sim::plan drawn_;
    std::vector<duration> rate_wrong_until_; // of each target's client and server
};

} // namespace

sim::plan draw_plan(std::uint64_t seed, const simulate_arguments& arguments) {
    return plan_drawer{seed, arguments}.draw();
}

} // namespace forest::cli
