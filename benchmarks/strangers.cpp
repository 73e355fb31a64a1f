// SPDX-License-Identifier: BSL-1.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// How long a signed check takes while strangers connect who have no signature: silent, dripping,
// half-closed, and with answers that they do not read, in turn.
//
//     strangers PATH/forest-health [DESCRIPTORS [STRANGERS_PER_SECOND [SECONDS]]]

namespace {

using clock_type = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::string_view unsigned_request = "GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::size_t strangers_kept = 10000;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

// The first line that a program prints.
std::string first_line(int descriptor) {
    std::string line;
    char byte = 0;
    while (::read(descriptor, &byte, 1) == 1 && byte != '\n')
        line += byte;
    return line;
}

struct server {
    pid_t process = 0;
    std::uint16_t port = 0;
};

server start(const char* program, rlim_t descriptors) {
    int ends[2];
    if (::pipe(ends) != 0)
        fail("pipe");
    const pid_t process = ::fork();
    if (process == 0) {
        const rlimit limit{descriptors, descriptors};
        ::setrlimit(RLIMIT_NOFILE, &limit);
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::execl(program, program, "serve", "--grace", "0s", nullptr);
        fail(program);
    }
    ::close(ends[1]);
    const std::string line = first_line(ends[0]);
    const auto port = static_cast<std::uint16_t>(std::atoi(line.c_str() + line.rfind(':') + 1));
    return {process, port};
}

std::string signed_request(const char* program) {
    FILE* const output = ::popen((std::string{program} + " sign").c_str(), "r");
    std::string request = "GET /forest/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    for (int byte = 0; output != nullptr && (byte = std::fgetc(output)) != EOF;) {
        if (byte == '\n')
            request += '\r';
        request += static_cast<char>(byte);
    }
    ::pclose(output);
    return request + "\r\n";
}

int connect_to(std::uint16_t port) {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (made >= 0)
        (void)::connect(made, reinterpret_cast<const sockaddr*>(&at), sizeof at);
    return made;
}

void send_text(int to, std::string_view text) {
    (void)!::send(to, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void come(std::uint16_t port, int per_second, const std::atomic<bool>& done) {
    std::deque<int> here;
    const auto begin = clock_type::now();
    for (std::uint64_t number = 0; !done; ++number) {
        std::this_thread::sleep_until(begin + number * 1s / per_second);
        const int added = connect_to(port);
        here.push_back(added);
        if (number % 4 == 1)
            send_text(added, "GET /");
        else if (number % 4 == 2)
            ::shutdown(added, SHUT_WR);
        else if (number % 4 == 3)
            for (int request = 0; request < 10; ++request)
                send_text(added, unsigned_request);
        for (std::size_t back = 3; back < std::min<std::size_t>(here.size(), 400); back += 40)
            send_text(here[here.size() - back], "x"); // those that drip go on
        if (here.size() > strangers_kept) {
            ::close(here.front());
            here.pop_front();
        }
    }
    for (const int each : here)
        ::close(each);
}

// Whether the check was answered 200.
bool check(std::uint16_t port, std::string_view request) {
    const int made = connect_to(port);
    pollfd waiting{made, POLLOUT, 0};
    (void)::poll(&waiting, 1, 10000);
    send_text(made, request);
    waiting.events = POLLIN;
    (void)::poll(&waiting, 1, 10000);
    char answer[256]{};
    const ssize_t count = ::recv(made, answer, sizeof answer - 1, 0);
    ::close(made);
    return count > 0 && std::string_view{answer}.substr(0, 12) == "HTTP/1.1 200";
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    const auto number = [&](int index, int otherwise) {
        return index < argc ? std::atoi(argv[index]) : otherwise;
    };
    const int descriptors = number(2, 32);
    const int per_second = number(3, 1000);
    const std::chrono::seconds lasts{number(4, 10)};
    ::setenv("FOREST_AUTH_SECRET", "secret", 1);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    const std::string request = signed_request(argv[1]);
    const server serving = start(argv[1], static_cast<rlim_t>(descriptors));
    std::atomic<bool> done = false;
    std::thread strangers{[&] { come(serving.port, per_second, done); }};
    std::this_thread::sleep_for(1s);
    std::vector<double> took;
    int failed = 0;
    for (const auto end = clock_type::now() + lasts; clock_type::now() < end;) {
        const auto begin = clock_type::now();
        failed += check(serving.port, request) ? 0 : 1;
        took.push_back(
            std::chrono::duration<double, std::milli>(clock_type::now() - begin).count());
        std::this_thread::sleep_for(20ms);
    }
    done = true;
    strangers.join();
    ::kill(serving.process, SIGTERM);
    ::waitpid(serving.process, nullptr, 0);
    std::sort(took.begin(), took.end());
    std::printf("%d descriptors, %d strangers a second: %zu checks, %d failed, "
                "median %.2f ms, longest %.2f ms\n",
                descriptors, per_second, took.size(), failed, took[took.size() / 2], took.back());
    return failed == 0 ? 0 : 1;
}
