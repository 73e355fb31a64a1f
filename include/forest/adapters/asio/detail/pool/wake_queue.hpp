// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_WAKE_QUEUE_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_WAKE_QUEUE_HPP

#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/form.hpp>

#include <utility>

// Sockets whose users are to be woken although no event arrived.

namespace forest::inline FOREST_FORM::detail {

/// A list with its links in the sockets themselves, so that `push` never fails. Not thread-safe.
class wake_queue {
public:
    [[nodiscard]] bool empty() const noexcept {
        return pushed_.first == nullptr && first_ == nullptr;
    }

    /// Wakes the user of the socket once, unless `wakes` of the socket is reset before that.
    void push(pooled_socket& socket) noexcept;

    /// Wakes the users of the sockets that were pushed before. An exception of a user is passed on,
    /// and the next call wakes the others.
    void run();

private:
    struct list {
        pooled_socket* first = nullptr;
        pooled_socket* last = nullptr;
    };

    list pushed_;
    pooled_socket* first_ = nullptr; // of those that are woken now
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/pool/impl/wake_queue.ipp>
#endif

#endif
