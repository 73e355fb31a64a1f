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
#include <vector>

// The I/O backend of one asio_transport. It shares nothing, and every step runs under its own
// mutex. So any thread of the executor may take a step, and any thread may close the socket, even
// when the executor has stopped.

namespace forest::inline FOREST_FORM::detail {

/// An I/O backend is the part that differs between GETs with the same steps: how they wait, which
/// threads may call, and where a connection is kept. All members except `acquire` are called with
/// the lock held. The connections of a GET have numbers. At most one wait is pending for each, and
/// one for the time. Each wait ends in one call of `ready`; then there may be nothing to do.
class standalone_io : public std::enable_shared_from_this<standalone_io> {
public:
    standalone_io(const standalone_io&) = delete;
    standalone_io& operator=(const standalone_io&) = delete;

    /// The arguments of the constructor.
    struct arguments {
        asio_serializer serializer;
        transport_options options;
        std::shared_ptr<name_directory> names;
    };

    [[nodiscard]] arguments made_from() const;

protected:
    using lock = std::unique_lock<std::mutex>;
    using clock = std::chrono::steady_clock;

    /// The largest buffer that is kept for the next answer: any answer to a check fits.
    static constexpr std::size_t buffer_bytes_kept = std::size_t{128} * 1024;

    standalone_io(asio_serializer serializer, const transport_options& options,
                  std::shared_ptr<name_directory> names);

    virtual ~standalone_io();

    /// The wait for the connection has ended.
    virtual void ready(lock& held, unsigned number) = 0;
    /// The wait for the time has ended.
    virtual void expired(lock& held) = 0;

    /// A step has thrown std::bad_alloc.
    virtual void short_of_memory(lock& held) = 0;

    [[nodiscard]] lock acquire() { return lock{mutex_}; }
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return serializer_.get_executor();
    }

    [[nodiscard]] bool reuses() const noexcept { return reuses_; }
    [[nodiscard]] bool connects_only() const noexcept { return connects_only_; }
    [[nodiscard]] bool resets() const noexcept { return resets_; }
    [[nodiscard]] duration kept_age_max() const noexcept { return kept_age_max_; }
    [[nodiscard]] tls_client& tls() noexcept { return tls_; }
    [[nodiscard]] name_directory& names() noexcept { return *names_; }

    /// Adds a connection without a socket.
    [[nodiscard]] client_socket& add(unsigned number);

    /// Returns a connection that was added or taken.
    [[nodiscard]] client_socket& socket(unsigned number) noexcept { return find(number); }

    /// Adds the kept connection to the server of `target` as number `kept_connection`, if there is
    /// one. It closes one that leads elsewhere.
    [[nodiscard]] bool take_kept(const url& target, clock::time_point now) noexcept;

    /// Keeps a connection for the next GET with that origin, if possible. Otherwise nothing
    /// changes.
    [[nodiscard]] bool keep(unsigned number, const url& target, clock::time_point now);

    /// Closes a kept connection to make room for another one. Returns whether there was one. This
    /// backend has none except that of its GET.
    [[nodiscard]] static bool give_way() noexcept { return false; }

    /// Closes a connection. No wait for it ends any more.
    void drop(unsigned number) noexcept;

    /// Closes all connections of the GET, and a kept one.
    void drop_all() noexcept;

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

    void wait_readable(unsigned number) {
        wait(find(number), asio::posix::stream_descriptor::wait_read);
    }
    void wait_writable(unsigned number) {
        wait(find(number), asio::posix::stream_descriptor::wait_write);
    }

    /// Calls `ready` from the executor, after others have had a turn.
    void wake_later(unsigned number);

    /// Calls `expired` at `end`, and not at the end of an earlier wait.
    void wait_until(clock::time_point end);

    /// `expired` is not called any more for an earlier wait.
    void stop_waiting();

    /// Performs a task. The task and the handlers of the application run one at a time. Releases
    /// the lock.
    void run(lock& held, serial_task& done);

    /// The same as `run`, but after this call has returned. Does not keep this object alive.
    void post(lock& held, serial_task& done);

    /// The same as `post`, but keeps this object alive.
    void post_owned(lock& held, serial_task& done);

private:
    // The end of a wait.
    class wait_end : public next_step {
    public:
        explicit wait_end(standalone_io& owner) noexcept : owner_{owner} {}
        void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                  const std::error_code& ec) override;

        std::uint64_t last = 0; // the number of the latest wait; earlier ones are void

    protected:
        ~wait_end() = default;

        standalone_io& owner_;

    private:
        virtual void end(lock& held, const std::error_code& ec) = 0;
    };

    class time_end final : public wait_end {
    public:
        using wait_end::wait_end;

    private:
        void end(lock& held, const std::error_code& ec) override;
    };

    // A connection, or the room for one. It lives as long as its owner, and so do its waits.
    class connection final : public client_socket, public wait_end {
    public:
        explicit connection(standalone_io& owner) : wait_end{owner}, watch{owner.executor()} {}

        static constexpr unsigned unused = 0xff;

        unsigned number = unused;
        asio::posix::stream_descriptor watch; // of the socket

    private:
        void end(lock& held, const std::error_code& ec) override;
    };

    [[nodiscard]] connection& find(unsigned number) noexcept;

    // Returns null if there is none.
    [[nodiscard]] connection* find_kept() noexcept;

    static void end(connection& ended) noexcept;

    // Makes all earlier handlers of `latest` void.
    [[nodiscard]] step_handler handler_of(wait_end& latest);

    // A socket that cannot be watched is useless: the next operation on it fails.
    void wait(connection& watched, asio::posix::stream_descriptor::wait_type readiness);

    // The number of a connection that no GET has.
    static constexpr unsigned idle = 0xfe;

    std::mutex mutex_;
    handler_memory memory_;
    asio_serializer serializer_;
    std::shared_ptr<name_directory> names_;
    tls_client tls_;
    bool reuses_;
    bool resets_;
    bool connects_only_;
    duration kept_age_max_;
    task_mailbox mailbox_;
    std::vector<std::unique_ptr<connection>> connections_;
    asio::steady_timer timer_;
    url kept_for_;
    clock::time_point kept_at_;
    time_end deadline_{*this};
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/get/impl/standalone_io.ipp>
#endif

#endif
