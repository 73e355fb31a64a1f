// SPDX-License-Identifier: BSL-1.0
// first: name .tolerance. used|to .verifier_options.
// first: a duration needs a unit|MisspeltOrWithoutUnit
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>

#include <chrono>

using namespace std::chrono_literals;

void verify() {
#ifdef FOREST_COMPILE_OK
    const forest::hmac_sha256_verifier verifier{"secret", {.tolerance = 300s}};
#else
    const forest::hmac_sha256_verifier verifier{"secret", {.tolerance = 300}};
#endif
}
