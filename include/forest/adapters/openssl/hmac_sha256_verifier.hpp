// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_VERIFIER_HPP
#define FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_VERIFIER_HPP

#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hex.hpp>
#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/replay_memory.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/policy/server.hpp>

#include <openssl/crypto.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

// The server's side of hmac_sha256_signer (PROTOCOL.md, 2). It answers yes or no and never why: a
// stranger must not learn what was wrong.

namespace forest {

/// What a verifier accepts.
struct verifier_options {
    /// How far a timestamp may be from the server's clock, in both directions. Both are cut to
    /// whole seconds, and both ends are included. 0 accepts the present second only.
    std::chrono::seconds tolerance{300};

    /// How long a signature that was accepted is refused afterwards, the end included. 0 accepts it
    /// again and again: two clients that share a secret and check in the same millisecond sign the
    /// same bytes.
    duration replay_window = duration::zero();

    /// How many signatures are remembered for that, 40 bytes each. When there are more, the oldest
    /// is forgotten. At least 1.
    std::size_t replay_entries_max = 4096;
};

/// Accepts requests that were signed with the secret, just now. Copies share one state, the replay
/// window among it, so that a copy may be given away in a std::function. May be called from several
/// threads at once.
class hmac_sha256_verifier {
public:
    /// Throws as hmac_sha256 does: std::system_error with `errc::secret_missing` when `secret` is
    /// empty.
    explicit hmac_sha256_verifier(std::string_view secret, verifier_options options = {})
        : state_{std::make_shared<state>(secret, options)} {}

    /// Whether the request is signed: one timestamp and one signature, each in either spelling or
    /// the same in both. Throws std::bad_alloc when OpenSSL finds no memory.
    [[nodiscard]] bool operator()(const server_request& asked) const {
        sole_value timestamp;
        sole_value signature;
        asked.fields.for_each([&](std::string_view name, std::string_view value) {
            for (const header_style style : {header_style::underscore, header_style::dash}) {
                const signature_field_names names = field_names(style);
                if (iequals(name, names.timestamp))
                    timestamp.add(style, value);
                else if (iequals(name, names.signature))
                    signature.add(style, value);
            }
        });
        const std::optional<std::string_view> stamped = timestamp.get();
        const std::optional<std::string_view> claimed = signature.get();
        return stamped && claimed && state_->accepts(*stamped, *claimed, asked.received);
    }

private:
    // The value of a field that may come once in each spelling, if the two are equal.
    class sole_value {
    public:
        void add(header_style style, std::string_view value) noexcept {
            bool& seen = style == header_style::dash ? dash_seen_ : underscore_seen_;
            const bool first = !dash_seen_ && !underscore_seen_;
            conflicting_ |= seen || (!first && value != value_);
            seen = true;
            value_ = value;
        }

        [[nodiscard]] std::optional<std::string_view> get() const noexcept {
            if (conflicting_ || value_.empty())
                return std::nullopt;
            return value_;
        }

    private:
        std::string_view value_;
        bool underscore_seen_ = false;
        bool dash_seen_ = false;
        bool conflicting_ = false;
    };

    class state {
    public:
        state(std::string_view secret, const verifier_options& options)
            : tolerance_{options.tolerance}, key_{secret}, replays_{options.replay_window,
                                                                    options.replay_entries_max} {}

        bool accepts(std::string_view timestamp, std::string_view signature, wall_time now) {
            const auto signed_at = parse_timestamp(timestamp);
            if (!signed_at)
                return false;
            const auto age = std::chrono::floor<std::chrono::seconds>(now) - *signed_at;
            if (age > tolerance_ || age < -tolerance_)
                return false;
            const std::optional<hmac_sha256::digest> claimed = decode(signature);
            if (!claimed)
                return false;
            // A signature takes a fifth of a microsecond: a key for each thread would gain nothing.
            const std::lock_guard lock{mutex_};
            const hmac_sha256::digest expected = key_.digest_of(timestamp);
            return CRYPTO_memcmp(expected.data(), claimed->data(), expected.size()) == 0 &&
                   replays_.insert(expected, now);
        }

    private:
        const std::chrono::seconds tolerance_;
        std::mutex mutex_;
        hmac_sha256 key_;
        replay_memory replays_;
    };

    // What the caller sent is decoded, rather than the right signature encoded: no memory access
    // may depend on the latter.
    static std::optional<hmac_sha256::digest> decode(std::string_view hex) noexcept {
        hmac_sha256::digest bytes;
        if (hex.size() != 2 * bytes.size())
            return std::nullopt;
        unsigned seen = 0;
        for (std::size_t index = 0; index < bytes.size(); ++index) {
            const unsigned high = detail::lower_hex_value(hex[2 * index]);
            const unsigned low = detail::lower_hex_value(hex[2 * index + 1]);
            seen |= high | low;
            bytes[index] = static_cast<unsigned char>(high * 16 + low);
        }
        return seen < 16 ? std::optional{bytes} : std::nullopt;
    }

    std::shared_ptr<state> state_;
};

} // namespace forest

#endif
