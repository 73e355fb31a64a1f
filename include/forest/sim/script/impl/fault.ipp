// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SCRIPT_IMPL_FAULT_IPP
#define FOREST_SIM_SCRIPT_IMPL_FAULT_IPP

#include <forest/sim/script/fault.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string to_code(duration span) {
    struct unit {
        std::int64_t nanoseconds;
        const char* suffix;
    };
    constexpr std::array<unit, 4> units{
        {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}}};
    for (const auto& [nanoseconds, suffix] : units) {
        if (span.count() % nanoseconds == 0)
            return std::to_string(span.count() / nanoseconds) + suffix;
    }
    return {};
}

FOREST_DECL std::string to_code(const latency& delay) {
    constexpr std::array<const char*, 4> shapes{"constant", "uniform", "exponential", "heavy_tail"};
    std::string code = shapes[static_cast<std::size_t>(delay.distribution)];
    code += "(" + to_code(delay.typical);
    if (delay.least != duration::zero())
        code += ", " + to_code(delay.least);
    return code + ")";
}

FOREST_DECL latency delay_of(const fault& fault) noexcept {
    return {.distribution = fault.shape, .typical = fault.span, .least = fault.least};
}

FOREST_DECL std::string to_code(const fault& fault, const std::vector<std::string>& servers,
                                const std::vector<std::string>& clients) {
    std::string code = "world.";
    if (fault.every > duration::zero())
        code += "every(" + to_code(fault.every) + ", " + to_code(fault.at) + ")";
    else if (fault.lasting > duration::zero() && !is_momentary(fault.kind))
        code += "between(" + to_code(fault.at) + ", " + to_code(fault.at + fault.lasting) + ")";
    else
        code += "at(" + to_code(fault.at) + ")";
    if (fault.every > duration::zero() && fault.lasting > duration::zero())
        code += ".lasting(" + to_code(fault.lasting) + ")";
    code.append(".").append(name(fault.kind)).append("(");
    code += fault.client == fault::everyone ? servers.at(fault.server) : clients.at(fault.client);
    switch (fault.kind) {
    case fault_kind::loss:
    case fault_kind::black_hole_address:
    case fault_kind::refuse_address:
    case fault_kind::drift: code += ", " + std::to_string(fault.amount); break;
    case fault_kind::delay: code += ", forest::sim::" + to_code(delay_of(fault)); break;
    case fault_kind::slow:
    case fault_kind::stop:
    case fault_kind::drip:
    case fault_kind::dns_slow:
    case fault_kind::close_idle:
    case fault_kind::step_wall:
    case fault_kind::jump_wall:
    case fault_kind::swing:
    case fault_kind::pause:
    case fault_kind::suspend: code += ", " + to_code(fault.span); break;
    default: break;
    }
    return code + ");";
}

} // namespace forest::inline FOREST_FORM::sim

#endif
