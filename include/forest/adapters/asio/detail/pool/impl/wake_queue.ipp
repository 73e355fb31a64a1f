// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_WAKE_QUEUE_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_WAKE_QUEUE_IPP

#include <forest/adapters/asio/detail/pool/wake_queue.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void wake_queue::push(pool_user& user) noexcept {
    user.wake_wait = user.wait;
    if (std::exchange(user.is_queued, true))
        return;
    user.next_to_wake = nullptr;
    (pushed_.last != nullptr ? pushed_.last->next_to_wake : pushed_.first) = &user;
    pushed_.last = &user;
}

FOREST_DECL void wake_queue::run() {
    if (first_ == nullptr)
        first_ = std::exchange(pushed_, {}).first;
    while (first_ != nullptr) {
        pool_user& next = *std::exchange(first_, first_->next_to_wake);
        next.is_queued = false;
        if (next.wake_wait == next.wait)
            next.wake();
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
