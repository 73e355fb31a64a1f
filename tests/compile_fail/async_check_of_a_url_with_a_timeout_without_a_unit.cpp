// SPDX-License-Identifier: BSL-1.0
// first: needs a unit, as in
#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>

#include <chrono>

using namespace std::chrono_literals;

void check(asio::io_context& io, const forest::hmac_sha256_signer& signer) {
#ifdef FOREST_COMPILE_OK
    async_check(io, "http://localhost/", 3s, signer, [](forest::verdict) {});
#else
    async_check(io, "http://localhost/", 3, signer, [](forest::verdict) {});
#endif
}
