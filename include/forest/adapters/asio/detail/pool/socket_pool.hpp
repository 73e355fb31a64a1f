// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_SOCKET_POOL_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_SOCKET_POOL_HPP

#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/task_mailbox.hpp>
#include <forest/adapters/asio/detail/pool/deadline_queue.hpp>
#include <forest/adapters/asio/detail/pool/epoll_set.hpp>
#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/adapters/asio/detail/pool/wake_queue.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/names/name_directory.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <sys/epoll.h>

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <system_error>
#include <utility>

// Holds what many connections on one thread share: the wait for sockets, the timer, the wake-ups,
// the kept connections, and TLS.

namespace forest::inline FOREST_FORM::detail {

/// Not thread-safe. While no user waits, no operation of Asio is pending.
class socket_pool : public std::enable_shared_from_this<socket_pool> {
public:
    using clock = deadline_queue::clock;

    socket_pool(asio::any_io_executor executor, const transport_options& options, duration tick,
                std::shared_ptr<name_directory> names)
        : executor_{std::move(executor)},
          names_{std::move(names)},
          reuses_{options.reuse_connections},
          resets_{options.reset_after_answer.value_or(true)},
          tls_{options.tls},
          deadlines_{tick},
          watched_{executor_},
          timer_{executor_},
          mailbox_{executor_} {
        assert(tick > duration::zero());
        watched_.assign(watch_.native_handle());
    }

    virtual ~socket_pool() { watched_.release(); }

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] bool reuses() const noexcept { return reuses_; }
    [[nodiscard]] bool resets() const noexcept { return resets_; }
    [[nodiscard]] tls_client& tls() noexcept { return tls_; }
    [[nodiscard]] name_directory& names() noexcept { return *names_; }

    /// Returns a handler for Asio. It calls `then(*this, …)`, and keeps the pool alive until that
    /// call.
    template <typename Then>
    [[nodiscard]] auto owning(Then then) {
        return owned_handler{shared_from_this(), memory_, then};
    }

    /// Performs a task of a user later. May be called from any thread. Does nothing while the pool
    /// is being destroyed.
    void call_later(serial_task& task) noexcept {
        if (auto self = weak_from_this().lock())
            (void)mailbox_.post(task, std::move(self));
    }

    /// Registers a user, and reserves the memory for its deadline. Returns the first socket of the
    /// user.
    [[nodiscard]] pooled_socket& enter(pool_user& user) {
        deadlines_.reserve(users_ + 1);
        pooled_socket& first = lend(user);
        ++users_;
        return first;
    }

    /// Returns a pooled_socket for the user, without an open socket in it.
    [[nodiscard]] pooled_socket& lend(pool_user& user) { return sockets_.lend(user); }

    void put_back(pooled_socket& lent) noexcept {
        drop(lent);
        sockets_.put_back(lent);
    }

    /// Closes the socket. Its earlier events do not count any more.
    void drop(pooled_socket& socket) noexcept {
        if (!socket.socket.is_open())
            return;
        forget(socket);
        socket.socket.close();
        socket.watched = 0;
        socket.pending = 0;
        ++socket.life;
    }

    /// Returns whether a socket is kept for the origin of `target`.
    [[nodiscard]] bool keeps(const url& target) const noexcept {
        return kept_.find(target) != nullptr;
    }

    /// Returns the socket that was kept last for the origin of `target`, or null. Closes all
    /// sockets that have been idle for too long: a timer for this would be pending while no user
    /// waits.
    [[nodiscard]] pooled_socket* take_kept(const url& target, pool_user& user,
                                           clock::time_point now) noexcept {
        while (kept_.size() > 0 && now - kept_.longest_idle()->kept_at > kept_idle_max)
            (void)close_longest_idle();
        pooled_socket* const kept = kept_.take(target);
        if (kept != nullptr)
            kept->user = &user;
        return kept;
    }

    /// Keeps a socket until it is taken, is idle for too long, or is closed by its peer. Returns
    /// false and does not keep it if the peer has already closed it, or if too many are kept.
    [[nodiscard]] bool keep(pooled_socket& idle, const url& target, clock::time_point now) {
        if (kept_.full() || (idle.pending & EPOLLRDHUP) != 0)
            return false;
        kept_.add(idle, target, now);
        idle.user = nullptr;
        return true;
    }

    /// Closes the kept socket that has been idle for the longest time. Returns false if none is
    /// kept.
    bool close_longest_idle() noexcept {
        if (kept_.size() == 0)
            return false;
        end_kept(*kept_.longest_idle());
        return true;
    }

    /// Wakes the user once when the socket is ready for `events`, EPOLLIN or EPOLLOUT.
    void await(pooled_socket& socket, std::uint32_t events) {
        // A socket that cannot be watched is useless. It is closed, so that the next operation on
        // it fails.
        if ((socket.pending & events) != 0 || !watch_.watch(socket, events)) {
            if ((std::exchange(socket.pending, socket.pending & ~events) & events) == 0)
                drop(socket);
            return wake_later(*socket.user);
        }
        if (std::exchange(socket.wanted, events) == 0)
            ++waiting_;
        arm();
    }

