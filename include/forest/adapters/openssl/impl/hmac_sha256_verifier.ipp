// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_VERIFIER_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_VERIFIER_IPP

#include <forest/adapters/openssl/detail/replay_memory.hpp>
#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/detail/http/http_date.hpp>
#include <forest/core/detail/json/hex.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/timestamp.hpp>

#include <openssl/crypto.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM {

// The value of a field. The field may come once in each spelling if both values are equal.
class hmac_sha256_verifier::sole_value {
public:
    void add(header_style style, std::string_view value) noexcept;

    [[nodiscard]] bool conflicting() const noexcept { return conflicting_; }

    [[nodiscard]] std::optional<std::string_view> get() const noexcept;

private:
    std::string_view value_;
    bool underscore_seen_ = false;
    bool dash_seen_ = false;
    bool conflicting_ = false;
};

class hmac_sha256_verifier::state {
public:
    state(std::string_view secret, const verifier_options& options);

    verification verify(std::string_view timestamp, std::string_view signature, wall_time now);

    std::uint64_t forgotten() const;

private:
    static const verifier_options& checked(const verifier_options& options);

    // The signature of the request is decoded. The right signature is not encoded, because no
    // memory access may depend on the right signature.
    static std::optional<hmac_sha256::digest> decode(std::string_view hex) noexcept;

    const std::chrono::seconds tolerance_;
    const bool http_dates_;
    mutable std::mutex mutex_;
    hmac_sha256 key_;
    detail::replay_memory replays_;
};

FOREST_DECL hmac_sha256_verifier::hmac_sha256_verifier(std::string_view secret,
                                                       verifier_options options)
    : state_{std::make_shared<state>(secret, options)} {}

FOREST_DECL std::uint64_t hmac_sha256_verifier::replays_forgotten() const {
    return state_->forgotten();
}

FOREST_DECL std::error_code verifier_options::validate() const noexcept {
    if (tolerance < std::chrono::seconds::zero() || tolerance > tolerance_max)
        return signature_errc::invalid_tolerance;
    if (replay_window != duration::zero() && replay_window < replay_window_min())
        return signature_errc::invalid_replay_window;
    if (replay_entries_max < 1 || replay_entries_max > replay_entries_limit)
        return signature_errc::invalid_replay_entries_max;
    if (accept_http_dates && replay_window != duration::zero())
        return signature_errc::http_dates_with_replay_window;
    return {};
}

FOREST_DECL verification hmac_sha256_verifier::operator()(const server_request& request) const {
    sole_value timestamp;
    sole_value signature;
    request.fields.for_each([&](std::string_view name, std::string_view value) {
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
    if (timestamp.conflicting() || signature.conflicting())
        return refusal::fields_conflict;
    if (!stamped || !claimed)
        return refusal::signature_missing;
    return state_->verify(*stamped, *claimed, request.received);
}

FOREST_DECL void hmac_sha256_verifier::sole_value::add(header_style style,
                                                       std::string_view value) noexcept {
    bool& seen = style == header_style::dash ? dash_seen_ : underscore_seen_;
    const bool first = !dash_seen_ && !underscore_seen_;
    conflicting_ |= seen || (!first && value != value_);
    seen = true;
    value_ = value;
}

FOREST_DECL std::optional<std::string_view> hmac_sha256_verifier::sole_value::get() const noexcept {
    if (conflicting_ || value_.empty())
        return std::nullopt;
    return value_;
}

FOREST_DECL hmac_sha256_verifier::state::state(std::string_view secret,
                                               const verifier_options& options)
    : tolerance_{checked(options).tolerance},
      http_dates_{options.accept_http_dates},
      key_{secret},
      replays_{options.replay_window, options.replay_entries_max} {}

FOREST_DECL verification hmac_sha256_verifier::state::verify(std::string_view timestamp,
                                                             std::string_view signature,
                                                             wall_time now) {
    auto signed_at = parse_timestamp(timestamp);
    if (!signed_at) {
        signed_at = detail::parse_imf_fixdate(timestamp);
        if (signed_at && !http_dates_)
            return refusal::timestamp_is_http_date;
    }
    if (!signed_at)
        return refusal::timestamp_malformed;
    const auto ahead = *signed_at - std::chrono::floor<std::chrono::seconds>(now);
    if (ahead > tolerance_ || ahead < -tolerance_)
        return {refusal::timestamp_outside, ahead};
    const std::optional<hmac_sha256::digest> claimed = decode(signature);
    if (!claimed)
        return refusal::signature_wrong;
    // A signature takes a quarter of a microsecond, so a key for each thread would save
    // nothing.
    const std::lock_guard lock{mutex_};
    const hmac_sha256::digest expected = key_.digest_of(timestamp);
    if (CRYPTO_memcmp(expected.data(), claimed->data(), expected.size()) != 0)
        return refusal::signature_wrong;
    const std::uint64_t forgotten_before = replays_.forgotten();
    verification result = replays_.insert(expected, now) ? refusal::none : refusal::replayed;
    result.replay_forgotten = replays_.forgotten() != forgotten_before;
    return result;
}

FOREST_DECL std::uint64_t hmac_sha256_verifier::state::forgotten() const {
    const std::lock_guard lock{mutex_};
    return replays_.forgotten();
}

FOREST_DECL const verifier_options&
hmac_sha256_verifier::state::checked(const verifier_options& options) {
    if (const std::error_code ec = options.validate())
        throw std::system_error(ec);
    return options;
}

FOREST_DECL std::optional<hmac_sha256::digest>
hmac_sha256_verifier::state::decode(std::string_view hex) noexcept {
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

} // namespace forest::inline FOREST_FORM

#endif
