// SPDX-License-Identifier: BSL-1.0

// A health route on the application's own server, and one check of it.

#include "beast_server.hpp"

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/health_route.hpp>
#include <forest/route_table.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>

int main() {
    const char* const secret = "s3cret"; // of client and server
    forest::route_table routes;
    forest::basic_health_route health{routes, forest::hmac_sha256_verifier{secret}};
    const beast_server server{routes};

    asio::io_context io;
    std::error_code result;
    forest::async_check(
        io, forest::url{"http://127.0.0.1:" + std::to_string(server.port()) + health.path()},
        std::chrono::seconds{5}, forest::hmac_sha256_signer{secret},
        [&](const forest::verdict& found) { result = found.error; });
    io.run();
    std::cout << (result ? result.message() : "healthy") << '\n';
    return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
