// SPDX-License-Identifier: BSL-1.0

// Answers every request with the health document of PROTOCOL.md, on one thread and with as little
// work as an epoll loop needs, so that the prober is what is measured. `GET /count` is answered
// with how many it has answered before, which is how all probers are counted alike; it is not
// counted.

#include "sockets.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace compare;

constexpr std::string_view kept = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                  "Content-Length: 35\r\n\r\n"
                                  R"({"status":"ok","version":"1.16.10"})";
constexpr std::string_view closed = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                    "Content-Length: 35\r\nConnection: close\r\n\r\n"
                                    R"({"status":"ok","version":"1.16.10"})";
constexpr std::string_view end_of_request = "\r\n\r\n";
constexpr std::size_t request_bytes_max = 4096;

class answer_server {
public:
    explicit answer_server(std::uint16_t port)
        : listener_{listen_on_loopback(port)}, epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
        require(epoll_ >= 0, "epoll_create1");
        watch(epoll_, listener_, static_cast<std::uint64_t>(listener_));
    }

    [[nodiscard]] int port() const {
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size) == 0,
                "getsockname");
        return ntohs(bound.sin_port);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 512> events;
        for (;;) {
            const int count =
                ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            require(count >= 0 || errno == EINTR, "epoll_wait");
            for (int index = 0; index < count; ++index) {
                const auto& event = events[static_cast<std::size_t>(index)];
                const int descriptor = static_cast<int>(event.data.u64);
                if (descriptor == listener_)
                    accept_all();
                else if (event.events != EPOLLOUT)
                    serve(descriptor);
            }
        }
    }

private:
    void accept_all() {
        for (;;) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (client < 0) {
                // One that has gone again, or no descriptors left: the client will notice.
                if (errno == ECONNABORTED)
                    continue;
                return;
            }
            watch(epoll_, client, static_cast<std::uint64_t>(client));
        }
    }

    // Requests of probers come whole, at most a few together; one that comes in parts is put aside.
    void serve(int client) {
        std::array<char, request_bytes_max> bytes;
        std::size_t size = take_begun(client, bytes);
        for (;;) {
            const ssize_t count = ::recv(client, bytes.data() + size, bytes.size() - size, 0);
            if (count <= 0) {
                if (count == 0 || errno != EAGAIN)
                    ::close(client);
                else if (size > 0)
                    put_aside(client, {bytes.data(), size});
                return;
            }
            size += static_cast<std::size_t>(count);
            const std::string_view all{bytes.data(), size};
            std::size_t begin = 0;
            for (std::size_t end = 0; (end = all.find(end_of_request, begin)) != all.npos;) {
                end += end_of_request.size();
                if (!answer(client, all.substr(begin, end - begin)))
                    return;
                begin = end;
            }
            // A request that would fill everything is none of a prober's.
            if (begin == 0 && size == bytes.size()) {
                ::close(client);
                return;
            }
            if (begin == size && size < bytes.size())
                return; // The epoll reports later bytes again.
            size -= begin;
            std::memmove(bytes.data(), bytes.data() + begin, size);
        }
    }

    // Answers whether the connection is still open.
    bool answer(int client, std::string_view request) {
        if (request.starts_with("GET /count ")) {
            const std::string body = std::to_string(answered_);
            const std::string text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\n\r\n" + body;
            ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
            ::close(client);
            return false;
        }
        const std::string_view line = request.substr(0, request.find("\r\n"));
        const bool close = line.ends_with("HTTP/1.0") || asks_to_close(request);
        const std::string_view text = close ? closed : kept;
        ++answered_;
        ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
        if (close)
            ::close(client);
        return !close;
    }

    static bool asks_to_close(std::string_view request) {
        constexpr std::string_view name = "onnection: ";
        const std::size_t at = request.find(name);
        return at != request.npos && request.substr(at + name.size()).starts_with("close");
    }

    std::size_t take_begun(int client, std::array<char, request_bytes_max>& bytes) {
        const auto index = static_cast<std::size_t>(client);
        if (index >= begun_.size() || begun_[index].empty())
            return 0;
        const std::size_t size = begun_[index].copy(bytes.data(), bytes.size());
        begun_[index] = {};
        return size;
    }

    void put_aside(int client, std::string_view begun) {
        const auto index = static_cast<std::size_t>(client);
        if (begun_.size() <= index)
            begun_.resize(index + 1);
        begun_[index] = begun;
    }

    int listener_;
    int epoll_;
    std::uint64_t answered_ = 0;
    std::vector<std::string> begun_; ///< by descriptor
};

} // namespace

int main(int count, char** arguments) {
    const std::string_view text = count == 2 ? arguments[1] : "";
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    if (const auto [last, ec] = std::from_chars(text.data(), end, port);
        text.empty() || ec != std::errc{} || last != end) {
        std::fputs("usage: answer_server PORT\n\nOn port 0 it takes one that is free.\n", stderr);
        return 2;
    }
    try {
        answer_server server{port};
        std::printf("listening on port %d\n", server.port());
        std::fflush(stdout);
        server.run();
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "answer_server: %s\n", failed.what());
        return EXIT_FAILURE;
    }
}
