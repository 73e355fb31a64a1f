// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_CURL_CONNECTIONS_HPP
#define FOREST_ADAPTERS_CURL_CURL_CONNECTIONS_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/curl/curl_options.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/form.hpp>

#include <cstddef>
#include <memory>

// What the transports of one fleet share: a multi handle of libcurl.

namespace forest::inline FOREST_FORM {

namespace detail {

class curl_context;

[[nodiscard]] FOREST_DECL std::shared_ptr<curl_context>
make_curl_context(const asio_clock& clock, const curl_options& options,
                  const std::shared_ptr<name_directory>& names);

} // namespace detail

/// Holds the multi handle of libcurl that its `curl_transport`s share, with all their connections.
///
/// From examples/recipes/fleet_by_curl.cpp:
///     const forest::curl_connections connections{clock, options};
///     forest::basic_health_fleet fleet{[&] { return forest::curl_transport{connections}; }, clock,
///                                      forest::hmac_sha256_signer{secret},
///                                      forest::exponential_backoff{}};
///
/// It waits for the sockets of libcurl on the execution context of the clock, and gives libcurl the
/// addresses of names, so that libcurl starts no thread. Up to half of the descriptors that the
/// process may open are used for kept connections.
///
/// **Thread safety:** all members may be called from any thread. One lock protects the multi
/// handle.
///
/// **Lifetime:** copies refer to the same multi handle, which lives as long as a copy or a
/// transport of it. The clock's execution context must outlive it. `curl_global_init` is called
/// once, and `curl_global_cleanup` never.
///
/// **Errors:** the constructors throw std::system_error: `errc::tls_configuration_invalid` if a
/// file that the options name cannot be used, `errc::url_malformed` or
/// `errc::url_scheme_unsupported` if the proxy cannot be used. They may throw std::bad_alloc.
class curl_connections {
public:
    /// With the names that all clients of the clock's context share.
    explicit curl_connections(const asio_clock& clock, const curl_options& options = {});

    /// With names that are looked up by `names`.
    template <typename Resolver>
    curl_connections(const asio_clock& clock, const basic_asio_names<Resolver>& names,
                     const curl_options& options = {})
        : context_{detail::make_curl_context(clock, options, names.directory())} {}

    // This one says what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    curl_connections(const asio_clock&, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

private:
    friend class curl_transport;

    explicit curl_connections(std::shared_ptr<detail::curl_context> context) noexcept;

    std::shared_ptr<detail::curl_context> context_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/curl/impl/curl_connections.ipp>
#endif

#endif
