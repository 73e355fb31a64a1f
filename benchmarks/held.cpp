// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/core/response.hpp>
#include <forest/health_route.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

// What held checks cost a server with one thread: memory of its process for each, CPU time while
// nothing happens, and how long it takes until all clients have read of a drain. The clients are
// another process, which is this one.
//
//     build/bench/benchmarks/held [CHECKS [SECONDS]]

namespace {

using namespace forest;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr std::string_view held_check =
    "GET /forest/health HTTP/1.1\r\nHost: a\r\nPrefer: wait=240\r\n\r\n";
constexpr std::string_view count_of_held = "GET /held HTTP/1.1\r\nHost: a\r\n\r\n";

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(EXIT_FAILURE);
}

// A server in a child process, which drains when it gets SIGUSR1, and ends with this object.
class holding_server_process {
public:
    explicit holding_server_process(std::size_t checks) {
        int ends[2];
        if (::pipe(ends) != 0)
            fail("pipe");
        child_ = ::fork();
        if (child_ < 0)
            fail("fork");
        if (child_ == 0)
            serve(checks, ends[1]);
        if (::read(ends[0], &port_, sizeof port_) != sizeof port_ || port_ == 0)
            fail("no server");
    }
    holding_server_process(const holding_server_process&) = delete;
    holding_server_process& operator=(const holding_server_process&) = delete;
    ~holding_server_process() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }

    void drain() const { ::kill(child_, SIGUSR1); }

    // A connection to it.
    [[nodiscard]] int connect() const {
        const int made = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (made < 0 ||
            ::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            fail("connect");
        return made;
    }

    // The memory of the process that is in use, in bytes.
    [[nodiscard]] double memory() const {
        std::ifstream pages{"/proc/" + std::to_string(child_) + "/statm"};
        double all = 0;
        double resident = 0;
        pages >> all >> resident;
        return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
    }

    // The CPU time of the process so far, of user and system.
    [[nodiscard]] double cpu_seconds() const {
        clockid_t clock{};
        timespec used{};
        if (::clock_getcpuclockid(child_, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
            fail("CPU time");
        return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
    }

private:
    [[noreturn]] static void serve(std::size_t checks, int told) {
        asio::io_context io{1};
        server_limits limits;
        limits.connections_max = checks + 16;
        limits.memory_bytes_max = std::size_t{1} << 30U;
        asio_server server{io, limits};
        basic_health_route route{
            server,
            accept_unsigned,
            {.hold_max = 240s, .held_max = checks, .held_per_address_max = checks}};
        (void)server.get("/held", [&](const server_request&, auto respond) {
            const std::string count = std::to_string(route.held());
            respond({.body = count, .fields = {}});
        });
        asio::signal_set signals{io, SIGUSR1};
        signals.async_wait([&](std::error_code, int) { route.drain(); });
        const std::uint16_t port = server.listen("127.0.0.1", 0) ? 0 : server.port();
        if (::write(told, &port, sizeof port) == sizeof port)
            io.run();
        ::_exit(EXIT_FAILURE);
    }

    pid_t child_ = 0;
    std::uint16_t port_ = 0;
};

void send(int socket, std::string_view request) {
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        fail("send");
}

// One answer, which comes in one piece.
std::string receive(int socket) {
    pollfd waiting{socket, POLLIN, 0};
    char bytes[2048];
    if (::poll(&waiting, 1, 20'000) != 1)
        fail("no answer");
    const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
    if (count <= 0)
        fail("recv");
    return {bytes, static_cast<std::size_t>(count)};
}

// Waits until so many are held.
void wait_for_held(int asking, std::size_t checks) {
    const auto end = clock_type::now() + 60s;
    while (true) {
        send(asking, count_of_held);
        const std::string answer = receive(asking);
        if (answer.ends_with("\r\n\r\n" + std::to_string(checks)))
            return;
        if (clock_type::now() > end)
            fail("not all checks are held");
        std::this_thread::sleep_for(10ms);
    }
}

// Prints a figure and its bound. Returns whether it holds.
bool print(const char* what, double value, double bound, const char* unit) {
    const bool holds = value <= bound;
    std::printf("%-44s %8.2f %-4s (at most %g%s)\n", what, value, unit, bound,
                holds ? "" : ", MISSED");
    return holds;
}

} // namespace

int main(int argc, char** argv) {
    const std::size_t checks = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 30;
    const holding_server_process server{checks};
    const int asking = server.connect();
    wait_for_held(asking, 0);
    const double before = server.memory();
    std::vector<int> clients;
    while (clients.size() < checks) {
        clients.push_back(server.connect());
        send(clients.back(), held_check);
    }
    wait_for_held(asking, checks);
    const double each = (server.memory() - before) / static_cast<double>(checks);

    std::this_thread::sleep_for(12s); // Then no deadline of a connection is left.
    const double used = server.cpu_seconds();
    std::this_thread::sleep_for(std::chrono::seconds{seconds});
    const double share = (server.cpu_seconds() - used) / seconds;

    const double used_before = server.cpu_seconds();
    const auto begin = clock_type::now();
    server.drain();
    for (const int client : clients) {
        if (receive(client).find("\r\n\r\n{\"status\":\"stopping\"") == std::string::npos)
            fail("not told of the drain");
    }
    const std::chrono::duration<double, std::milli> told = clock_type::now() - begin;
    const double used_by_drain = server.cpu_seconds() - used_before;

    std::printf("%zu held checks on one thread\n", checks);
    bool all = print("memory of the server for each", each / 1024, 4, "KiB");
    all = print("CPU while nothing happens, of a core", share * 100, 0.5, "%") && all;
    all = print("from the drain to the last answer", told.count(), 250, "ms") && all;
    std::printf("%-44s %8.2f ms\n", "CPU of the server meanwhile", used_by_drain * 1000);
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
