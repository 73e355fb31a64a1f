// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_OPENSSL_AT_EXIT_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_OPENSSL_AT_EXIT_IPP

#include <forest/adapters/openssl/openssl_at_exit.hpp>

#include <openssl/crypto.h>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD void keep_openssl_at_exit() noexcept {
    // If this fails for lack of memory, OpenSSL cannot be used afterwards either.
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
}

} // namespace forest::inline FOREST_FORM

#endif
