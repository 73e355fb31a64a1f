// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_POLICIES_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_POLICIES_HPP

#include "arguments.hpp"
#include "chosen_backoff.hpp"

#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <optional>
#include <utility>

// Policies that choose at run time, so that the command line selects among the library's models
// without a client type for each combination.

namespace forest::cli {

/// Signs if there is a secret.
class optional_signer {
public:
    static constexpr bool signs_time_alone = true;

    optional_signer() = default;
    explicit optional_signer(hmac_sha256_signer signer) : signer_{std::move(signer)} {}

    void sign(const request& get, precise_time at, header_fields& fields) {
        if (signer_)
            signer_->sign(get, at, fields);
    }

private:
    std::optional<hmac_sha256_signer> signer_;
};

static_assert(time_signer<optional_signer> && time_signer<hmac_sha256_signer>);

/// Reads the secret. Throws usage_error when there is none and `--unsigned` was not given.
[[nodiscard]] optional_signer make_signer(const request_arguments& arguments);

/// Returns the options of connections from the command line. Throws usage_error when a certificate
/// file cannot be used.
[[nodiscard]] transport_options transport_for(const request_arguments& arguments);

} // namespace forest::cli

#endif
