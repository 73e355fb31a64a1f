// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DEFAULT_FLEET_HPP
#define FOREST_DEFAULT_FLEET_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/form.hpp>
#include <forest/health_fleet.hpp>

// The fleet with the default policies, alone.

namespace forest::inline FOREST_FORM {

/// Many targets on one thread: `health_fleet fleet{io.get_executor(), secret}`, and then
/// `fleet.add(url, {.interval = 10s})` for each.
using health_fleet =
    basic_health_fleet<pooled_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

#ifdef FOREST_SEPARATE_COMPILATION
extern template class detail::fleet_loop<pooled_transport, asio_clock, hmac_sha256_signer,
                                         exponential_backoff>;
#endif

} // namespace forest::inline FOREST_FORM

#endif
