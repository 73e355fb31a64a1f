// SPDX-License-Identifier: BSL-1.0
// first: name .fraction_digit. used|to .const signer_options.
// first: is misspelt|MisspeltOrWithoutUnit
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>

void sign() {
#ifdef FOREST_COMPILE_OK
    const forest::hmac_sha256_signer signer{"secret", {.fraction_digits = 6}};
#else
    const forest::hmac_sha256_signer signer{"secret", {.fraction_digit = 6}};
#endif
}
