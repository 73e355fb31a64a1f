// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_WAKE_QUEUE_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_WAKE_QUEUE_IPP

#include <forest/adapters/asio/detail/pool/wake_queue.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void wake_queue::push(pooled_socket& socket) noexcept {
    socket.wakes = true;
    if (std::exchange(socket.is_queued, true))
        return;
    socket.next_to_wake = nullptr;
    (pushed_.last != nullptr ? pushed_.last->next_to_wake : pushed_.first) = &socket;
    pushed_.last = &socket;
}

FOREST_DECL void wake_queue::run() {
    if (first_ == nullptr)
        first_ = std::exchange(pushed_, {}).first;
    while (first_ != nullptr) {
        pooled_socket& next = *std::exchange(first_, first_->next_to_wake);
        next.is_queued = false;
        if (std::exchange(next.wakes, false))
            next.user->wake(next);
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
