// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_SOCKET_POOL_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_SOCKET_POOL_IPP

#include <forest/adapters/asio/detail/pool/socket_pool.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL socket_pool::socket_pool(asio::any_io_executor executor,
                                     const transport_options& options, duration tick,
                                     std::shared_ptr<name_directory> names)
    : executor_{std::move(executor)},
      names_{std::move(names)},
      reuses_{options.reuse_connections},
      resets_{options.reset_after_answer.value_or(true)},
      connects_only_{options.connect_only},
      kept_age_max_{options.kept_age_max},
      tls_{options.tls},
      deadlines_{tick},
      watched_{executor_},
      timer_{executor_},
      mailbox_{executor_} {
    assert(tick > duration::zero());
    watched_.assign(watch_.native_handle());
}

FOREST_DECL void socket_pool::call_later(serial_task& task) noexcept {
    if (auto self = weak_from_this().lock())
        (void)mailbox_.post(task, std::move(self));
}

FOREST_DECL void socket_pool::enter() {
    deadlines_.reserve(users_ + 1);
    ++users_;
}

FOREST_DECL void socket_pool::put_back(pooled_socket& lent) noexcept {
    if (lent.socket.is_open())
        drop(lent);
    lent.wakes = false;
    sockets_.put_back(lent);
}

FOREST_DECL void socket_pool::drop(pooled_socket& socket) noexcept {
    if (!socket.socket.is_open())
        return;
    forget(socket);
    socket.socket.close();
    socket.watched = 0;
    socket.pending = 0;
    ++socket.life;
}

FOREST_DECL pooled_socket* socket_pool::take_kept(const url& target, pool_user& user,
                                                  clock::time_point now) noexcept {
    while (kept_.size() > 0 && now - kept_.longest_idle()->kept_at > kept_idle_max)
        (void)close_longest_idle();
    pooled_socket* kept = kept_.take(target);
    while (kept != nullptr && !is_usable(*kept, now)) {
        end_tls(*kept);
        put_back(*kept);
        kept = kept_.take(target);
    }
    if (kept != nullptr)
        kept->user = &user;
    return kept;
}

FOREST_DECL bool socket_pool::may_keep(const pooled_socket& idle) const noexcept {
    return !kept_.full() && (idle.pending & EPOLLRDHUP) == 0;
}

FOREST_DECL void socket_pool::keep(pooled_socket& idle, const url& target, clock::time_point now) {
    kept_.add(idle, target, now);
    idle.user = nullptr;
}

FOREST_DECL bool socket_pool::close_longest_idle() noexcept {
    if (kept_.size() == 0)
        return false;
    end_kept(*kept_.longest_idle());
    return true;
}

FOREST_DECL void socket_pool::await(pooled_socket& socket, std::uint32_t events) {
    // A socket that cannot be watched is useless. It is closed, so that the next operation on
    // it fails.
    if ((socket.pending & events) != 0 || !watch_.watch(socket, events)) {
        if ((std::exchange(socket.pending, socket.pending & ~events) & events) == 0)
            drop(socket);
        return wake_later(socket);
    }
    socket.wakes = false;
    if (std::exchange(socket.wanted, events) == 0)
        ++waiting_;
    arm();
}

FOREST_DECL void socket_pool::forget(pooled_socket& socket) noexcept {
    socket.wakes = false;
    if (std::exchange(socket.wanted, 0) != 0 && --waiting_ == 0)
        disarm();
}

FOREST_DECL void socket_pool::wake_later(pooled_socket& socket) {
    wake_ups_.push(socket);
    post_wake_ups();
}

FOREST_DECL void socket_pool::post(serial_task& task) noexcept {
    tasks_.push(task, nullptr);
    if (!try_post_wake_ups())
        drop_tasks();
}

FOREST_DECL void socket_pool::set_deadline(pool_user& user, clock::time_point deadline) {
    if (const auto end = deadlines_.set(user, deadline); end < timer_end_)
        set_timer(end);
}

FOREST_DECL void socket_pool::clear_deadline(pool_user& user) noexcept {
    deadlines_.clear(user);
    if (!deadlines_.empty() || timer_end_ == clock::time_point::max())
        return;
    timer_end_ = clock::time_point::max();
    timer_.cancel();
}

FOREST_DECL void socket_pool::arm() {
    if (armed_ || waiting_ == 0)
        return;
    try {
        watched_.async_wait(asio::posix::stream_descriptor::wait_read,
                            owning([number = ++arms_](socket_pool& self, std::error_code) {
                                if (number == self.arms_)
                                    self.wake();
                            }));
    } catch (const std::bad_alloc&) {
        return try_again();
    }
    armed_ = true;
}

