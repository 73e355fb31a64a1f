// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_POOLED_TRANSPORT_HPP
#define FOREST_ADAPTERS_ASIO_POOLED_TRANSPORT_HPP

#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <cstddef>
#include <memory>
#include <utility>

// A transport for thousands of checks on one thread.

namespace forest::inline FOREST_FORM {

namespace detail {

class pooled_io;
template <typename Io>
class get_operation;

/// The part of a basic_pooled_transport that does not depend on the resolver.
class pooled_get {
public:
    explicit pooled_get(const std::shared_ptr<get_operation_pool>& pool);
    pooled_get(pooled_get&&) noexcept;
    pooled_get& operator=(pooled_get&&) = delete;
    ~pooled_get();

    void begin(const request& http_request, duration timeout,
               unique_function<void(const reply&)>&& handler);

    [[nodiscard]] bool keeps(const url& target) const noexcept;
    [[nodiscard]] bool waits_on_kept_connection() const noexcept;
    [[nodiscard]] const std::shared_ptr<get_operation_pool>& pool() const noexcept { return pool_; }

    void cancel() noexcept;

    [[nodiscard]] static std::size_t descriptors_max() noexcept;

private:
    std::shared_ptr<get_operation_pool> pool_;
    get_operation<pooled_io>* get_;
};

} // namespace detail

/// Performs one GET at a time, to any target, over the sockets of a pool that several transports
/// share: a model of `transport`.
///
/// From tests/adapters/asio/sharded_fleet_test.cpp:
///     fleet make(const asio::any_io_executor& on) {
///         asio_clock clock{on};
///         return {[pool = asio_connection_pool{clock}] { return pooled_transport{pool}; }, clock,
///                 unsigned_requests{}, constant_backoff{}};
///     }
///
/// It works like an asio_transport: http, https and http+unix, and all addresses of a name (RFC
/// 8305). Kept connections belong to the pool.
///
/// **Thread safety:** none. All members are called, and all handlers run, on the one thread that
/// runs the execution context of the pool's clock.
///
/// **Lifetime:** the transport keeps the pool alive, and the execution context must outlive both.
/// The request must stay valid until the handler is called. Destroying the transport cancels a
/// pending GET. A transport that was moved from may only be destroyed.
///
/// **Errors:** the constructor may throw std::bad_alloc. The handler gets all other errors, each an
/// `errc`, like the handler of an asio_transport. `async_get` may throw std::bad_alloc if the
/// handler is large, or if the handler of a cancelled GET has not been called yet. Then `async_get`
/// does not call its handler.
template <typename Resolver>
class basic_pooled_transport {
public:
    static constexpr transport_abilities abilities{.methods = true};

    using pool = basic_asio_connection_pool<Resolver>;

    explicit basic_pooled_transport(const pool& connections) : get_{connections.pool_} {}

    basic_pooled_transport(basic_pooled_transport&&) noexcept = default;
    basic_pooled_transport& operator=(basic_pooled_transport&&) = delete;

    /// Cancels like `cancel()`.
    ~basic_pooled_transport() = default;

    /// Shortens longer timeouts to `options::duration_max`.
    template <typename Handler>
    void async_get(const request& http_request, duration timeout, Handler&& handler) {
        get_.begin(http_request, timeout, std::forward<Handler>(handler));
    }

    /// Returns whether the pool keeps a connection to the server of `target`, as far as the pool
    /// knows: the connection may have just ended. A GET to that server then opens no connection,
    /// unless the GET requests a fresh one.
    [[nodiscard]] bool keeps_connection_to(const url& target) const noexcept {
        return get_.keeps(target);
    }

    /// Returns how many descriptors this process may have: its soft limit (`ulimit -n`).
    [[nodiscard]] static std::size_t descriptors_max() noexcept {
        return detail::pooled_get::descriptors_max();
    }

    /// Returns whether a GET is pending over a kept connection, and no byte of its answer has come.
    [[nodiscard]] bool waits_on_kept_connection() const noexcept {
        return get_.waits_on_kept_connection();
    }

    /// Returns another transport of the same pool. May throw std::bad_alloc.
    [[nodiscard]] basic_pooled_transport another() const {
        return basic_pooled_transport{detail::pooled_get{get_.pool()}};
    }

    /// Ends the pending GET.
    void cancel() noexcept { get_.cancel(); }

private:
    explicit basic_pooled_transport(detail::pooled_get get) : get_{std::move(get)} {}

    detail::pooled_get get_;
};

/// A pooled transport that looks names up as the system does.
using pooled_transport = basic_pooled_transport<getaddrinfo_resolver>;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/pooled_transport.ipp>
#endif

#endif
