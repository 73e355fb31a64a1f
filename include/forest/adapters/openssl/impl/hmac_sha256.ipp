// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_IPP

#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/detail/json/hex.hpp>
#include <forest/core/error.hpp>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

using mac_context = owner<EVP_MAC_CTX, &EVP_MAC_CTX_free>;

// The algorithms were found, so OpenSSL can only lack memory.
FOREST_DECL void require_mac(bool succeeded) {
    if (!succeeded)
        throw std::bad_alloc{};
}

FOREST_DECL FOREST_COLD mac_context make_mac_context(std::string_view secret) {
    if (secret.empty())
        throw std::system_error(make_error_code(errc::secret_missing));
    const owner<EVP_MAC, &EVP_MAC_free> algorithm{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
    if (!algorithm)
        throw std::runtime_error("OpenSSL offers no HMAC; is its default provider loaded?");
    mac_context made{EVP_MAC_CTX_new(algorithm.get())};
    require_mac(bool{made});
    std::array hash{'S', 'H', 'A', '2', '5', '6', '\0'};
    const std::array parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash.data(), 0),
        OSSL_PARAM_construct_end()};
    if (EVP_MAC_CTX_set_params(made.get(), parameters.data()) != 1)
        throw std::runtime_error("OpenSSL offers no SHA-256; is its default provider loaded?");
    const auto* const key = reinterpret_cast<const unsigned char*>(secret.data());
    if (EVP_MAC_init(made.get(), key, secret.size(), nullptr) != 1)
        throw std::runtime_error("OpenSSL refuses this secret; is it too short for its provider?");
    return made;
}

FOREST_DECL mac_context copy_of(const EVP_MAC_CTX* original) {
    mac_context copy{EVP_MAC_CTX_dup(original)};
    require_mac(bool{copy});
    return copy;
}

FOREST_DECL bool restart(EVP_MAC_CTX* used) {
    return EVP_MAC_init(used, nullptr, 0, nullptr) == 1;
}

FOREST_DECL bool finish(EVP_MAC_CTX* started, std::string_view message,
                        hmac_sha256::digest& result) {
    std::size_t size = 0;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
    return EVP_MAC_update(started, bytes, message.size()) == 1 &&
           EVP_MAC_final(started, result.data(), &size, result.size()) == 1;
}

// The providers of OpenSSL 3.0.0 to 3.0.2 report success for a restart but do not restart
// (github.com/openssl/openssl/issues/17811). A FIPS provider can be older than the library, so two
// signatures are compared, not versions.
FOREST_DECL FOREST_COLD bool restarts(const EVP_MAC_CTX* keyed) {
    const mac_context tried = copy_of(keyed);
    hmac_sha256::digest first;
    hmac_sha256::digest second;
    require_mac(finish(tried.get(), {}, first));
    return restart(tried.get()) && finish(tried.get(), {}, second) && first == second;
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD hmac_sha256::hmac_sha256(std::string_view secret) {
    detail::mac_context made = detail::make_mac_context(secret);
    restarts_ = detail::restarts(made.get());
    keyed_ = made.release();
}

FOREST_DECL FOREST_COLD hmac_sha256::hmac_sha256(const hmac_sha256& other)
    : keyed_{detail::copy_of(other.keyed_).release()}, restarts_{other.restarts_} {}

FOREST_DECL FOREST_COLD hmac_sha256::hmac_sha256(hmac_sha256&& other) noexcept
    : keyed_{std::exchange(other.keyed_, nullptr)}, restarts_{other.restarts_} {}

FOREST_DECL FOREST_COLD hmac_sha256& hmac_sha256::operator=(const hmac_sha256& other) {
    return *this = hmac_sha256{other};
}

FOREST_DECL FOREST_COLD hmac_sha256& hmac_sha256::operator=(hmac_sha256&& other) noexcept {
    std::swap(keyed_, other.keyed_);
    std::swap(restarts_, other.restarts_);
    return *this;
}

FOREST_DECL FOREST_COLD hmac_sha256::~hmac_sha256() {
    EVP_MAC_CTX_free(keyed_);
}

FOREST_DECL auto hmac_sha256::digest_of(std::string_view message) -> digest {
    digest result;
    if (restarts_)
        detail::require_mac(detail::restart(keyed_) && detail::finish(keyed_, message, result));
    else
        detail::require_mac(detail::finish(detail::copy_of(keyed_).get(), message, result));
    return result;
}

FOREST_DECL auto hmac_sha256::sign(std::string_view message) -> hex_digest {
    const digest bytes = digest_of(message);
    hex_digest text;
    detail::write_hex(bytes, text.data());
    return text;
}

} // namespace forest::inline FOREST_FORM

#endif
