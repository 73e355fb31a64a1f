// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_POOLED_IO_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_POOLED_IO_HPP

#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/adapters/asio/detail/pool/socket_pool.hpp>
#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/names/name_directory.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>

#include <sys/epoll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

// The I/O backend of one pooled_transport. It shares as much as possible with the other transports
// of its pool, on one thread. So it needs no lock and little memory.

namespace forest::inline FOREST_FORM::detail {

/// The counterpart of standalone_io, which describes the members.
class pooled_io : public pool_user {
protected:
    // An empty lock, because there is only one thread.
    class [[maybe_unused]] lock {
    public:
        void unlock() noexcept { owns_ = false; }
        [[nodiscard]] bool owns_lock() const noexcept { return owns_; }

    private:
        bool owns_ = true;
    };

public:
    pooled_io(const pooled_io&) = delete;
    pooled_io& operator=(const pooled_io&) = delete;

protected:
    using clock = socket_pool::clock;

    /// Enough for the usual answer to a check.
    static constexpr std::size_t buffer_bytes_kept = std::size_t{8} * 1024;

    /// The pool owns this object, and so outlives it.
    explicit pooled_io(socket_pool& pool) : pool_{pool} { pool.enter(); }

    ~pooled_io() = default;

    virtual void ready(lock& held, unsigned number) = 0;
    virtual void expired(lock& held) = 0;
    virtual void short_of_memory(lock& held) = 0;

    [[nodiscard]] static lock acquire() noexcept { return {}; }
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return pool_.executor();
    }

    [[nodiscard]] bool reuses() const noexcept { return pool_.reuses(); }
    [[nodiscard]] bool connects_only() const noexcept { return pool_.connects_only(); }
    [[nodiscard]] bool resets() const noexcept { return pool_.resets(); }
    [[nodiscard]] duration kept_age_max() const noexcept { return pool_.kept_age_max(); }
    [[nodiscard]] tls_client& tls() noexcept { return pool_.tls(); }
    [[nodiscard]] name_directory& names() noexcept { return pool_.names(); }

    [[nodiscard]] client_socket& add(unsigned number);

    [[nodiscard]] client_socket& socket(unsigned number) noexcept { return find(number); }

    [[nodiscard]] bool take_kept(const url& target, clock::time_point now) noexcept;

    [[nodiscard]] bool keep(unsigned number, const url& target, clock::time_point now);

    [[nodiscard]] bool give_way() noexcept { return pool_.close_longest_idle(); }

    void drop(unsigned number) noexcept;

    void drop_all() noexcept;

    void call_later(serial_task& task) noexcept { pool_.call_later(task); }

    template <typename Step>
    void resume(const Step& step) {
        lock held;
        try {
            step(held);
        } catch (const std::bad_alloc&) {
            if (!held.owns_lock()) // The exception is from the application's handler.
                throw;
            short_of_memory(held);
        }
    }

    void wait_readable(unsigned number) { pool_.await(find(number), EPOLLIN); }
    void wait_writable(unsigned number) { pool_.await(find(number), EPOLLOUT); }

    void wake_later(unsigned number) { pool_.wake_later(find(number)); }

    void wait_until(clock::time_point end) { pool_.set_deadline(*this, end); }

    void stop_waiting() noexcept;

    void run(lock& held, serial_task& done);

    void post(lock& held, serial_task& done);

    void post_owned(lock& held, serial_task& done) { post(held, done); }

private:
    void wake(pooled_socket& socket) final;

    void expire() final;

    [[nodiscard]] pooled_socket& find(unsigned number) noexcept;

    // Takes a socket out of the list.
    pooled_socket& take_out(unsigned number) noexcept;

    socket_pool& pool_;
    pooled_socket* first_ = nullptr; // of the sockets of this GET
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/get/impl/pooled_io.ipp>
#endif

#endif
