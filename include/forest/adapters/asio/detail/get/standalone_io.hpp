// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_STANDALONE_IO_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_STANDALONE_IO_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/step_handler.hpp>
#include <forest/adapters/asio/detail/io/task_mailbox.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/names/name_directory.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

// The I/O backend of one asio_transport. It shares nothing, and every step runs under its own
// mutex. So any thread of the executor may take a step, and any thread may close the socket, even
// when the executor has stopped.

namespace forest::inline FOREST_FORM::detail {

/// An I/O backend is the part that differs between connections with the same steps: how they wait,
/// which threads may call, and where a connection is kept. All members except `acquire` are called
/// with the lock held. At most one wait is pending at a time, not counting the deadline. Each wait
/// ends in one call of `ready`; then there may be nothing to do.
class standalone_io : public std::enable_shared_from_this<standalone_io> {
public:
    standalone_io(const standalone_io&) = delete;
    standalone_io& operator=(const standalone_io&) = delete;

protected:
    using lock = std::unique_lock<std::mutex>;
    using clock = std::chrono::steady_clock;

    /// The largest buffer that is kept for the next answer: any answer to a check fits.
    static constexpr std::size_t buffer_bytes_kept = std::size_t{128} * 1024;

    standalone_io(asio_serializer serializer, const transport_options& options,
                  std::shared_ptr<name_directory> names);

    virtual ~standalone_io() { drop(); }

    /// The wait has ended.
    virtual void ready(lock& held) = 0;
    /// The deadline has passed.
    virtual void expired(lock& held) = 0;

    /// A step has thrown std::bad_alloc.
    virtual void short_of_memory(lock& held) = 0;

    [[nodiscard]] lock acquire() { return lock{mutex_}; }
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return serializer_.get_executor();
    }

    [[nodiscard]] bool reuses() const noexcept { return reuses_; }
    [[nodiscard]] bool resets() const noexcept { return resets_; }
    [[nodiscard]] tls_client& tls() noexcept { return tls_; }
    [[nodiscard]] name_directory& names() noexcept { return *names_; }
    [[nodiscard]] client_socket& socket() noexcept { return socket_; }

    /// Makes a kept connection to the server of `target` the current one, if there is a kept one.
    [[nodiscard]] bool take_kept(const url& target, clock::time_point now) noexcept;

    /// Keeps the current connection for the next GET with that origin, if possible.
    [[nodiscard]] bool keep(const url& target, clock::time_point now);

    /// Closes a kept connection to make room for another one. Returns whether there was one. This
    /// backend has none except the current one.
    [[nodiscard]] static bool give_way() noexcept { return false; }

    /// Closes the current connection, if there is one.
    void drop() noexcept;

    /// Performs a task later, independently of the current wait, unless the task is queued already.
    /// The task is a part of this object. May be called from any thread and without the lock. Does
    /// nothing while this object is being destroyed. If the executor has no memory, the task is
    /// dropped.
    void call_later(serial_task& task) noexcept;

    /// Takes a step under the lock. Do not call it with the lock held.
    template <typename Step>
    void resume(const Step& step) {
        lock held{mutex_};
        try {
            step(held);
        } catch (const std::bad_alloc&) {
            if (!held.owns_lock()) // The application's handler threw it.
                throw;
            short_of_memory(held);
        }
    }

    void wait_readable() { wait(asio::posix::stream_descriptor::wait_read); }
    void wait_writable() { wait(asio::posix::stream_descriptor::wait_write); }

    /// Calls `ready` from the executor, for steps that must not run inside the current call.
    void wake_later() { post_step(executor(), handler_of(wait_)); }

    void wait_until(clock::time_point deadline);

    /// Neither `ready` nor `expired` is called any more for an earlier wait.
    void stop_waiting();

    /// Performs a task. The task and the handlers of the application run one at a time. Releases
    /// the lock.
    void run(lock& held, serial_task& done);

    /// The same as `run`, but after this call has returned. Does not keep this object alive.
    void post(lock& held, serial_task& done);

private:
    // The end of a wait or of the deadline.
    class wait_end final : public next_step {
    public:
        explicit wait_end(standalone_io& owner) noexcept : owner_{owner} {}
        void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                  const std::error_code& ec) override;

        std::uint64_t last = 0; // the number of the latest wait; earlier ones are void

    private:
        standalone_io& owner_;
    };

    // Makes all earlier handlers of `latest` void.
    [[nodiscard]] step_handler handler_of(wait_end& latest);

    // A socket that cannot be watched is useless: the next operation on it fails.
    void wait(asio::posix::stream_descriptor::wait_type readiness);

    std::mutex mutex_;
    handler_memory memory_;
    asio_serializer serializer_;
    std::shared_ptr<name_directory> names_;
    tls_client tls_;
    bool reuses_;
    bool resets_;
    task_mailbox mailbox_;
    client_socket socket_;
    asio::posix::stream_descriptor watch_; // of the socket that `socket_` owns
    asio::steady_timer timer_;
    url kept_for_;
    clock::time_point kept_at_;
    wait_end wait_{*this};
    wait_end deadline_{*this};
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/get/impl/standalone_io.ipp>
#endif

#endif
