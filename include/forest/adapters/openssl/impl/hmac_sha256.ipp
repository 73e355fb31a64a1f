// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_IPP

#include <forest/adapters/openssl/hmac_sha256.hpp>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM {

FOREST_DECL void hmac_sha256::deleter::operator()(EVP_MAC* algorithm) const noexcept {
    EVP_MAC_free(algorithm);
}

FOREST_DECL void hmac_sha256::deleter::operator()(EVP_MAC_CTX* context) const noexcept {
    EVP_MAC_CTX_free(context);
}

FOREST_DECL hmac_sha256::hmac_sha256(std::string_view secret)
    : keyed_{make_context(secret)}, restarts_{restarts(keyed_)} {}

FOREST_DECL hmac_sha256::hmac_sha256(const hmac_sha256& other)
    : keyed_{copy_of(other.keyed_)}, restarts_{other.restarts_} {}

FOREST_DECL hmac_sha256::hmac_sha256(hmac_sha256&&) noexcept = default;

FOREST_DECL hmac_sha256& hmac_sha256::operator=(hmac_sha256&&) noexcept = default;

FOREST_DECL hmac_sha256::~hmac_sha256() = default;

FOREST_DECL bool hmac_sha256::restart(const context& used) {
    return EVP_MAC_init(used.get(), nullptr, 0, nullptr) == 1;
}

FOREST_DECL hmac_sha256& hmac_sha256::operator=(const hmac_sha256& other) {
    keyed_ = copy_of(other.keyed_);
    restarts_ = other.restarts_;
    return *this;
}

FOREST_DECL auto hmac_sha256::digest_of(std::string_view message) -> digest {
    digest result;
    if (restarts_)
        require(restart(keyed_) && finish(keyed_, message, result));
    else
        require(finish(copy_of(keyed_), message, result));
    return result;
}

FOREST_DECL auto hmac_sha256::sign(std::string_view message) -> hex_digest {
    const digest bytes = digest_of(message);
    hex_digest text;
    detail::write_hex(bytes, text.data());
    return text;
}

FOREST_DECL void hmac_sha256::require(bool succeeded) {
    if (!succeeded)
        throw std::bad_alloc{};
}

FOREST_DECL auto hmac_sha256::make_context(std::string_view secret) -> context {
    if (secret.empty())
        throw std::system_error(make_error_code(errc::secret_missing));
    const std::unique_ptr<EVP_MAC, deleter> algorithm{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
    if (algorithm == nullptr)
        throw std::runtime_error("OpenSSL offers no HMAC; is its default provider loaded?");
    context made{EVP_MAC_CTX_new(algorithm.get())};
    require(made != nullptr);
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

FOREST_DECL auto hmac_sha256::copy_of(const context& original) -> context {
    context copy{EVP_MAC_CTX_dup(original.get())};
    require(copy != nullptr);
    return copy;
}

FOREST_DECL bool hmac_sha256::finish(const context& started, std::string_view message,
                                     digest& result) {
    std::size_t size = 0;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
    return EVP_MAC_update(started.get(), bytes, message.size()) == 1 &&
           EVP_MAC_final(started.get(), result.data(), &size, result.size()) == 1;
}

FOREST_DECL bool hmac_sha256::restarts(const context& keyed) {
    const context tried = copy_of(keyed);
    digest first;
    digest second;
    require(finish(tried, {}, first));
    return restart(tried) && finish(tried, {}, second) && first == second;
}

} // namespace forest::inline FOREST_FORM

#endif
