// SPDX-License-Identifier: BSL-1.0

// The health document by cpp-httplib, which gives each connection a thread.

#include <httplib.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace {

constexpr std::size_t connections_max = 128;

} // namespace

int main(int count, char** arguments) {
    const int port = count == 2 ? std::atoi(arguments[1]) : 0;
    if (port <= 0 || port > 65535) {
        std::fputs("usage: httplib_server PORT\n", stderr);
        return 2;
    }
    httplib::Server server;
    server.new_task_queue = [] { return new httplib::ThreadPool(connections_max); };
    server.set_keep_alive_max_count(std::numeric_limits<std::size_t>::max());
    server.set_tcp_nodelay(true);
    server.Get("/forest/health", [](const httplib::Request&, httplib::Response& answer) {
        answer.set_content(R"({"status":"ok","version":"1.16.10"})", "application/json");
    });
    if (!server.bind_to_port("127.0.0.1", port)) {
        std::fprintf(stderr, "httplib_server: port %d cannot be listened on\n", port);
        return EXIT_FAILURE;
    }
    std::puts("listening");
    std::fflush(stdout);
    return server.listen_after_bind() ? EXIT_SUCCESS : EXIT_FAILURE;
}
