// SPDX-License-Identifier: BSL-1.0
#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/secret.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/commands.hpp>
#include <tool/output/terminal.hpp>
#include <tool/output/text.hpp>

#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <system_error>

// The two header lines of a signed request, for `curl -H @-`.

namespace forest::cli {

exit_status run(const sign_arguments& sign) {
    const std::string secret = require_secret(sign.secret);
    const std::string timestamp = sign.timestamp.empty() ? utc(wall_clock_now()) : sign.timestamp;
    const auto signature = hmac_sha256{secret}.sign(timestamp);
    const auto names =
        field_names(sign.dashed_headers ? header_style::dash : header_style::underscore);
    terminal out;
    out.write(fmt::format("{}: {}\n{}: {}\n", names.timestamp, timestamp, names.signature,
                          std::string_view{signature.data(), signature.size()}));
    if (out.error() && out.error() != std::errc::broken_pipe)
        throw runtime_failure("standard output: " + out.error().message());
    return exit_status::success;
}

} // namespace forest::cli
