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
                std::shared_ptr<name_directory> names);

    virtual ~socket_pool() { watched_.release(); }

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] bool reuses() const noexcept { return reuses_; }
    [[nodiscard]] bool connects_only() const noexcept { return connects_only_; }
    [[nodiscard]] bool resets() const noexcept { return resets_; }
    [[nodiscard]] duration kept_age_max() const noexcept { return kept_age_max_; }
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
    void call_later(serial_task& task) noexcept;

    /// Registers a user: reserves the memory for its deadline.
    void enter();

    /// Returns a pooled_socket for the user, without an open socket in it.
    [[nodiscard]] pooled_socket& lend(pool_user& user) { return sockets_.lend(user); }

    void put_back(pooled_socket& lent) noexcept;

    /// Closes the socket. Its earlier events do not count any more.
    void drop(pooled_socket& socket) noexcept;

    /// Returns whether a socket is kept for the origin of `target`.
    [[nodiscard]] bool keeps(const url& target) const noexcept {
        return kept_.find(target) != nullptr;
    }

    /// Returns the socket that was kept last for the origin of `target`, or null. Closes all
    /// sockets that have been idle for too long: a timer for this would be pending while no user
    /// waits.
    [[nodiscard]] pooled_socket* take_kept(const url& target, pool_user& user,
                                           clock::time_point now) noexcept;

    /// Returns whether a socket may be kept: its peer has not closed it, and not too many are kept.
    [[nodiscard]] bool may_keep(const pooled_socket& idle) const noexcept;

    /// Keeps a socket until it is taken, is idle for too long, or is closed by its peer. If this
    /// throws std::bad_alloc, nothing has changed.
    void keep(pooled_socket& idle, const url& target, clock::time_point now);

    /// Closes the kept socket that has been idle for the longest time. Returns false if none is
    /// kept.
    bool close_longest_idle() noexcept;

    /// Wakes the user once when the socket is ready for `events`, EPOLLIN or EPOLLOUT.
    void await(pooled_socket& socket, std::uint32_t events);

    void forget(pooled_socket& socket) noexcept;

    /// Wakes the user of the socket once, after this call has returned, unless the user waits again
    /// or drops the socket before that.
    void wake_later(pooled_socket& socket);

    /// Performs a task after this call has returned. If an executor that is not one of Asio has no
    /// memory for the task during `memory_pauses_max` pauses, the task is dropped.
    void post(serial_task& task) noexcept;

    void set_deadline(pool_user& user, clock::time_point deadline);

    void clear_deadline(pool_user& user) noexcept;

private:
    void arm();

    // Asio has no memory for the wait now, but the wait must end. So a later wake-up tries again.
    void try_again();

    void disarm() noexcept;

    void wake();

    // An exception of a user is passed on, and the remaining events are served later.
    void serve_all();

    void serve(const epoll_set::event& readiness);

    void end_kept(pooled_socket& kept) noexcept;

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
        ~wake_up_handler();

        [[nodiscard]] allocator_type get_allocator() const noexcept {
            return allocator_type{pool_->wake_ups_memory_};
        }

        void operator()();

    private:
        std::shared_ptr<socket_pool> pool_;
    };

    void post_wake_ups();

    // Returns false if the executor refuses the handler because it lacks memory. No executor of
    // Asio itself does that.
    bool try_post_wake_ups() noexcept;

    // Wake-ups that are requested during this call come after all other work of the executor.
    void run_wake_ups();

    // Moves the timer to a later time if its deadline is void. This happens only at a wake-up that
    // comes for another reason, in the second half of the timer's time. To do this at the end of
    // each check would cost too much.
    void put_off_timer();

    void set_timer(clock::time_point moment);

    void expire_deadlines();

    void set_timer_to_next();

    asio::any_io_executor executor_;
    std::shared_ptr<name_directory> names_;
    bool reuses_, resets_, connects_only_;
    duration kept_age_max_;
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

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/pool/impl/socket_pool.ipp>
#endif

#endif
