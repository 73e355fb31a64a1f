// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_FINDINGS_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_FINDINGS_IPP

#include <forest/sim/conformance/detail/findings.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL void findings::add(rule_name broken, std::string_view explanation) {
    const std::lock_guard lock{mutex_};
    if (!has(broken))
        found_.push_back({broken.text(), one_line(explanation)});
}

FOREST_DECL std::vector<violation> findings::take() {
    const std::lock_guard lock{mutex_};
    const auto leave_out = [&](rule_name cause, std::initializer_list<rule_name> consequences) {
        if (has(cause))
            std::erase_if(found_, [&](const violation& each) {
                return std::any_of(consequences.begin(), consequences.end(),
                                   [&](rule_name rule) { return rule.text() == each.name; });
            });
    };
    leave_out("transport.reply_dangles",
              {"transport.wrong_body", "transport.wrong_fields", "transport.chunks_not_decoded"});
    leave_out("server.request_dangles",
              {"server.wrong_path", "server.fields_lost", "server.answers_mixed_up"});
    return std::move(found_);
}

FOREST_DECL bool findings::has(rule_name broken) const {
    return std::any_of(found_.begin(), found_.end(),
                       [&](const violation& each) { return each.name == broken.text(); });
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
