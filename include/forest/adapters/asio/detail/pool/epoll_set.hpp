// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_EPOLL_SET_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_EPOLL_SET_HPP

#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

// Which of many sockets can be read or written. An epoll of the pool's own, which Asio watches as
// one descriptor: so what Asio does for each wait it does once for each wake-up, and the socket of
// a check is registered with one call and forgotten with none.

namespace forest::detail {

/// Not thread-safe.
class epoll_set {
public:
    struct event {
        std::uint32_t place;
        std::uint32_t life;
        std::uint32_t what;
    };

    /// Throws std::system_error when there is no descriptor left.
    epoll_set() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
        if (epoll_ < 0)
            throw std::system_error{errno, std::system_category(), "epoll_create1"};
    }

    epoll_set(const epoll_set&) = delete;
    epoll_set& operator=(const epoll_set&) = delete;
    ~epoll_set() { ::close(epoll_); }

    /// Can be read when there are events to be told.
    [[nodiscard]] int native_handle() const noexcept { return epoll_; }

    /// From then on tells when `what` begins to hold of the socket, and now if it holds. False when
    /// the system refuses.
    [[nodiscard]] bool watch(pooled_socket& of, std::uint32_t what) noexcept {
        if ((of.watched & what) == what)
            return true;
        const int operation = of.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        // Whoever sends will receive, and whoever keeps a connection must know that it ends.
        of.watched |= what | EPOLLIN | EPOLLRDHUP;
        epoll_event wanted{};
        wanted.events = of.watched | EPOLLET;
        wanted.data.u64 = std::uint64_t{of.life} << 32 | of.place;
        return ::epoll_ctl(epoll_, operation, of.socket.native_handle(), &wanted) == 0;
    }

    /// Asks what has happened, unless events are left of the last time.
    void poll() noexcept {
        if (has_more())
            return;
        next_ = 0;
        count_ = static_cast<std::size_t>(
            std::max(::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0), 0));
    }

    [[nodiscard]] bool has_more() const noexcept { return next_ < count_; }

    /// The next event; there must be one. It may be of a life that is over.
    [[nodiscard]] event take() noexcept {
        const epoll_event& told = events_[next_++];
        return {.place = static_cast<std::uint32_t>(told.data.u64),
                .life = static_cast<std::uint32_t>(told.data.u64 >> 32),
                .what = told.events};
    }

private:
    static constexpr std::size_t events_max = 256; // what is left is told with the next wake-up

    int epoll_;
    std::array<epoll_event, events_max> events_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

} // namespace forest::detail

#endif
