// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_GET_RUNNER_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_GET_RUNNER_IPP

#include <forest/sim/conformance/detail/get_runner.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL std::string describe(const peer_plan& plan) {
    switch (plan.act) {
    case peer_act::silence: return "accepted the connection, and sent nothing";
    case peer_act::drip: return "sent its answer byte by byte";
    case peer_act::refuse: return "accepted no connection";
    case peer_act::reset: return "reset the connection in the middle of its answer";
    case peer_act::truncate: return "closed the connection in the middle of its answer";
    case peer_act::garbage: return "sent bytes that are no HTTP";
    case peer_act::answer:
    case peer_act::hold: break;
    }
    return say(plan.status,
               plan.body.empty() ? " without a body"
                                 : say(" with a body of ", plan.body.size(), " bytes"),
               plan.chunked ? " in chunks" : "",
               plan.act == peer_act::hold ? ", which it had held back" : "");
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
