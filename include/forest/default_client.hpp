// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DEFAULT_CLIENT_HPP
#define FOREST_DEFAULT_CLIENT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/basic_health_client.hpp>
#include <forest/core/backoff.hpp>
#include <forest/form.hpp>

// The client with the default policies, alone.

namespace forest::inline FOREST_FORM {

/// A client over real sockets: `health_client client{io.get_executor(), url, secret, {.interval =
/// 10s}}`.
using health_client =
    basic_health_client<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

#ifdef FOREST_SEPARATE_COMPILATION
namespace detail {
extern template std::shared_ptr<health_control>
make_health_loop(asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff,
                 probes::health, url, const options&, const random_generator*);
extern template std::shared_ptr<health_control>
make_health_loop<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff,
                 probes::health>(asio_clock, std::string_view, url, const options&);
} // namespace detail
#endif

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/health_client.hpp>
#endif

#endif
