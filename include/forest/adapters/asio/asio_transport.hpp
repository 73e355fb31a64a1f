// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_TRANSPORT_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_TRANSPORT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

// Checks over real sockets: http, https and http+unix.

namespace forest::inline FOREST_FORM {

class getaddrinfo_resolver; // in adapters/posix/getaddrinfo_resolver.hpp

template <typename Resolver>
class basic_asio_names; // in adapters/asio/asio_names.hpp

namespace detail {

class name_directory;
class standalone_io;
template <typename Io>
class get_operation;

/// The part of a basic_asio_transport that does not depend on the resolver.
class asio_get {
public:
    asio_get(const asio_clock& clock, const transport_options& options,
             const std::shared_ptr<name_directory>& names);

    /// Takes the names that all clients of the clock's context share.
    asio_get(const asio_clock& clock, const transport_options& options);

    /// No transport.
    explicit asio_get(std::nullptr_t) noexcept;

    /// Makes another one from the arguments of this one.
    [[nodiscard]] asio_get another() const;

    asio_get(asio_get&&) noexcept;
    asio_get& operator=(asio_get&&) = delete;
    ~asio_get();

    void begin(const request& http_request, duration timeout,
               unique_function<void(const reply&)>&& handler);

    [[nodiscard]] bool waits_on_kept_connection() const noexcept;

    void cancel() noexcept;

private:
    explicit asio_get(std::shared_ptr<get_operation<standalone_io>> get) noexcept;

    std::shared_ptr<get_operation<standalone_io>> get_;
};

} // namespace detail

/// Performs one GET at a time over a socket: a model of `transport`.
///
/// From examples/tutorial/07_tls_or_unix_socket.cpp:
///     forest::asio_clock clock{executor};
///     forest::transport_options options;
///     options.tls.ca_file = ca_file;
///     forest::asio_transport transport{clock, options};
///     return forest::basic_health_client{
///         std::move(transport), clock,
///         forest::hmac_sha256_signer{shared_secret, forest::header_style::dash},
///         forest::exponential_backoff{}, "https://warehouse.example/forest/health"};
///
/// All addresses of a name are tried (RFC 8305). All clients of the executor's context share the
/// known addresses of names (B19: names).
///
/// **Thread safety:** all members may be called from any thread. The handlers of the transport and
/// of the clock run one at a time.
///
/// **Lifetime:** the execution context must outlive the transport, and the request must stay valid
/// until the handler is called. Destroying the transport cancels a pending GET. A transport that
/// was moved from may only be destroyed.
///
/// **Errors:** the constructors throw std::bad_alloc, and
/// std::system_error(errc::tls_configuration_invalid) if a file in the options cannot be used. The
/// handler gets all other errors, each an `errc`: a GET that cannot begin for lack of memory ends
/// with `errc::local_resources_exhausted`. `async_get` may throw std::bad_alloc if the handler is
/// large, or if the handler of a cancelled GET has not been called yet. Then `async_get` does not
/// call its handler.
template <typename Resolver>
class basic_asio_transport {
public:
    static constexpr transport_abilities abilities{.methods = true};

    using names = basic_asio_names<Resolver>;

    /// Makes a transport on the execution context of the clock. It looks names up with
    /// `name_source`. Throws std::system_error(errc::tls_configuration_invalid) if a file in the
    /// options cannot be used.
    basic_asio_transport(const asio_clock& clock, const names& name_source,
                         const transport_options& options = {})
        : get_{clock, options, name_source.directory()} {}

    /// Makes a transport with the names that all clients of the clock's context share.
    explicit basic_asio_transport(const asio_clock& clock, const transport_options& options = {})
        requires std::same_as<Resolver, getaddrinfo_resolver>
        : get_{clock, options} {}

    /// Like the constructor above. In the compiled form it needs
    /// `#include <forest/adapters/asio/asio_names.hpp>`.
    template <typename Names = names>
    explicit basic_asio_transport(const asio_clock& clock, const transport_options& options = {})
        requires(!std::same_as<Resolver, getaddrinfo_resolver> &&
                 std::default_initializable<Resolver>)
        : basic_asio_transport{clock, Names{clock.get_executor()}, options} {}

    // These say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_asio_transport(const asio_clock&, const names&,
                         const detail::any_member (&)[MisspeltOrWithoutUnit])
        : get_{nullptr} {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_asio_transport(const asio_clock&, const detail::any_member (&)[MisspeltOrWithoutUnit])
        : get_{nullptr} {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    basic_asio_transport(basic_asio_transport&&) noexcept = default;
    basic_asio_transport& operator=(basic_asio_transport&&) = delete;

    /// Cancels like `cancel()`.
    ~basic_asio_transport() = default;

    /// Shortens longer timeouts to `options::duration_max`.
    template <typename Handler>
    void async_get(const request& http_request, duration timeout, Handler&& handler) {
        get_.begin(http_request, timeout, std::forward<Handler>(handler));
    }

    /// Returns whether a GET is pending over a kept connection, and no byte of its answer has come.
    [[nodiscard]] bool waits_on_kept_connection() const noexcept {
        return get_.waits_on_kept_connection();
    }

    /// Returns a transport with the same clock, names and options, and with connections of its own.
    /// Throws like the constructors.
    [[nodiscard]] basic_asio_transport another() const {
        return basic_asio_transport{get_.another()};
    }

    /// Ends the pending GET and closes the connection, even a kept one. If the executor is neither
    /// that of an io_context nor that of a thread_pool, and has no memory to call the handler, the
    /// handler is destroyed without a call.
    void cancel() noexcept { get_.cancel(); }

private:
    explicit basic_asio_transport(detail::asio_get get) : get_{std::move(get)} {}

    detail::asio_get get_;
};

/// A transport that looks names up as the system does.
using asio_transport = basic_asio_transport<getaddrinfo_resolver>;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/asio_transport.ipp>
#endif

#endif
