// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_CONNECTION_POOL_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_CONNECTION_POOL_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>

// The I/O that the transports of one fleet share.

namespace forest::inline FOREST_FORM {

class getaddrinfo_resolver; // in adapters/posix/getaddrinfo_resolver.hpp

template <typename Resolver>
class basic_asio_names; // in adapters/asio/asio_names.hpp

namespace detail {

class name_directory;
class get_operation_pool;

[[nodiscard]] FOREST_DECL std::shared_ptr<get_operation_pool>
make_pool(const asio_clock& clock, const transport_options& options, duration tick,
          const std::shared_ptr<name_directory>& names);

/// Takes the names that all clients of the clock's context share.
[[nodiscard]] FOREST_DECL std::shared_ptr<get_operation_pool>
make_pool(const asio_clock& clock, const transport_options& options, duration tick);

} // namespace detail

template <typename Resolver>
class basic_pooled_transport;

/// Holds the resources that its `pooled_transport`s share, so that a check costs little more than
/// its system calls.
///
/// From tests/adapters/asio/pooled_fleet_test.cpp:
///     const forest::asio_clock clock{io.get_executor()};
///     forest::asio_connection_pool pool{clock, {.reuse_connections = true}};
///     forest::basic_health_fleet fleet{[&pool] { return forest::pooled_transport{pool}; }, clock,
///                                      forest::hmac_sha256_signer{secret},
///                                      forest::exponential_backoff{}};
///
/// The transports share one wait for all their sockets, one timer for all their deadlines, TLS,
/// names and the kept connections. Any transport may use a kept connection. Linux only.
///
/// **Thread safety:** none. All calls and handlers are on the one thread that runs the clock's
/// execution context.
///
/// **Lifetime:** copies refer to the same pool, which lives as long as a copy or a transport of it.
/// The clock's execution context must outlive the pool.
///
/// **Errors:** the constructors throw std::system_error: `errc::tls_configuration_invalid` if a
/// file that the options name cannot be used, or an error of the system if there is no descriptor
/// left, because the pool needs one. They may throw std::bad_alloc. A `tick` of 0 or less is an
/// assertion.
template <typename Resolver>
class basic_asio_connection_pool {
public:
    using names = basic_asio_names<Resolver>;

    /// Makes a pool whose transports find names with `name_source`. A check that reaches its
    /// deadline ends at most one `tick` after it, and never before it; `tick` is above 0. Throws
    /// std::system_error(errc::tls_configuration_invalid) if a file in the options cannot be used.
    /// Throws another std::system_error if no descriptor is left: the pool needs one.
    basic_asio_connection_pool(const asio_clock& clock, const names& name_source,
                               const transport_options& options = {},
                               duration tick = std::chrono::milliseconds{5})
        : pool_{detail::make_pool(clock, options, tick, name_source.directory())} {}

    /// The same with the names that all clients of the clock's context share.
    explicit basic_asio_connection_pool(const asio_clock& clock,
                                        const transport_options& options = {},
                                        duration tick = std::chrono::milliseconds{5})
        requires std::same_as<Resolver, getaddrinfo_resolver>
        : pool_{detail::make_pool(clock, options, tick)} {}

    /// Like the constructor above. In the compiled form it needs
    /// `#include <forest/adapters/asio/asio_names.hpp>`.
    template <typename Names = names>
    explicit basic_asio_connection_pool(const asio_clock& clock,
                                        const transport_options& options = {},
                                        duration tick = std::chrono::milliseconds{5})
        requires(!std::same_as<Resolver, getaddrinfo_resolver> &&
                 std::default_initializable<Resolver>)
        : basic_asio_connection_pool{clock, Names{clock.get_executor()}, options, tick} {}

    /// The same with the default options. If `tick` is equal to the tick of `fleet_options`, the
    /// ticks of both begin together: checks that a fleet begins in one tick then also end in one
    /// tick.
    explicit basic_asio_connection_pool(const asio_clock& clock, std::same_as<duration> auto tick)
        requires(std::same_as<Resolver, getaddrinfo_resolver> ||
                 std::default_initializable<Resolver>)
        : basic_asio_connection_pool{clock, transport_options{}, tick} {}

    // These say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_asio_connection_pool(const asio_clock&, const names&,
                               const detail::any_member (&)[MisspeltOrWithoutUnit], duration = {}) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_asio_connection_pool(const asio_clock&,
                               const detail::any_member (&)[MisspeltOrWithoutUnit], duration = {}) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

private:
    friend class basic_pooled_transport<Resolver>;

    std::shared_ptr<detail::get_operation_pool> pool_;
};

/// A pool that looks names up as the system does.
using asio_connection_pool = basic_asio_connection_pool<getaddrinfo_resolver>;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/asio_connection_pool.ipp>
#endif

#endif
