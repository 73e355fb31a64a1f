// SPDX-License-Identifier: BSL-1.0

// One fleet watches several servers. The program ends when the fleet has reported the server that
// stops.

#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;

// One of the servers.
struct agent {
    agent(asio::io_context& io, std::string_view secret)
        : server{io.get_executor()}, route{server, forest::hmac_sha256_verifier{secret}} {}

    forest::asio_server server;
    forest::health_route route;
};

int main() {
    constexpr std::string_view secret = "my-secret";
    asio::io_context io;

    std::deque<agent> agents;
    std::vector<std::string> targets;
    for (std::size_t count = 0; count < 3; ++count) {
        agent& each = agents.emplace_back(io, secret);
        if (const std::error_code ec = each.server.listen("127.0.0.1", 0)) {
            std::cerr << ec.message() << '\n';
            return EXIT_FAILURE;
        }
        targets.push_back(each.server.endpoints().front() + each.route.path());
    }

    std::map<forest::target_id, std::string> names;
    int downs = 0;
    forest::health_fleet fleet{io.get_executor(), secret};
    fleet.on_server_down([&](forest::target_id id, const forest::outage& begun) {
        std::cout << names[id] << " is down: " << begun.last_error.message() << '\n';
        ++downs;
    });
    fleet.on_server_up([&](forest::target_id id, const forest::outage&) {
        std::cout << names[id] << " is up again\n";
    });
    fleet.on_event([&](const forest::event& happened) {
        // All are healthy. Now one of them announces its stop.
        if (fleet.count(forest::target_status::up) == targets.size())
            agents.front().route.drain();
        if (happened.kind == forest::event_kind::check_succeeded && downs > 0) {
            fleet.stop();
            for (agent& each : agents)
                each.server.stop();
        }
    });
    for (const std::string& each : targets)
        names[fleet.add(each, {.interval = 200ms, .timeout = 1s})] = each;
    fleet.start();
    io.run();

    return downs == 1 && fleet.count(forest::target_status::up) == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
