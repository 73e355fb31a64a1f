// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_FOREST_HPP
#define FOREST_FOREST_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/adapters/fmt/log_observer.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/detection.hpp>
#include <forest/datasource.hpp>
#include <forest/form.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/health_route.hpp>
#include <forest/schema_route.hpp>
#include <forest/version.hpp>

// The default policies: Asio for I/O and time, OpenSSL for signatures and TLS, fmt for logs.

namespace forest::inline FOREST_FORM {

/// A client over real sockets: `health_client client{io.get_executor(), url, secret, {.interval =
/// 10s}}`.
using health_client =
    basic_health_client<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

/// Many targets on one thread: `health_fleet fleet{io.get_executor(), secret}`, and then
/// `fleet.add(url, {.interval = 10s})` for each.
using health_fleet =
    basic_health_fleet<pooled_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

/// The route on the built-in server: `health_route route{server, hmac_sha256_verifier{secret}}`.
using health_route = basic_health_route<asio_server>;

/// The schema of a server and its health, over real sockets: `datasource::build(io.get_executor(),
/// {.uri = "http://localhost:3000", .auth_secret = secret})`.
using datasource =
    basic_datasource<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

/// The schema on the built-in server: `schema_route route{server, hmac_sha256_verifier{secret},
/// sha1_hex, text}`.
using schema_route = basic_schema_route<asio_server>;

} // namespace forest::inline FOREST_FORM

#endif