    void forget(pooled_socket& socket) noexcept {
        if (std::exchange(socket.wanted, 0) != 0 && --waiting_ == 0)
            disarm();
    }

    /// Wakes the user once, after this call has returned.
    void wake_later(pool_user& user) {
        wake_ups_.push(user);
        post_wake_ups();
    }

    /// Performs a task after this call has returned. If an executor that is not one of Asio has no
    /// memory for the task during `memory_pauses_max` pauses, the task is dropped.
    void post(serial_task& task) noexcept {
        tasks_.push(task, nullptr);
        if (!try_post_wake_ups())
            drop_tasks();
    }

    void set_deadline(pool_user& user, clock::time_point deadline) {
        if (const auto end = deadlines_.set(user, deadline); end < timer_end_)
            set_timer(end);
    }

    void clear_deadline(pool_user& user) noexcept {
        deadlines_.clear(user);
        if (!deadlines_.empty() || timer_end_ == clock::time_point::max())
            return;
        timer_end_ = clock::time_point::max();
        timer_.cancel();
    }

private:
    void arm() {
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

    // Asio has no memory for the wait now, but the wait must end. So a later wake-up tries again.
    void try_again() {
        short_of_memory_ = true;
        post_wake_ups();
    }

    void disarm() noexcept {
        if (!std::exchange(armed_, false))
            return;
        ++arms_;
        std::error_code ignored;
        watched_.cancel(ignored);
    }

    void wake() {
        armed_ = false;
        watch_.poll();
        serve_all();
        put_off_timer();
    }

    // An exception of a user is passed on, and the remaining events are served later.
    void serve_all() {
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

    void serve(const epoll_set::event& readiness) {
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
        socket.user->wake();
    }

    void end_kept(pooled_socket& kept) noexcept {
        kept_.remove(kept);
        end_tls(kept);
        put_back(kept);
    }

    void drop_tasks() noexcept {
        while (!tasks_.empty())
            tasks_.pop().task->abandon();
    }

    // Runs the wake-ups. If the executor accepts the handler and destroys it without a call, the
    // tasks are dropped. If the executor refuses the handler, the tasks are not dropped here.
    class wake_up_handler {
    public:
        using allocator_type = handler_allocator<void>;

        explicit wake_up_handler(std::shared_ptr<socket_pool> pool) noexcept
            : pool_{std::move(pool)} {}
        wake_up_handler(wake_up_handler&&) noexcept = default;
        wake_up_handler& operator=(wake_up_handler&&) = delete;
        ~wake_up_handler() {
            if (pool_ != nullptr && pool_->wake_ups_posted_)
                pool_->drop_tasks();
        }

        [[nodiscard]] allocator_type get_allocator() const noexcept {
            return allocator_type{pool_->wake_ups_memory_};
        }

        void operator()() {
            const auto alive = std::move(pool_);
            alive->run_wake_ups();
        }

    private:
        std::shared_ptr<socket_pool> pool_;
    };

    void post_wake_ups() {
        if (!try_post_wake_ups())
            throw std::bad_alloc{};
    }

    // Returns false if the executor refuses the handler because it lacks memory. No executor of
    // Asio itself does that.
    bool try_post_wake_ups() noexcept {
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

    // Wake-ups that are requested during this call come after all other work of the executor.
    void run_wake_ups() {
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

    // Moves the timer to a later time if its deadline is void. This happens only at a wake-up that
    // comes for another reason, in the second half of the timer's time. To do this at the end of
    // each check would cost too much.
    void put_off_timer() {
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

    void set_timer(clock::time_point moment) {
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

    void expire_deadlines() {
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

    void set_timer_to_next() {
        if (const auto first = deadlines_.first(); first && *first < timer_end_)
            set_timer(*first);
    }

    asio::any_io_executor executor_;
    std::shared_ptr<name_directory> names_;
    bool reuses_, resets_;
    tls_client tls_;
    handler_memory memory_;
    socket_store sockets_;
    kept_sockets kept_;
    epoll_set watch_;
    deadline_queue deadlines_;
    asio::posix::stream_descriptor watched_; // the descriptor that `watch_` owns
    asio::steady_timer timer_;
    clock::time_point timer_end_ = clock::time_point::max(); // when the timer ends, if it runs
    clock::time_point timer_middle_; // the middle of its time; zero until it is needed
    std::size_t waiting_ = 0;        // sockets for which a user waits
    bool armed_ = false;             // Asio waits for `watched_`
    std::uint64_t arms_ = 0;
    std::size_t users_ = 0;
    wake_queue wake_ups_;
    task_queue tasks_;
    handler_memory wake_ups_memory_;
    bool wake_ups_posted_ = false;
    bool short_of_memory_ = false; // Asio could not begin to wait
    bool serves_later_ = false;
    task_mailbox mailbox_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
