// SPDX-License-Identifier: BSL-1.0

// A transport of your own on plain sockets, with a thread for each GET, and the battery that checks
// over real sockets what no compiler can check. It needs the standard library and POSIX only.

#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;
namespace conformance = forest::sim::conformance;

// One GET with all that it uses, because the transport may be destroyed before the GET ends.
class socket_get {
public:
    socket_get(const forest::request& http_request, forest::duration timeout)
        : http_request_{http_request},
          deadline_{std::chrono::steady_clock::now() +
                    std::min(timeout, forest::options::duration_max)} {}

    void cancel() { canceled_ = true; }

    // The reply points into this object.
    forest::reply perform() {
        forest::reply reply;
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        reply.error = exchange(socket);
        ::close(socket);
        if (!reply.error)
            reply.error = parse(reply);
        return reply;
    }

private:
    std::error_code exchange(int socket) {
        const forest::url& target = http_request_.target;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(target.port());
        if (::inet_pton(AF_INET, std::string{target.host()}.c_str(), &address.sin_addr) != 1)
            return forest::errc::resolve_failed;
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        if (const auto failed = wait(socket, POLLOUT))
            return failed;
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0)
            return error == ECONNREFUSED ? forest::errc::connection_refused
                                         : forest::errc::unreachable;

        // Servers send no chunks to HTTP/1.0, so this transport need not decode them.
        std::string request = "GET ";
        request.append(target.target()).append(" HTTP/1.0\r\nConnection: close\r\nHost: ");
        request.append(target.host_header()).append("\r\n").append(http_request_.fields.text());
        request += "\r\n";
        // A few kilobytes, which a new connection takes at once.
        if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size()))
            return forest::errc::connection_lost;
        return receive(socket);
    }

    // Receives until the server closes the connection.
    std::error_code receive(int socket) {
        const std::size_t bytes_max =
            http_request_.limits.head_bytes_max + http_request_.limits.body_bytes_max;
        while (answer_.size() <= bytes_max) {
            if (const auto failed = wait(socket, POLLIN))
                return failed;
            std::array<char, 4096> bytes;
            const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), 0);
            if (count < 0)
                return forest::errc::connection_lost;
            if (count == 0)
                return {};
            answer_.append(bytes.data(), static_cast<std::size_t>(count));
        }
        return forest::errc::response_too_large;
    }

    // Waits until the socket can be read or written, but not beyond the deadline.
    std::error_code wait(int socket, short events) const {
        for (;;) {
            const auto left = deadline_ - std::chrono::steady_clock::now();
            if (canceled_)
                return forest::errc::operation_canceled;
            if (left <= 0ns)
                return forest::errc::timed_out;
            pollfd waiting{socket, events, 0};
            if (::poll(&waiting, 1, left > 5ms ? 5 : 1) > 0)
                return {};
        }
    }

    // "HTTP/1.1 200 OK", the header fields, an empty line, the body.
    std::error_code parse(forest::reply& reply) const {
        constexpr std::size_t status_begin = std::string_view{"HTTP/1.1 "}.size();
        const std::string_view answer = answer_;
        const std::size_t line_end = answer.find("\r\n");
        const std::size_t head_end = answer.find("\r\n\r\n");
        if (head_end == answer.npos)
            return forest::errc::connection_lost;
        if (!answer.starts_with("HTTP/1.") || !read(answer.substr(status_begin, 3), reply.status))
            return forest::errc::malformed_response;
        reply.fields = forest::field_view{answer.substr(line_end + 2, head_end - line_end)};
        reply.body = answer.substr(head_end + 4);
        if (head_end + 4 > http_request_.limits.head_bytes_max ||
            reply.body.size() > http_request_.limits.body_bytes_max)
            return forest::errc::response_too_large;
        std::size_t length = 0;
        if (const auto field = reply.fields.find("Content-Length");
            field && (!read(*field, length) || reply.body.size() != length))
            return forest::errc::connection_lost;
        return {};
    }

    static bool read(std::string_view digits, auto& number) {
        const char* const end = digits.data() + digits.size();
        return std::from_chars(digits.data(), end, number).ptr == end && !digits.empty();
    }

    const forest::request http_request_;
    const std::chrono::steady_clock::time_point deadline_;
    std::atomic<bool> canceled_{false};
    std::string answer_;
};

class socket_transport {
public:
    template <typename Handler>
    void async_get(const forest::request& http_request, forest::duration timeout, Handler handler) {
        get_ = std::make_shared<socket_get>(http_request, timeout);
        std::thread{[get = get_, handler]() mutable { handler(get->perform()); }}.detach();
    }

    void cancel() {
        if (get_ != nullptr)
            get_->cancel();
    }

private:
    std::shared_ptr<socket_get> get_;
};

static_assert(forest::transport<socket_transport>);

struct transport_harness : conformance::transport_over_sockets {
    socket_transport make() { return {}; }

    // No server sends chunks to this transport.
    bool plan(const conformance::peer_plan& planned) {
        return !planned.chunked && transport_over_sockets::plan(planned);
    }
};

int main() {
    transport_harness harness;
    const auto broken = conformance::check_transport(harness, [](const auto& next) {
        std::cerr << next.number << '/' << next.count << ' ' << next.scenario << '\n';
    });
    for (const auto& promise : broken)
        std::cout << to_string(promise) << '\n';
    return broken.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
