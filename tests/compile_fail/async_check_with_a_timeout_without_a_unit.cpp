// SPDX-License-Identifier: BSL-1.0
// first: a duration (of the options )?needs a unit
#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>

#include <chrono>

using namespace std::chrono_literals;

void check(asio::io_context& io, const forest::hmac_sha256_signer& signer) {
#ifdef FOREST_COMPILE_OK
    async_check(io, {.target = "http://localhost/", .timeout = 3s}, signer, [](forest::verdict) {});
#else
    async_check(io, {.target = "http://localhost/", .timeout = 3}, signer, [](forest::verdict) {});
#endif
}
