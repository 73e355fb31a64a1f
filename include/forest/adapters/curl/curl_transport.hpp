// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_CURL_TRANSPORT_HPP
#define FOREST_ADAPTERS_CURL_CURL_TRANSPORT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <cstddef>
#include <memory>
#include <utility>

// Checks by libcurl, for applications that configure libcurl: proxies, HTTP/2, and its other
// options.

namespace forest::inline FOREST_FORM {

namespace detail {
class curl_get;
}

/// Performs one GET at a time with libcurl: a model of `transport`.
///
/// From examples/recipes/fleet_by_curl.cpp:
///     forest::curl_options options;
///     options.reuse_connections = true;
///     options.proxy = argc > 1 ? argv[1] : "";
///     options.configure = [](CURL* handle) {
///         curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
///     };
///
/// The bytes of a request are those of an asio_transport. libcurl never looks up a name: it gets
/// the addresses from the names that all clients of the execution context share (B19: names).
///
/// **Thread safety:** all members may be called from any thread. The handlers of the transport and
/// of the clock run one at a time.
///
/// **Lifetime:** the execution context must outlive the transport, and the request must stay valid
/// until the handler is called. Destroying the transport cancels a pending GET. A transport that
/// was moved from may only be destroyed.
///
/// **Errors:** the constructors throw like those of `curl_connections`, and what
/// `curl_options::configure` throws. The handler gets all other errors, each an `errc`.
/// `async_get` may throw std::bad_alloc; then its handler is not called.
class curl_transport {
public:
    /// Trailers come only with HTTP/2.
    static constexpr transport_abilities abilities{
        .methods = true, .bodies = true, .trailers = true};

    /// Makes a transport over connections that several transports share.
    explicit curl_transport(const curl_connections& connections);

    /// Makes a transport with connections of its own.
    explicit curl_transport(const asio_clock& clock, const curl_options& options = {});

    // This one says what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    curl_transport(const asio_clock&, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    curl_transport(curl_transport&&) noexcept;
    curl_transport& operator=(curl_transport&&) = delete;

    /// Cancels like `cancel()`.
    ~curl_transport();

    /// Shortens longer timeouts to `options::duration_max`.
    template <typename Handler>
    void async_get(const request& http_request, duration timeout, Handler&& handler) {
        begin(http_request, timeout, std::forward<Handler>(handler));
    }

    /// Returns whether a GET is pending over a kept connection, and no byte of its answer has come.
    [[nodiscard]] bool waits_on_kept_connection() const noexcept;

    /// Returns another transport over the same connections. Throws like the constructors.
    [[nodiscard]] curl_transport another() const;

    /// Ends the pending GET and its connection. Kept connections are not touched.
    void cancel() noexcept;

private:
    void begin(const request& http_request, duration timeout,
               detail::unique_function<void(const reply&)> handler);

    std::shared_ptr<detail::curl_get> get_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/curl/impl/curl_transport.ipp>
#endif

#endif
