// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_IMPL_SCRIPTED_TRANSPORT_IPP
#define FOREST_SIM_NETWORK_IMPL_SCRIPTED_TRANSPORT_IPP

#include <forest/sim/network/scripted_transport.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL scripted_reply healthy(duration latency) {
    return {.body = R"({"status":"ok","version":"1.0"})", .latency = latency};
}

FOREST_DECL scripted_reply answering(int status, std::string body, std::string fields) {
    return {.status = status, .body = std::move(body), .fields = std::move(fields)};
}

FOREST_DECL scripted_transport& scripted_transport::then(const scripted_reply& next,
                                                         std::size_t times) {
    state_->script.insert(state_->script.end(), times, next);
    return *this;
}

FOREST_DECL void scripted_transport::cancel() {
    if (!state_->handler)
        return;
    ++state_->generation;
    // From now on the queue owns the handler. So the handler is destroyed even if the queue
    // never runs again.
    state_->queue.after({}, [state = state_, handler = std::move(state_->handler)]() mutable {
        --state->in_flight;
        reply canceled;
        canceled.error = errc::operation_canceled;
        handler(canceled);
    });
}

FOREST_DECL void scripted_transport::state::finish(std::uint64_t id) {
    if (id != generation) // The request was cancelled, and has ended already.
        return;
    --in_flight;
    // Moved out, because the handler may begin the next request.
    auto receiver = std::move(handler);
    const scripted_reply scripted = std::move(answer);
    reply result;
    result.error = scripted.error;
    result.status = scripted.status;
    result.fields = field_view{scripted.fields};
    result.body = scripted.body;
    result.trailers = field_view{scripted.trailers};
    result.timings.total = scripted.latency;
    receiver(result);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
