// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_CLOCK_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_CLOCK_HPP

#include <forest/adapters/asio/executor_source.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>

#include <asio/any_io_executor.hpp>

#include <memory>
#include <system_error>
#include <utility>

// Real time on an Asio executor. One timer serves all waits of a clock. Waits end in the order of
// their deadlines. Waits with equal deadlines end in the order in which they were requested; Asio's
// own timers do not promise that.

namespace forest::inline FOREST_FORM {

class asio_serializer;

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
    explicit asio_clock(const executor_source& source);

    asio_clock(const asio_clock& other);
    asio_clock(asio_clock&&) noexcept;
    asio_clock& operator=(const asio_clock&) = delete;
    asio_clock& operator=(asio_clock&&) = delete;
    ~asio_clock();

    [[nodiscard]] const asio::any_io_executor& get_executor() const noexcept;

    /// The serializer that runs the handlers, for a transport whose handlers must not run at the
    /// same time.
    [[nodiscard]] const asio_serializer& serializer() const noexcept;

    [[nodiscard]] wall_time now() const;

    /// Returns the steady time. On Linux this clock continues while the machine is suspended. So a
    /// client notices the suspension of a laptop (B12: a stall). The timer itself does not
    /// continue, and so it is late.
    [[nodiscard]] static steady_time steady_now();

    /// The default when no `on_event` receives an exception of a callback: clients write a line to
    /// standard error (`failure_reporter`). See `on_unheard` of the clients.
    [[nodiscard]] static detail::unique_function<void(const event&)> unheard();

    /// Shortens longer delays to `options::duration_max`.
    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        begin_wait(delay, std::forward<Handler>(handler));
    }

    void cancel();

private:
    struct state;

    void begin_wait(duration delay, detail::unique_function<void(std::error_code)> handler);

    std::shared_ptr<state> state_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/asio_clock.ipp>
#endif

#endif
