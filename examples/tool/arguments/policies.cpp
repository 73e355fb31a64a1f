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

void require_usable(const tls_options& files, std::string_view options) {
    try {
        const tls_context tried{files};
    } catch (const std::system_error& failed) {
        throw usage_error(std::string{options} + ": " + failed.what());
    }
}

} // namespace

optional_signer make_signer(const request_arguments& arguments) {
    const auto secret = read_secret(arguments.secret);
    if (!secret)
        return optional_signer{};
    return optional_signer{hmac_sha256_signer{
        *secret,
        {.style = arguments.dashed_headers ? header_style::dash : header_style::underscore,
         .fraction_digits = arguments.timestamp_digits}}};
}

transport_options transport_for(const request_arguments& arguments) {
    transport_options result;
    result.tls.accept_common_names = arguments.accept_common_names;
    if (!arguments.ca_file.empty()) {
        result.tls.ca_file = arguments.ca_file;
        require_usable(result.tls, "--ca-file");
    }
    if (!arguments.certificate_file.empty()) {
        result.tls.certificate_file = arguments.certificate_file;
        result.tls.private_key_file = arguments.key_file;
        warn_if_others_may_read("--key", arguments.key_file);
        require_usable(result.tls, "--cert and --key");
    }
    return result;
}

} // namespace forest::cli
