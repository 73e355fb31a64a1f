// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_IMPL_DRAW_IPP
#define FOREST_SIM_SEARCH_IMPL_DRAW_IPP

#include <forest/sim/search/draw.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL fault_kinds all_faults() noexcept {
    return fault_kinds{}.set().reset(static_cast<std::size_t>(fault_kind::quit));
}

} // namespace forest::inline FOREST_FORM::sim

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL plan_drawer::plan_drawer(std::uint64_t seed, const draw_options& settings) noexcept
    : settings_{settings}, random_{seed} {
    for (std::size_t kind = 0; kind < fault_kind_count; ++kind) {
        if (settings_.kinds.test(kind))
            heaviest_ = std::max(heaviest_, settings_.weights[kind]);
    }
}

FOREST_DECL plan plan_drawer::draw() {
    plan drawn;
    drawn.seed = random_();
    drawn.length = settings_.length;
    drawn.servers = static_cast<std::uint16_t>(between(1, settings_.servers_max));
    drawn.clients.resize(between(1, settings_.clients_max));
    for (planned_client& each : drawn.clients) {
        each.server = static_cast<std::uint16_t>(between(0, drawn.servers - 1U));
        if (settings_.random_options)
            each.settings = draw_client_options();
        each.usual = between(0, 1) == 0 ? constant(up_to(std::chrono::milliseconds{50}))
                                        : uniform(up_to(std::chrono::milliseconds{50}));
        if (settings_.random_options)
            each.connections = draw_connections();
    }
    for (std::size_t count = between(0, settings_.faults_max); count > 0; --count) {
        if (happens(settings_.swizzled_percent) && may_be_drawn(fault_kind::clog))
            draw_swizzle(drawn);
        else if (heaviest_ > 0)
            drawn.faults.push_back(draw_fault(drawn));
    }
    return drawn;
}

FOREST_DECL std::uint64_t plan_drawer::between(std::uint64_t least, std::uint64_t most) noexcept {
    return most < least ? least : least + random_() % (most - least + 1);
}

FOREST_DECL duration plan_drawer::up_to(duration most) noexcept {
    const auto steps = std::chrono::duration_cast<std::chrono::milliseconds>(most).count();
    return std::chrono::milliseconds{between(0, static_cast<std::uint64_t>(steps))};
}

FOREST_DECL options plan_drawer::draw_client_options() noexcept {
    using namespace std::chrono_literals;
    options drawn;
    drawn.interval = one_of(intervals);
    drawn.timeout = one_of(std::array<std::chrono::milliseconds, 4>{500ms, 1s, 5s, 20s});
    drawn.failure_threshold = static_cast<int>(between(1, 5));
    drawn.success_threshold = static_cast<int>(between(1, 3));
    drawn.stall_tolerance = one_of(std::array<std::chrono::milliseconds, 3>{500ms, 2s, 10s});
    if (between(0, 3) == 0)
        drawn.initial_delay_max = drawn.interval;
    if (between(0, 3) == 0)
        drawn.interval_jitter = 0.25;
    return drawn;
}

FOREST_DECL std::optional<connection_setup> plan_drawer::draw_connections() noexcept {
    if (between(0, 1) == 0)
        return std::nullopt;
    return connection_setup{.addresses = static_cast<int>(between(1, 3)),
                            .tls_flights = static_cast<int>(between(0, 2)),
                            .kept = between(0, 2) > 0};
}

FOREST_DECL bool plan_drawer::happens(int percent) noexcept {
    return percent >= 100 || (percent > 0 && between(0, 99) < static_cast<unsigned>(percent));
}

FOREST_DECL bool plan_drawer::may_be_drawn(fault_kind kind) const noexcept {
    const auto number = static_cast<std::size_t>(kind);
    return settings_.kinds.test(number) && settings_.weights[number] > 0;
}

FOREST_DECL fault_kind plan_drawer::draw_kind() noexcept {
    for (;;) {
        const auto kind = static_cast<fault_kind>(between(0, fault_kind_count - 1));
        const std::uint32_t weight = settings_.weights[static_cast<std::size_t>(kind)];
        if (may_be_drawn(kind) && (weight == heaviest_ || between(0, heaviest_ - 1) < weight))
            return kind;
    }
}

FOREST_DECL void plan_drawer::draw_swizzle(plan& drawn) {
    using namespace std::chrono_literals;
    const auto server = static_cast<std::uint16_t>(between(0, drawn.servers - 1U));
    const duration moment = up_to(settings_.length);
    const duration half = 50ms + up_to(settings_.length / 8);
    const auto clients = static_cast<std::uint16_t>(drawn.clients.size());
    for (std::uint16_t client = 0; client < clients; ++client) {
        if (drawn.clients[client].server != server)
            continue;
        const duration begin = up_to(half);
        drawn.faults.push_back({.kind = fault_kind::clog,
                                .at = moment + begin,
                                .lasting = half - begin + 1ms + up_to(half),
                                .server = server,
                                .client = client});
    }
}

FOREST_DECL fault plan_drawer::draw_fault(const plan& target) noexcept {
    using namespace std::chrono_literals;
    fault drawn;
    drawn.kind = draw_kind();
    drawn.at = up_to(settings_.length);
    // Mostly short enough to end within the plan, and long enough to be noticed.
    drawn.lasting = 100ms + up_to(between(0, 2) == 0 ? 10s : settings_.length / 4);
    drawn.server = static_cast<std::uint16_t>(between(0, target.servers - 1U));
    if (drawn.kind == fault_kind::quit || (!is_of_process(drawn.kind) && between(0, 3) > 0)) {
        drawn.client = static_cast<std::uint16_t>(between(0, target.clients.size() - 1));
        drawn.server = target.clients[drawn.client].server;
    }
    drawn.shape = static_cast<latency::shape>(between(0, 3));
    draw_amounts(drawn);
    if (drawn.kind != fault_kind::quit && happens(settings_.repeated_percent))
        drawn.every = drawn.lasting + std::max(drawn.span, duration::zero()) + 100ms +
                      up_to(settings_.length / 4);
    return drawn;
}

FOREST_DECL void plan_drawer::draw_amounts(fault& drawn) noexcept {
    using namespace std::chrono_literals;
    switch (drawn.kind) {
    case fault_kind::slow:
    case fault_kind::drip:
    case fault_kind::delay:
    case fault_kind::dns_slow:
    case fault_kind::stop: drawn.span = 1ms + up_to(30s); break;
    // The connection is closed at about the time of the next check.
    case fault_kind::close_idle: {
        const duration earlier = up_to(200ms);
        drawn.span = std::max<duration>(one_of(intervals) - earlier, 1ms);
        break;
    }
    case fault_kind::black_hole_address:
    case fault_kind::refuse_address: drawn.amount = static_cast<std::int64_t>(between(0, 2)); break;
    case fault_kind::step_wall: drawn.span = up_to(2h) - 1h; break;
    case fault_kind::jump_wall: drawn.span = up_to(10min); break;
    case fault_kind::swing: drawn.span = 1ms + up_to(10s); break;
    case fault_kind::pause:
    case fault_kind::suspend: drawn.span = 1ms + up_to(between(0, 1) == 0 ? 5s : 5min); break;
    case fault_kind::loss: drawn.amount = static_cast<std::int64_t>(between(1, 900)); break;
    case fault_kind::drift:
        drawn.amount = static_cast<std::int64_t>(between(0, 100'000)) - 50'000;
        break;
    default: break;
    }
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
