// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_FINDINGS_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_FINDINGS_HPP

#include <forest/form.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <initializer_list>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// The violations that a battery has found. Each rule is reported once: a second report would add
// nothing. Thread-safe, because models may call handlers on threads of their own.
class findings {
public:
    void add(rule_name broken, std::string_view explanation);

    // Adds a violation with the explanation in `parts` unless `holds`. Returns `holds`.
    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        if (!holds)
            add(broken, say(parts...));
        return holds;
    }

    // Takes the violations, without those that only follow from another one.
    [[nodiscard]] std::vector<violation> take();

private:
    [[nodiscard]] bool has(rule_name broken) const;

    std::mutex mutex_;
    std::vector<violation> found_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/findings.ipp>
#endif

#endif
