// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_IMPL_MEMORY_TRANSPORT_IPP
#define FOREST_SIM_NETWORK_IMPL_MEMORY_TRANSPORT_IPP

#include <forest/sim/network/memory_transport.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL void memory_transport::cancel() {
    if (!state_->handler)
        return;
    ++state_->call;
    // From now on the queue owns the handler. So the handler is destroyed even if the queue
    // never runs again.
    state_->queue.after({}, [handler = std::move(state_->handler)]() mutable {
        reply canceled;
        canceled.error = errc::operation_canceled;
        handler(canceled);
    });
}

FOREST_DECL void memory_transport::state::arrive(std::uint64_t id, std::string bytes) {
    if (id != call)
        return;
    server.serve(bytes, [self = shared_from_this(), id](std::string_view answer) {
        self->queue.after(self->latency, [self, id, kept = std::string{answer}]() mutable {
            self->answered(id, std::move(kept));
        });
    });
}

FOREST_DECL void memory_transport::state::answered(std::uint64_t id, std::string bytes) {
    if (id != call)
        return;
    forest::detail::response_parser parser{limits};
    const std::size_t kept = parser.parse(bytes);
    if (!parser.done())
        parser.finish();
    if (const std::error_code ec = parser.error())
        return fail(id, ec);
    reply result;
    result.status = parser.status();
    result.fields = parser.fields({bytes.data(), kept});
    result.body = parser.body({bytes.data(), kept});
    result.timings.total = 2 * latency;
    finish(result);
}

FOREST_DECL void memory_transport::state::fail(std::uint64_t id, std::error_code ec) {
    if (id != call)
        return;
    reply result;
    result.error = ec;
    finish(result);
}

FOREST_DECL void memory_transport::state::finish(const reply& result) {
    ++call; // Events that are still queued for this request are ignored.
    auto receiver = std::exchange(handler, {});
    receiver(result);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
