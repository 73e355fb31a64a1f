// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_EPOLL_SET_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_EPOLL_SET_IPP

#include <forest/adapters/asio/detail/pool/epoll_set.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL epoll_set::epoll_set() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
    if (epoll_ < 0)
        throw std::system_error{errno, std::system_category(), "epoll_create1"};
}

FOREST_DECL bool epoll_set::watch(pooled_socket& socket, std::uint32_t events) noexcept {
    if ((socket.watched & events) == events)
        return true;
    const int operation = socket.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    // A user that has sent will receive, and the end of a kept connection must be noticed.
    socket.watched |= events | EPOLLIN | EPOLLRDHUP;
    epoll_event wanted{};
    wanted.events = socket.watched | EPOLLET;
    wanted.data.u64 = std::uint64_t{socket.life} << 32 | socket.place;
    return ::epoll_ctl(epoll_, operation, socket.socket.native_handle(), &wanted) == 0;
}

FOREST_DECL void epoll_set::poll() noexcept {
    if (has_more())
        return;
    next_ = 0;
    count_ = static_cast<std::size_t>(
        std::max(::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0), 0));
}

FOREST_DECL auto epoll_set::take() noexcept -> event {
    const epoll_event& happened = events_[next_++];
    return {.place = static_cast<std::uint32_t>(happened.data.u64),
            .life = static_cast<std::uint32_t>(happened.data.u64 >> 32),
            .events = happened.events};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
