// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_IMPL_PLAN_CODE_IPP
#define FOREST_SIM_SEARCH_IMPL_PLAN_CODE_IPP

#include <forest/sim/search/plan_code.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL void designated::add(std::string_view member, std::string_view value) {
    code_.append(code_.empty() ? "{." : ", .").append(member).append(" = ").append(value);
}

FOREST_DECL std::string number_code(double number) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

FOREST_DECL std::string confirm_code(const confirm_delays& delays) {
    if (delays == confirm_delays::none)
        return "forest::confirm_delays::none";
    const confirm_delays plain;
    designated code;
    const auto span = [](duration value) { return to_code(value); };
    code.add_unless("first", delays.first, plain.first, span);
    code.add_unless("second", delays.second, plain.second, span);
    code.add_unless("third", delays.third, plain.third, span);
    return code.code();
}

FOREST_DECL std::string connections_code(const connection_setup& setup) {
    const connection_setup plain;
    designated code;
    const auto count = [](int value) { return std::to_string(value); };
    code.add_unless("addresses", setup.addresses, plain.addresses, count);
    code.add_unless("tls_flights", setup.tls_flights, plain.tls_flights, count);
    if (setup.kept)
        code.add("kept", "true");
    return "forest::sim::connection_setup" + code.code();
}

FOREST_DECL std::string setup_code(const planned_client& client) {
    designated code;
    code.add_unless("usual", client.usual, planned_client{}.usual, usual_code);
    if (client.connections)
        code.add("connections", connections_code(*client.connections));
    return code.code();
}

FOREST_DECL std::string shape_code(latency::shape shape) {
    constexpr std::array<const char*, 4> names{"constant", "uniform", "exponential", "heavy_tail"};
    return std::string{"forest::sim::latency::shape::"} + names[static_cast<std::size_t>(shape)];
}

} // namespace forest::inline FOREST_FORM::sim::detail

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string to_code(const options& settings) {
    const options plain;
    detail::designated code;
    const auto span = [](duration value) { return to_code(value); };
    const auto count = [](int value) { return std::to_string(value); };
    code.add_unless("interval", settings.interval, plain.interval, span);
    code.add_unless("timeout", settings.timeout, plain.timeout, span);
    code.add_unless("failure_threshold", settings.failure_threshold, plain.failure_threshold,
                    count);
    code.add_unless("success_threshold", settings.success_threshold, plain.success_threshold,
                    count);
    code.add_unless("initial_delay_max", settings.initial_delay_max, plain.initial_delay_max, span);
    code.add_unless("interval_jitter", settings.interval_jitter, plain.interval_jitter,
                    detail::number_code);
    code.add_unless("stall_tolerance", settings.stall_tolerance, plain.stall_tolerance, span);
    code.add_unless("doubt_max", settings.doubt_max, plain.doubt_max, count);
    code.add_unless("hold", settings.hold, plain.hold, span);
    code.add_unless("confirm_after", settings.confirm_after, plain.confirm_after,
                    detail::confirm_code);
    return code.code();
}

FOREST_DECL std::string to_code(const plan& plan) {
    std::vector<std::string> servers;
    std::vector<std::string> clients;
    std::string code = "forest::sim::world world{" + std::to_string(plan.seed) + "U};\n";
    for (std::uint16_t index = 0; index < plan.servers; ++index) {
        const std::string& name = servers.emplace_back("server" + std::to_string(index));
        code += "auto& " + name + " = world.add_server(\"" + name + "\");\n";
    }
    for (const planned_client& each : plan.clients) {
        const std::string& name = clients.emplace_back("client" + std::to_string(clients.size()));
        code += "auto& " + name + " = world.add_client(" + servers.at(each.server) + ", " +
                to_code(each.settings);
        if (const std::string setup = detail::setup_code(each); setup != "{}")
            code += ", " + setup;
        code += ");\n";
    }
    for (const fault& each : plan.faults)
        code += to_code(each, servers, clients) + "\n";
    return code + "world.run_for(" + to_code(plan.length) + ");\n";
}

FOREST_DECL std::string to_code(const planned_client& client) {
    const planned_client plain;
    detail::designated code;
    code.add_unless("server", client.server, plain.server,
                    [](std::uint16_t number) { return std::to_string(number); });
    if (const std::string settings = to_code(client.settings); settings != "{}")
        code.add("settings", settings);
    code.add_unless("usual", client.usual, plain.usual, detail::usual_code);
    if (client.connections)
        code.add("connections", detail::connections_code(*client.connections));
    return code.code();
}

FOREST_DECL std::string to_code(const fault& fault) {
    const sim::fault plain;
    detail::designated code;
    const auto span = [](duration value) { return to_code(value); };
    const auto number = [](auto value) { return std::to_string(value); };
    code.add("kind", "forest::sim::fault_kind::" + std::string{name(fault.kind)});
    code.add_unless("at", fault.at, plain.at, span);
    code.add_unless("lasting", fault.lasting, plain.lasting, span);
    code.add_unless("every", fault.every, plain.every, span);
    code.add_unless("server", fault.server, plain.server, number);
    code.add_unless("client", fault.client, plain.client, number);
    code.add_unless("span", fault.span, plain.span, span);
    code.add_unless("amount", fault.amount, plain.amount, number);
    code.add_unless("shape", fault.shape, plain.shape, detail::shape_code);
    code.add_unless("least", fault.least, plain.least, span);
    return code.code();
}

} // namespace forest::inline FOREST_FORM::sim

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL std::vector<std::string> enough_names(std::vector<std::string> names, const char* kind,
                                                  const script& faults,
                                                  std::uint16_t fault::* number) {
    for (const fault& each : faults) {
        while (each.*number != fault::everyone && each.*number >= names.size())
            names.push_back(kind + std::to_string(names.size()));
    }
    return names;
}

} // namespace forest::inline FOREST_FORM::sim::detail

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string to_test(const plan& plan, std::string_view broken,
                                const script_names& names) {
    detail::designated whole;
    whole.add("seed", std::to_string(plan.seed) + "U");
    if (plan.servers != 1)
        whole.add("servers", std::to_string(plan.servers));
    whole.add("length", to_code(plan.length));
    std::string code = "forest::sim::plan what" + whole.code() + ";\n";
    for (std::size_t index = 0; index < plan.clients.size(); ++index) {
        const std::string client = to_code(plan.clients[index]);
        if (index > 0)
            code += "what.clients.push_back(" + client + ");\n";
        else if (client != "{}") // A new plan has one client, `{}`.
            code += "what.clients.front() = " + client + ";\n";
    }
    const auto servers = detail::enough_names(names.servers, "server", plan.faults, &fault::server);
    const auto clients = detail::enough_names(names.clients, "client", plan.faults, &fault::client);
    for (const fault& each : plan.faults) {
        if (!names.empty())
            code += "// " + to_code(each, servers, clients) + "\n";
        code += "what.faults.push_back(" + to_code(each) + ");\n";
    }
    return code.append("forest::sim::require_unbroken(").append(broken).append(");\n");
}

} // namespace forest::inline FOREST_FORM::sim

#endif
