// SPDX-License-Identifier: BSL-1.0
#include "secret.hpp"

#include "text.hpp"
#include "usage_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>

// A file is read whole but for its last line ends, which editors and `echo` add without being
// asked.

namespace forest::cli {

namespace {

constexpr std::size_t secret_bytes_max = 64 * 1024;

std::string read_secret_file(const std::string& name) {
    const std::string shown = ascii_escape(name);
    std::string secret(secret_bytes_max + 1, '\0');
    errno = 0;
    std::ifstream file{name, std::ios::binary};
    file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    if (!file.is_open() || file.bad())
        throw usage_error(fmt::format("--secret-file: '{}' cannot be read: {}", shown,
                                      std::generic_category().message(errno)));
    secret.resize(static_cast<std::size_t>(file.gcount()));
    if (secret.size() > secret_bytes_max)
        throw usage_error(fmt::format("--secret-file: '{}' has more than {} bytes; is it the file "
                                      "with the secret?",
                                      shown, secret_bytes_max));
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r'))
        secret.pop_back();
    if (secret.empty())
        throw usage_error(
            fmt::format("--secret-file: '{}' is empty; put the server's secret there", shown));
    return secret;
}

} // namespace

std::optional<std::string> read_secret(const secret_source& source) {
    if (source.none_needed)
        return std::nullopt;
    return require_secret(source);
}

std::string require_secret(const secret_source& source) {
    if (!source.file.empty())
        return read_secret_file(source.file);
    const char* const variable = std::getenv("FOREST_AUTH_SECRET");
    if (variable == nullptr || *variable == '\0')
        throw usage_error(
            "there is no secret: give --secret-file FILE or set FOREST_AUTH_SECRET to "
            "the secret of the server");
    return variable;
}

} // namespace forest::cli
