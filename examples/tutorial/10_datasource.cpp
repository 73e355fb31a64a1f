// SPDX-License-Identifier: BSL-1.0

// A server that serves its schema, and a datasource that follows it: the server crashes and starts
// again with another schema, and the application reloads.

#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

using namespace std::chrono_literals;

constexpr std::string_view secret = "my-secret";

struct agent {
    agent(asio::io_context& io, std::uint16_t port, std::string_view schema_text)
        : server{io.get_executor()},
          health{server, verify},
          schema{server, verify, forest::sha1_hex, schema_text} {
        if (const std::error_code ec = server.listen("127.0.0.1", port))
            throw std::system_error{ec};
    }

    forest::hmac_sha256_verifier verify{secret};
    forest::asio_server server;
    forest::health_route health;
    forest::schema_route schema;
};

int main() {
    asio::io_context io;
    std::optional<agent> running;
    running.emplace(io, std::uint16_t{0}, R"({"collections":[{"name":"product"}]})");
    const std::uint16_t port = running->server.port();

    std::size_t collections = 0;
    forest::datasource warehouse = forest::datasource::build(
        io.get_executor(),
        {.uri = "http://127.0.0.1:" + std::to_string(port),
         .auth_secret = std::string{secret},
         .health_check_interval = 50ms,
         .health_check_failure_threshold = 2},
        [&](const forest::schema& changed) { collections = changed.collections().size(); });
    warehouse.on_server_down([&](const forest::outage& begun) {
        std::cout << "down: " << begun.last_error.message() << '\n';
        running.emplace(io, port, R"({"collections":[{"name":"product"},{"name":"shelf"}]})");
    });
    warehouse.on_event([&](const forest::event& happened) {
        if (!is_of_schema(happened.kind))
            return;
        std::cout << name(happened.kind) << ": " << happened.schema->collections().size()
                  << " collections\n";
        running.reset();
        if (happened.kind == forest::event_kind::schema_reloaded)
            warehouse.cleanup();
    });
    io.run_for(10s);

    return collections == 2 && warehouse.schema()->collections().back() == "shelf" ? EXIT_SUCCESS
                                                                                   : EXIT_FAILURE;
}
