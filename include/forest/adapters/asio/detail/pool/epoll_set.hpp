// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_EPOLL_SET_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_EPOLL_SET_HPP

#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/form.hpp>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

// Finds which of many sockets can be read or written. Asio watches the epoll of the pool as one
// descriptor. So Asio works once for each wake-up, and not once for each wait. The socket of a
// check is registered with one system call, and removed without one.

namespace forest::inline FOREST_FORM::detail {

/// Not thread-safe.
class epoll_set {
public:
    struct event {
        std::uint32_t place;
        std::uint32_t life;
        std::uint32_t events;
    };

    /// Throws std::system_error if no descriptor is left.
    epoll_set();

    epoll_set(const epoll_set&) = delete;
    epoll_set& operator=(const epoll_set&) = delete;
    ~epoll_set() { ::close(epoll_); }

    /// The descriptor can be read when there are events to take.
    [[nodiscard]] int native_handle() const noexcept { return epoll_; }

    /// From now on reports when the socket becomes ready for `events`, and at once if it is ready.
    /// Returns false if the system refuses.
    [[nodiscard]] bool watch(pooled_socket& socket, std::uint32_t events) noexcept;

    /// Reads new events from the system, unless earlier events are left.
    void poll() noexcept;

    [[nodiscard]] bool has_more() const noexcept { return next_ < count_; }

    /// Returns the next event; there must be one. It may belong to an earlier life of the socket.
    [[nodiscard]] event take() noexcept;

private:
    static constexpr std::size_t events_max = 256; // the rest comes with the next wake-up

    int epoll_;
    std::array<epoll_event, events_max> events_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/pool/impl/epoll_set.ipp>
#endif

#endif
