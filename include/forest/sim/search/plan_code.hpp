// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_PLAN_CODE_HPP
#define FOREST_SIM_SEARCH_PLAN_CODE_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/search/plan.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Plans as C++ code: as the words of a script, for a person, and as a value, for a test that runs
// exactly the same plan again.

namespace forest::inline FOREST_FORM::sim {

namespace detail {

// The code of an aggregate with designated initialisers. Members with their default are left out.
class designated {
public:
    void add(std::string_view member, std::string_view value) {
        code_.append(code_.empty() ? "{." : ", .").append(member).append(" = ").append(value);
    }

    template <typename Value, typename Write>
    void add_unless(std::string_view member, const Value& value, const Value& usual,
                    const Write& write) {
        if (!(value == usual))
            add(member, write(value));
    }

    [[nodiscard]] std::string code() const { return code_.empty() ? "{}" : code_ + "}"; }

private:
    std::string code_;
};

// Returns the shortest digits with the same value, in every locale.
inline std::string number_code(double number) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

inline std::string shape_code(latency::shape shape) {
    constexpr std::array<const char*, 4> names{"constant", "uniform", "exponential", "heavy_tail"};
    return std::string{"forest::sim::latency::shape::"} + names[static_cast<std::size_t>(shape)];
}

inline std::string usual_code(const latency& delay) {
    return "forest::sim::" + to_code(delay);
}

} // namespace detail

/// The options that differ from the default ones, as C++ code: `{.interval = 1s}`.
[[nodiscard]] inline std::string to_code(const options& settings) {
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
    return code.code();
}

/// A plan as a script: the code that makes a world, adds the faults, and lets time pass.
[[nodiscard]] inline std::string to_code(const plan& plan) {
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
        if (!(each.usual == planned_client{}.usual))
            code += ", {.usual = " + detail::usual_code(each.usual) + "}";
        code += ");\n";
    }
    for (const fault& each : plan.faults)
        code += to_code(each, servers, clients) + "\n";
    return code + "world.run_for(" + to_code(plan.length) + ");\n";
}

/// A client of a plan as a C++ value: the members that differ from `planned_client{}`.
[[nodiscard]] inline std::string to_code(const planned_client& client) {
    const planned_client plain;
    detail::designated code;
    code.add_unless("server", client.server, plain.server,
                    [](std::uint16_t number) { return std::to_string(number); });
    if (const std::string settings = to_code(client.settings); settings != "{}")
        code.add("settings", settings);
    code.add_unless("usual", client.usual, plain.usual, detail::usual_code);
    return code.code();
}

/// A fault as a C++ value.
[[nodiscard]] inline std::string to_code(const fault& fault) {
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

namespace detail {

// Returns a name for each number in the faults: the given names, then `kind` with a number.
inline std::vector<std::string> enough_names(std::vector<std::string> names, const char* kind,
                                             const script& faults, std::uint16_t fault::* number) {
    for (const fault& each : faults) {
        while (each.*number != fault::everyone && each.*number >= names.size())
            names.push_back(kind + std::to_string(names.size()));
    }
    return names;
}

} // namespace detail

/// The names of the variables for servers and clients in a test, in the order in which the test
/// adds them to its world.
struct script_names {
    std::vector<std::string> servers{};
    std::vector<std::string> clients{};

    [[nodiscard]] bool empty() const noexcept { return servers.empty() && clients.empty(); }
};

/// A plan as the C++ code of a test. The test throws `rule_broken` as long as the plan breaks a
/// rule, with or without NDEBUG. `broken` is the expression that returns the violation of the plan
/// `what`, if any. With `names`, a comment before each fault has the words of a script. The code
/// needs `using namespace std::chrono_literals` and `forest/sim/search/swarm.hpp`.
[[nodiscard]] inline std::string to_test(const plan& plan, std::string_view broken,
                                         const script_names& names = {}) {
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
