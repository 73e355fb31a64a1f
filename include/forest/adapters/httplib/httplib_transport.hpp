// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_HTTPLIB_TRANSPORT_HPP
#define FOREST_ADAPTERS_HTTPLIB_HTTPLIB_TRANSPORT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/executor_source.hpp>
#include <forest/adapters/httplib/httplib_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <memory>
#include <utility>

// Checks by the client of cpp-httplib, whose calls block: they are made on threads of the
// application.

namespace forest::inline FOREST_FORM {

namespace detail {

class httplib_get;

[[nodiscard]] FOREST_DECL std::shared_ptr<httplib_get>
make_httplib_get(const asio_clock& clock, const executor_source& threads,
                 const httplib_options& options, const std::shared_ptr<name_directory>& names);

} // namespace detail

/// Performs one GET at a time with cpp-httplib: a model of `transport`.
///
/// From examples/recipes/fleet_by_httplib.cpp:
///     forest::basic_health_fleet fleet{[&] { return forest::httplib_transport{clock, threads}; },
///                                      clock, forest::hmac_sha256_signer{secret},
///                                      forest::exponential_backoff{}};
///
/// Each GET is one blocking call on a thread of `threads`, with a connection of its own. So as many
/// GETs run at the same time as the pool has threads, and others wait for a thread until their
/// deadline. A GET that gets no thread in time ends with `errc::local_resources_exhausted`. Names
/// are looked up on no thread of the pool: the transport uses the names that all clients of the
/// clock's execution context share (B19: names).
///
/// **Thread safety:** all members may be called from any thread. The handlers of the transport and
/// of the clock run one at a time.
///
/// **Lifetime:** the execution context of the clock and the pool must outlive the transport, and
/// the request must stay valid until the handler is called. `cancel()`, the destructor and the
/// deadline shut the socket down and do not wait for the thread: it is free again at once, or,
/// while it connects, at the deadline. A transport that was moved from may only be destroyed.
///
/// **Errors:** the constructors throw std::bad_alloc, and
/// std::system_error(errc::tls_configuration_invalid) if a file in the options cannot be used. The
/// handler gets all other errors, each an `errc`. cpp-httplib does not tell some of them apart:
/// docs/reference/transport.md has the table. `async_get` may throw std::bad_alloc; then its
/// handler is not called.
class httplib_transport {
public:
    /// Makes a transport with the names that all clients of the clock's context share.
    httplib_transport(const asio_clock& clock, const executor_source& threads,
                      const httplib_options& options = {});

    /// Makes a transport that looks names up with `names`.
    template <typename Resolver>
    httplib_transport(const asio_clock& clock, const executor_source& threads,
                      const basic_asio_names<Resolver>& names, const httplib_options& options = {})
        : get_{detail::make_httplib_get(clock, threads, options, names.directory())} {}

    httplib_transport(httplib_transport&&) noexcept;
    httplib_transport& operator=(httplib_transport&&) = delete;

    /// Cancels like `cancel()`.
    ~httplib_transport();

    /// Shortens longer timeouts to `options::duration_max`.
    template <typename Handler>
    void async_get(const request& http_request, duration timeout, Handler&& handler) {
        begin(http_request, timeout, std::forward<Handler>(handler));
    }

    /// Ends the pending GET. Its answer is ignored, and its socket is shut down.
    void cancel() noexcept;

private:
    void begin(const request& http_request, duration timeout,
               detail::unique_function<void(const reply&)> handler);

    std::shared_ptr<detail::httplib_get> get_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/httplib/impl/httplib_transport.ipp>
#endif

#endif
