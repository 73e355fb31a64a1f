// SPDX-License-Identifier: BSL-1.0
#include "policies.hpp"

#include "secret.hpp"
#include "usage_error.hpp"

#include <forest/adapters/openssl/tls_context.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace forest::cli {

namespace {

void require_usable(const tls_options& chosen, std::string_view options) {
    try {
        const tls_context tried{chosen};
    } catch (const std::system_error& failed) {
        throw usage_error(std::string{options} + ": " + failed.what());
    }
}

} // namespace

optional_signer make_signer(const request_arguments& chosen) {
    const auto secret = read_secret(chosen.secret);
    if (!secret)
        return optional_signer{};
    return optional_signer{hmac_sha256_signer{
        *secret,
        {.style = chosen.dashed_headers ? header_style::dash : header_style::underscore,
         .fraction_digits = chosen.timestamp_digits}}};
}

transport_options transport_for(const request_arguments& chosen) {
    transport_options result;
    if (!chosen.ca_file.empty()) {
        result.tls.ca_file = chosen.ca_file;
        require_usable(result.tls, "--ca-file");
    }
    if (!chosen.certificate_file.empty()) {
        result.tls.certificate_file = chosen.certificate_file;
        result.tls.private_key_file = chosen.key_file;
        warn_if_others_may_read("--key", chosen.key_file);
        require_usable(result.tls, "--cert and --key");
    }
    return result;
}

} // namespace forest::cli
