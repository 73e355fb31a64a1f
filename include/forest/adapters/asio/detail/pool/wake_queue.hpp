// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_WAKE_QUEUE_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_WAKE_QUEUE_HPP

#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/form.hpp>

#include <utility>

// Users to wake although no event arrived.

namespace forest::inline FOREST_FORM::detail {

/// A list with its links in the users themselves, so that `push` never fails. Not thread-safe.
class wake_queue {
public:
    [[nodiscard]] bool empty() const noexcept {
        return pushed_.first == nullptr && first_ == nullptr;
    }

    /// Wakes the user once, unless it begins another wait before that.
    void push(pool_user& user) noexcept {
        user.wake_wait = user.wait;
        if (std::exchange(user.is_queued, true))
            return;
        user.next_to_wake = nullptr;
        (pushed_.last != nullptr ? pushed_.last->next_to_wake : pushed_.first) = &user;
        pushed_.last = &user;
    }

    /// Wakes the users that were pushed before. An exception of a user is passed on, and the next
    /// call wakes the others.
    void run() {
        if (first_ == nullptr)
            first_ = std::exchange(pushed_, {}).first;
        while (first_ != nullptr) {
            pool_user& next = *std::exchange(first_, first_->next_to_wake);
            next.is_queued = false;
            if (next.wake_wait == next.wait)
                next.wake();
        }
    }

private:
    struct list {
        pool_user* first = nullptr;
        pool_user* last = nullptr;
    };

    list pushed_;
    pool_user* first_ = nullptr; // of the users that are woken now
};

} // namespace forest::inline FOREST_FORM::detail

#endif
