// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DEFAULT_DATASOURCE_HPP
#define FOREST_DEFAULT_DATASOURCE_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/datasource.hpp>
#include <forest/form.hpp>

// The datasource with the default policies, alone.

namespace forest::inline FOREST_FORM {

/// The schema of a server and its health, over real sockets: `datasource::build(io.get_executor(),
/// {.uri = "http://localhost:3000", .auth_secret = secret})`.
using datasource =
    basic_datasource<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

#ifdef FOREST_SEPARATE_COMPILATION
extern template class detail::datasource_loop<asio_transport, asio_clock, hmac_sha256_signer,
                                              exponential_backoff>;
#endif

} // namespace forest::inline FOREST_FORM

#endif
