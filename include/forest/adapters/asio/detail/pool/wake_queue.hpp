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
    void push(pool_user& user) noexcept;

    /// Wakes the users that were pushed before. An exception of a user is passed on, and the next
    /// call wakes the others.
    void run();

private:
    struct list {
        pool_user* first = nullptr;
        pool_user* last = nullptr;
    };

    list pushed_;
    pool_user* first_ = nullptr; // of the users that are woken now
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/pool/impl/wake_queue.ipp>
#endif

#endif
