// SPDX-License-Identifier: BSL-1.0

// A server on a unix socket: nothing listens on the network. With TLS, only the URL and the options
// are different.

#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

constexpr std::string_view shared_secret = "my-secret";

// Make the policies yourself if you have your own certificate authority or need header fields with
// dashes. The transport runs where the clock runs.
auto watch_over_tls(const asio::io_context::executor_type& executor, const std::string& ca_file) {
    forest::asio_clock clock{executor};
    forest::transport_options options;
    options.tls.ca_file = ca_file;
    forest::asio_transport transport{clock, options};
    return forest::basic_health_client{
        std::move(transport), clock,
        forest::hmac_sha256_signer{shared_secret, forest::header_style::dash},
        forest::exponential_backoff{}, "https://warehouse.example/forest/health"};
}

int main() {
    std::string directory = std::filesystem::temp_directory_path() / "forest-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr)
        return EXIT_FAILURE;

    asio::io_context io;
    forest::asio_server server{io.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{shared_secret}};
    if (const std::error_code ec = server.listen_unix(directory + "/health.sock")) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    const std::string url = server.endpoints().front() + route.path();
    std::cout << url << '\n'; // http+unix://%2Ftmp%2Fforest-…%2Fhealth.sock/forest/health

    forest::health_client client{io.get_executor(), url, shared_secret};
    bool healthy = false;
    client.on_event([&](const forest::event& happened) {
        if (happened.check == nullptr)
            return;
        healthy = happened.check->healthy();
        client.stop();
        server.stop();
    });
    client.start();
    io.run();

    bool refused = false;
    try {
        watch_over_tls(io.get_executor(), directory + "/missing.pem");
    } catch (const std::system_error& thrown) {
        refused = thrown.code() == forest::errc::tls_configuration_invalid;
    }
    std::filesystem::remove_all(directory);
    return healthy && refused ? EXIT_SUCCESS : EXIT_FAILURE;
}
