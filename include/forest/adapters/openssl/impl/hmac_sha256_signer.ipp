// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_SIGNER_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_HMAC_SHA256_SIGNER_IPP

#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/timestamp.hpp>

#include <cassert>

namespace forest::inline FOREST_FORM {

static_assert(precise_signer<hmac_sha256_signer>);

FOREST_DECL std::error_code signer_options::validate() const noexcept {
    if (fraction_digits < fraction_digits_min || fraction_digits > fraction_digits_max)
        return signature_errc::invalid_fraction_digits;
    return {};
}

FOREST_DECL hmac_sha256_signer::hmac_sha256_signer(std::string_view secret,
                                                   const signer_options& options)
    : key_{secret}, names_{field_names(options.style)}, digits_{options.fraction_digits} {
    if (const std::error_code ec = options.validate())
        throw std::system_error(ec);
}

FOREST_DECL void hmac_sha256_signer::sign(const request&, precise_time moment,
                                          header_fields& fields) {
    const timestamp_text timestamp{moment, digits_};
    const auto signature = key_.sign(timestamp.view());
    std::error_code ec = fields.add(names_.timestamp, timestamp.view());
    if (!ec)
        ec = fields.add(names_.signature, {signature.data(), signature.size()});
    assert(!ec && "the header fields have no room for a signature");
}

} // namespace forest::inline FOREST_FORM

#endif
