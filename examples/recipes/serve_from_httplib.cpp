// SPDX-License-Identifier: BSL-1.0

// An application that has a server of cpp-httplib serves the health check with it.

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/httplib/httplib_server.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/health_route.hpp>

#include <asio/io_context.hpp>
#include <httplib.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>

namespace {

// What a client finds.
std::error_code check(const std::string& target, const char* secret) {
    asio::io_context io;
    std::error_code result;
    forest::async_check(io, forest::url{target}, std::chrono::seconds{5},
                        forest::hmac_sha256_signer{secret},
                        [&](const forest::verdict& found) { result = found.error; });
    io.run();
    return result;
}

} // namespace

int main() {
    const char* const secret = "s3cret";

    httplib::Server application; // with the routes of the application
    application.Get("/hello", [](const httplib::Request&, httplib::Response& answer) {
        answer.set_content("hello", "text/plain");
    });
    forest::httplib_server server{application};
    forest::basic_health_route health{server, forest::hmac_sha256_verifier{secret}};
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + health.path();
    const std::error_code running = check(url, secret);
    health.drain(); // clients now see that it stops
    const std::error_code stopping = check(url, secret);
    server.stop();
    std::cout << (running ? running.message() : "healthy") << ", then: " << stopping.message()
              << '\n';
    return !running && stopping == forest::errc::stopping ? EXIT_SUCCESS : EXIT_FAILURE;
}
