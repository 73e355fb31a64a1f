// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_PLAN_CODE_HPP
#define FOREST_SIM_SEARCH_PLAN_CODE_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/connection_setup.hpp>
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
    void add(std::string_view member, std::string_view value);

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
FOREST_DECL std::string number_code(double number);

FOREST_DECL std::string shape_code(latency::shape shape);

inline std::string usual_code(const latency& delay) {
    return "forest::sim::" + to_code(delay);
}

FOREST_DECL std::string confirm_code(const confirm_delays& delays);

FOREST_DECL std::string connections_code(const connection_setup& setup);

// Returns the code of the client_setup of a client.
FOREST_DECL std::string setup_code(const planned_client& client);

} // namespace detail

/// The options that differ from the default ones, as C++ code: `{.interval = 1s}`.
[[nodiscard]] FOREST_DECL std::string to_code(const options& settings);

/// A plan as a script: the code that makes a world, adds the faults, and lets time pass.
[[nodiscard]] FOREST_DECL std::string to_code(const plan& plan);

/// A client of a plan as a C++ value: the members that differ from `planned_client{}`.
[[nodiscard]] FOREST_DECL std::string to_code(const planned_client& client);

/// A fault as a C++ value.
[[nodiscard]] FOREST_DECL std::string to_code(const fault& fault);

namespace detail {

// Returns a name for each number in the faults: the given names, then `kind` with a number.
FOREST_DECL std::vector<std::string> enough_names(std::vector<std::string> names, const char* kind,
                                                  const script& faults,
                                                  std::uint16_t fault::* number);

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
[[nodiscard]] FOREST_DECL std::string to_test(const plan& plan, std::string_view broken,
                                              const script_names& names = {});

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/search/impl/plan_code.ipp>
#endif

#endif