FOREST_DECL void socket_pool::try_again() {
    short_of_memory_ = true;
    post_wake_ups();
}

FOREST_DECL void socket_pool::disarm() noexcept {
    if (!std::exchange(armed_, false))
        return;
    ++arms_;
    std::error_code ignored;
    watched_.cancel(ignored);
}

FOREST_DECL void socket_pool::wake() {
    armed_ = false;
    watch_.poll();
    serve_all();
    put_off_timer();
}

FOREST_DECL void socket_pool::serve_all() {
    try {
        while (watch_.has_more())
            serve(watch_.take());
    } catch (...) {
        serves_later_ = true;
        post_wake_ups();
        throw;
    }
    arm();
}

FOREST_DECL void socket_pool::serve(const epoll_set::event& readiness) {
    pooled_socket& socket = sockets_[readiness.place];
    if (socket.life != readiness.life)
        return;
    constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;
    // A kept connection has ended, or the server sent bytes without a request. Readiness to
    // send does not matter.
    if (socket.user == nullptr && (readiness.events & (EPOLLIN | EPOLLRDHUP | broken)) != 0)
        return end_kept(socket);
    const std::uint32_t wanted = socket.wanted;
    socket.pending |= readiness.events & ~wanted & socket.watched;
    if (wanted == 0 || (readiness.events & (wanted | broken)) == 0)
        return;
    socket.wanted = 0;
    --waiting_;
    socket.user->wake(socket);
}

FOREST_DECL void socket_pool::end_kept(pooled_socket& kept) noexcept {
    kept_.remove(kept);
    end_tls(kept);
    put_back(kept);
}

FOREST_DECL socket_pool::wake_up_handler::~wake_up_handler() {
    if (pool_ != nullptr && pool_->wake_ups_posted_)
        pool_->drop_tasks();
}

FOREST_DECL void socket_pool::wake_up_handler::operator()() {
    const auto alive = std::move(pool_);
    alive->run_wake_ups();
}

FOREST_DECL void socket_pool::post_wake_ups() {
    if (!try_post_wake_ups())
        throw std::bad_alloc{};
}

FOREST_DECL bool socket_pool::try_post_wake_ups() noexcept {
    wake_ups_posted_ = wake_ups_posted_ || finds_memory([this] {
                           try {
                               post_owned(executor_, wake_up_handler{shared_from_this()});
                               return true;
                           } catch (...) {
                               return false;
                           }
                       });
    return wake_ups_posted_;
}

FOREST_DECL void socket_pool::run_wake_ups() {
    wake_ups_posted_ = false;
    try {
        if (std::exchange(short_of_memory_, false)) {
            pause_for_memory();
            arm();
            set_timer_to_next();
        }
        wake_ups_.run();
        if (!tasks_.empty()) // One task for each wake-up, as in Asio.
            tasks_.pop().task->perform();
        if (std::exchange(serves_later_, false))
            serve_all();
    } catch (...) {
        (void)try_post_wake_ups();
        throw;
    }
    if ((!wake_ups_.empty() || !tasks_.empty()) && !try_post_wake_ups())
        drop_tasks();
}

FOREST_DECL void socket_pool::put_off_timer() {
    if (timer_end_ == clock::time_point::max())
        return;
    const auto now = clock::now();
    if (timer_middle_ == clock::time_point{})
        timer_middle_ = now + (timer_end_ - now) / 2;
    if (now < timer_middle_)
        return;
    if (const auto first = deadlines_.first(); first && *first > timer_end_)
        set_timer(*first);
}

FOREST_DECL void socket_pool::set_timer(clock::time_point moment) {
    timer_end_ = moment;
    timer_middle_ = {};
    timer_.expires_at(moment);
    try {
        timer_.async_wait(owning([moment](socket_pool& self, std::error_code ec) {
            if (!ec && moment == self.timer_end_)
                self.expire_deadlines();
        }));
    } catch (const std::bad_alloc&) {
        timer_end_ = clock::time_point::max();
        try_again();
    }
}

FOREST_DECL void socket_pool::expire_deadlines() {
    timer_end_ = clock::time_point::max();
    const auto now = clock::now();
    try {
        while (pool_user* const late = deadlines_.take(now))
            late->expire();
    } catch (...) {
        set_timer_to_next();
        throw;
    }
    set_timer_to_next();
}

FOREST_DECL void socket_pool::set_timer_to_next() {
    if (const auto first = deadlines_.first(); first && *first < timer_end_)
        set_timer(*first);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
