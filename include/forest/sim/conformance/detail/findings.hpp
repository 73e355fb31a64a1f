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
    void add(rule_name broken, std::string_view explanation) {
        const std::lock_guard lock{mutex_};
        if (!has(broken))
            found_.push_back({broken.text(), one_line(explanation)});
    }

    // Adds a violation with the explanation in `parts` unless `holds`. Returns `holds`.
    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        if (!holds)
            add(broken, say(parts...));
        return holds;
    }

    // Takes the violations, without those that only follow from another one.
    [[nodiscard]] std::vector<violation> take() {
        const std::lock_guard lock{mutex_};
        const auto leave_out = [&](rule_name cause, std::initializer_list<rule_name> consequences) {
            if (has(cause))
                std::erase_if(found_, [&](const violation& each) {
                    return std::any_of(consequences.begin(), consequences.end(),
                                       [&](rule_name rule) { return rule.text() == each.name; });
                });
        };
        leave_out("transport.reply_dangles", {"transport.wrong_body", "transport.wrong_fields",
                                              "transport.chunks_not_decoded"});
        leave_out("server.request_dangles",
                  {"server.wrong_path", "server.fields_lost", "server.answers_mixed_up"});
        return std::move(found_);
    }

private:
    [[nodiscard]] bool has(rule_name broken) const {
        return std::any_of(found_.begin(), found_.end(),
                           [&](const violation& each) { return each.name == broken.text(); });
    }

    std::mutex mutex_;
    std::vector<violation> found_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
