// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_SIGNER_HPP
#define FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_SIGNER_HPP

#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/policy/signer.hpp>

#include <cassert>
#include <string_view>
#include <system_error>

// The signature that Forest servers ask for (PROTOCOL.md, 1): it covers the timestamp and nothing
// else, so the request is not looked at.

namespace forest {

/// Signs requests with HMAC-SHA256. Copyable and movable; one object is not for two threads at a
/// time, but copies are.
class hmac_sha256_signer {
public:
    static constexpr bool signs_time_alone = true;

    /// Throws as hmac_sha256 does: std::system_error with `errc::secret_missing` when `secret` is
    /// empty.
    explicit hmac_sha256_signer(std::string_view secret,
                                header_style style = header_style::underscore)
        : key_{secret}, names_{field_names(style)} {}

    /// Adds the timestamp, UTC with milliseconds, and its signature: 121 bytes for which `fields`
    /// must have room. Throws std::bad_alloc when OpenSSL finds no memory.
    void sign(const request&, wall_time at, header_fields& fields) {
        const auto timestamp = format_timestamp(at);
        const std::string_view signed_text{timestamp.data(), timestamp.size()};
        const auto signature = key_.sign(signed_text);
        std::error_code ec = fields.add(names_.timestamp, signed_text);
        if (!ec)
            ec = fields.add(names_.signature, {signature.data(), signature.size()});
        assert(!ec && "the header fields have no room for a signature");
    }

private:
    hmac_sha256 key_;
    signature_field_names names_;
};

static_assert(signer<hmac_sha256_signer>);

} // namespace forest

#endif
