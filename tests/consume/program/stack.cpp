// SPDX-License-Identifier: BSL-1.0
#include <forest/forest.hpp>

#include <asio.hpp>

#include <cstdio>

// A user who takes the default stack: nobody listens on port 1, and the client says so.

int main() {
    asio::io_context io;
    forest::health_client client{
        io.get_executor(), "http://127.0.0.1:1/", "secret", {.failure_threshold = 1}};
    bool down = false;
    client.on_server_down([&](const forest::outage& seen) {
        std::printf("down: %s\n", seen.last_error.message().c_str());
        down = true;
        client.stop();
    });
    client.start();
    io.run();
    return down ? 0 : 1;
}
