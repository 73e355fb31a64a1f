// SPDX-License-Identifier: BSL-1.0
#include <forest/version.hpp>

#include <asio.hpp>
#include <fmt/core.h>
#include <openssl/crypto.h>

// A user who takes the default stack.

int main() {
    asio::io_context io;
    asio::co_spawn(io, []() -> asio::awaitable<void> { co_return; }, asio::detached);
    fmt::print("{} {}\n", forest::version, OpenSSL_version(OPENSSL_VERSION));
    return io.run() > 0 ? 0 : 1;
}
