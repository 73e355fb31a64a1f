// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_CLOCK_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_CLOCK_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/executor_source.hpp>
#include <forest/adapters/asio/failure_reporter.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <ctime>
#endif

// Real time on an Asio executor. One timer serves all waits of a clock. Waits end in the order of
// their deadlines. Waits with equal deadlines end in the order in which they were requested; Asio's
// own timers do not promise that.

namespace forest::inline FOREST_FORM {

/// Returns real time, and calls handlers on an executor, one at a time: a model of `clock`.
///
/// From tests/adapters/asio/pooled_fleet_test.cpp:
///     const forest::asio_clock clock{io.get_executor()};
///     forest::asio_connection_pool pool{clock, {.reuse_connections = true}};
///     forest::basic_health_fleet fleet{[&pool] { return forest::pooled_transport{pool}; }, clock,
///                                      forest::hmac_sha256_signer{secret},
///                                      forest::exponential_backoff{}};
///
/// **Thread safety:** all members may be called from any thread. The handlers of a clock and of its
/// copies run one at a time.
///
/// **Lifetime:** the execution context must outlive the clock. A copy has its own waits. So several
/// clients can have copies of one clock, and each client cancels only its own waits. Destroying a
/// clock cancels nothing: its waits still end. A clock that was moved from may only be destroyed.
///
/// **Errors:** constructing a clock, and `async_wait`, may throw std::bad_alloc. A wait that
/// `cancel()` has ended gets `errc::operation_canceled`. An exception of a handler passes through
/// the executor; when the context runs again, the other waits still end.
class asio_clock {
public:
    /// Makes a clock on an executor, or on the executor of a context.
    explicit asio_clock(const executor_source& source)
        : state_{std::make_shared<state>(asio_serializer{source.get()})} {}

    asio_clock(const asio_clock& other)
        : state_{std::make_shared<state>(other.state_->serializer)} {}

    asio_clock(asio_clock&&) noexcept = default;
    asio_clock& operator=(const asio_clock&) = delete;
    asio_clock& operator=(asio_clock&&) = delete;
    ~asio_clock() = default;

    [[nodiscard]] const asio::any_io_executor& get_executor() const noexcept {
        return state_->serializer.get_executor();
    }

    /// The serializer that runs the handlers, for a transport whose handlers must not run at the
    /// same time.
    [[nodiscard]] const asio_serializer& serializer() const noexcept { return state_->serializer; }

    [[nodiscard]] wall_time now() const;

    /// Returns the steady time. On Linux this clock continues while the machine is suspended. So a
    /// client notices the suspension of a laptop (B12: a stall). The timer itself does not
    /// continue, and so it is late.
    [[nodiscard]] static steady_time steady_now();

    /// The default when no `on_event` receives an exception of a callback: clients write a line to
    /// standard error. See `on_unheard` of the clients.
    [[nodiscard]] static failure_reporter unheard() { return {}; }

    /// Shortens longer delays to `options::duration_max`.
    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        const std::lock_guard lock{state_->mutex};
        const auto deadline =
            state::timer_clock::now() + std::clamp(delay, duration::zero(), options::duration_max);
        const bool earliest =
            state_->push({deadline, state_->next_sequence++, std::forward<Handler>(handler)});
        if (earliest)
            state_->arm();
    }

    void cancel();

private:
    struct wait {
        std::chrono::steady_clock::time_point deadline;
        std::uint64_t sequence;
        detail::unique_function<void(std::error_code)> handler;
    };

    struct state;

    // Ends the due waits.
    class waking_task final : public detail::serial_task {
    public:
        explicit waking_task(state& owner) noexcept : owner_{owner} {}
        void perform() override { owner_.wake(); }
        void abandon() noexcept override {}

    private:
        state& owner_;
    };

    // Ends the cancelled waits, one handler after the other. The memory for a cancelled wait was
    // allocated when it began.
    class canceling_task final : public detail::serial_task {
    public:
        explicit canceling_task(state& owner) : owner_{owner} { waits_.reserve(waits_min); }

        // Makes room for `count` waits.
        void reserve(std::size_t count);

        // Returns whether there was a wait.
        [[nodiscard]] bool take(std::vector<wait>& all) noexcept;

        void perform() override;

        void abandon() noexcept override;

    private:
        state& owner_;
        std::vector<wait> waits_;
        std::size_t ended_ = 0; // how many of the waits have ended
    };

    // A client has one wait, a datasource a few.
    static constexpr std::size_t waits_min = 8;

    struct state : std::enable_shared_from_this<state> {
        using timer_clock = std::chrono::steady_clock;

        // This function comes first, because its return type is deduced.
        template <typename Then>
        auto owned(detail::handler_memory& space, Then then) {
            return detail::owned_handler{shared_from_this(), space, then};
        }

        explicit state(asio_serializer turns)
            : serializer{std::move(turns)}, timer{serializer.get_executor()} {
            waits.reserve(waits_min);
        }

        static bool later(const wait& left, const wait& right) noexcept;

        // Returns whether the new wait is the first to end.
        bool push(wait&& begun);

        void arm();

        // Asio keeps all timers of a context in one array, which has to grow at times. Even without
        // memory for that, a wait that has begun must end.
        void try_again();

        void retry();

        void wake_in_turn() { serializer.run(waking, shared_from_this()); }

        // Ends the due waits, one handler at a time and outside the lock. Waits that handlers begin
        // during this call end in a later turn on the executor.
        void wake();

        asio_serializer serializer;
        std::mutex mutex;
        detail::handler_memory memory;
        detail::handler_memory spare_memory; // used when Asio finds no memory
        bool trying_again = false;
        asio::steady_timer timer;
        std::vector<wait> waits;
        waking_task waking{*this};
        canceling_task canceling{*this};
        std::uint64_t next_sequence = 0;
    };

    std::shared_ptr<state> state_;
};

static_assert(clock<asio_clock>);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/asio_clock.ipp>
#endif

#endif
