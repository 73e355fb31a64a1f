// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_HPP
#define FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_HPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/core/error.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>

// HMAC-SHA256 (RFC 2104) with a key that is set once. Hashing the two padded keys is half of the
// work and looking up the algorithm most of the rest, so the states after both are kept and copied
// for each message: an EVP_MAC context that is initialised again does the same, a fifth slower, and
// the one-shot HMAC() takes seven times as long.

namespace forest {

/// A key and what it signs. Copyable and movable; one object is not for two threads at a time, but
/// copies are. One that was moved from can only be assigned to or destroyed. No copy of the secret
/// is kept; OpenSSL wipes the states made of it when they are freed.
class hmac_sha256 {
public:
    using digest = std::array<unsigned char, 32>;
    using hex_digest = std::array<char, 64>; ///< in lower case, without a final NUL

    /// Throws std::system_error with `errc::secret_missing` when `secret` is empty,
    /// std::runtime_error when OpenSSL offers no SHA-256, and std::bad_alloc.
    explicit hmac_sha256(std::string_view secret) {
        if (secret.empty())
            throw std::system_error(make_error_code(errc::secret_missing));
        const std::unique_ptr<EVP_MD, deleter> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
        if (algorithm == nullptr)
            throw std::runtime_error("OpenSSL offers no SHA-256; is its default provider loaded?");
        begin(inner_, algorithm.get());
        begin(outer_, algorithm.get());

        padded_key key;
        if (secret.size() > key.bytes.size()) {
            // RFC 2104: a key longer than a block is replaced by its hash.
            begin(work_, algorithm.get());
            update(work_, secret.data(), secret.size());
            finish(work_, key.bytes.data());
        } else {
            std::copy(secret.begin(), secret.end(), key.bytes.begin());
        }
        key.toggle(inner_padding);
        update(inner_, key.bytes.data(), key.bytes.size());
        key.toggle(inner_padding ^ outer_padding);
        update(outer_, key.bytes.data(), key.bytes.size());
    }

    hmac_sha256(const hmac_sha256& other) {
        copy(other.inner_, inner_);
        copy(other.outer_, outer_);
    }

    hmac_sha256(hmac_sha256&&) noexcept = default;

    hmac_sha256& operator=(const hmac_sha256& other) {
        *this = hmac_sha256{other};
        return *this;
    }

    hmac_sha256& operator=(hmac_sha256&&) noexcept = default;

    ~hmac_sha256() = default;

    /// The signature of `message`, as bytes. Throws std::bad_alloc, because OpenSSL takes memory
    /// for the copies; `operator new` is not called.
    [[nodiscard]] digest digest_of(std::string_view message) {
        digest result;
        copy(inner_, work_);
        update(work_, message.data(), message.size());
        finish(work_, result.data());
        copy(outer_, work_);
        update(work_, result.data(), result.size());
        finish(work_, result.data());
        return result;
    }

    /// The same as 64 lower-case hex digits, as they go into a header field.
    [[nodiscard]] hex_digest sign(std::string_view message) {
        const digest bytes = digest_of(message);
        hex_digest text;
        detail::write_hex(bytes, text.data());
        return text;
    }

private:
    static constexpr unsigned char inner_padding = 0x36;
    static constexpr unsigned char outer_padding = 0x5c;

    struct deleter {
        void operator()(EVP_MD* algorithm) const noexcept { EVP_MD_free(algorithm); }
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };

    using context = std::unique_ptr<EVP_MD_CTX, deleter>;

    struct padded_key {
        std::array<unsigned char, 64> bytes{};

        padded_key() noexcept = default;
        padded_key(const padded_key&) = delete;
        padded_key& operator=(const padded_key&) = delete;
        ~padded_key() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

        void toggle(unsigned char padding) noexcept {
            for (unsigned char& byte : bytes)
                byte ^= padding;
        }
    };

    static context make_context() {
        context made{EVP_MD_CTX_new()};
        require(made != nullptr);
        return made;
    }

    // After the algorithm was found, memory is all that OpenSSL can lack.
    static void require(bool succeeded) {
        if (!succeeded)
            throw std::bad_alloc{};
    }

    static void begin(const context& state, const EVP_MD* algorithm) {
        require(EVP_DigestInit_ex(state.get(), algorithm, nullptr) == 1);
    }

    static void update(const context& state, const void* bytes, std::size_t size) {
        require(EVP_DigestUpdate(state.get(), bytes, size) == 1);
    }

    static void finish(const context& state, unsigned char* out) {
        require(EVP_DigestFinal_ex(state.get(), out, nullptr) == 1);
    }

    static void copy(const context& from, const context& to) {
        require(EVP_MD_CTX_copy_ex(to.get(), from.get()) == 1);
    }

    context inner_ = make_context();
    context outer_ = make_context();
    context work_ = make_context();
};

} // namespace forest

#endif
