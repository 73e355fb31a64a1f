// SPDX-License-Identifier: BSL-1.0
#include <everything.hpp>

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// What an application does with the library, so that the templates are instantiated under the
// warnings of a strict build which takes the headers in with -I.

using namespace std::chrono_literals;

void use_clients(asio::io_context& io, const std::string& secret);
void use_servers(asio::io_context& io, const std::string& secret);
void use_simulations();

void use_clients(asio::io_context& io, const std::string& secret) {
    forest::health_client client{io, "http://localhost/", secret, {.interval = 10s}};
    client.on_server_down([](const forest::outage&) {});
    client.on_server_up([owned = std::make_unique<int>(1)](const forest::outage&) {});
    client.on_event(forest::tee{forest::log_observer{}, forest::null_observer{}});
    client.start();
    forest::health_fleet fleet{io, secret, {.tick = 10ms}};
    fleet.on_server_down([](forest::target_id, const forest::outage&) {});
    fleet.on_server_up([](forest::target_id, const forest::outage&) {});
    fleet.on_event([](const forest::event&) {});
    (void)fleet.remove(fleet.add("http://localhost/", {.interval = 10s}));
    (void)fleet.snapshot();
    fleet.start();
    forest::sharded_fleet<forest::health_fleet> shards{
        2, [&](const auto& executor) { return forest::health_fleet{executor, secret}; }};
    shards.on_event([](const forest::event&) {});
    shards.add("http://localhost/");
    shards.start();
    auto master = forest::datasource::build(io, {.uri = "http://localhost", .auth_secret = secret},
                                            [](const forest::schema&) {});
    master.on_event([](const forest::event&) {});
    (void)forest::async_check(io, "http://localhost/", 2s, forest::hmac_sha256_signer{secret},
                              asio::use_future);
    forest::shutdown_signals signals{io, [&](int) { client.stop(); }};
}

void use_servers(asio::io_context& io, const std::string& secret) {
    forest::asio_server server{io, {.idle_timeout = 10s}};
    forest::health_route health{server, forest::hmac_sha256_verifier{secret}, {.version = "1"}};
    health.on_answer([](const forest::route_answer&) {});
    forest::schema_route schema{server, forest::hmac_sha256_verifier{secret}, forest::sha1_hex,
                                R"({"collections":[]})"};
    (void)server.listen("127.0.0.1", 0);
}

void use_simulations() {
    forest::sim::world world;
    forest::sim::server_process& server = world.add_server("a");
    (void)world.add_client(server);
    world.run_for(1min);
}
