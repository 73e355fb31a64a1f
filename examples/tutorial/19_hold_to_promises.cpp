// SPDX-License-Identifier: BSL-1.0

// A transport of one's own on plain sockets, a thread for each GET, and the battery that holds it
// to what no compiler checks, over real sockets. Needs the standard library and POSIX only.

#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace conformance = forest::sim::conformance;

// One GET, with all that it uses: the transport may be gone before it ends.
class socket_get {
public:
    socket_get(const forest::request& what, forest::duration timeout)
        : what_{what},
          deadline_{std::chrono::steady_clock::now() + std::min(timeout, timeout_max)} {}

    void cancel() { canceled_ = true; }

    // What the reply points to lives as long as this.
    forest::reply perform() {
        forest::reply reply;
        reply.error = exchange();
        if (!reply.error)
            reply.error = parser_.error();
        reply.status = parser_.status();
        reply.fields = parser_.fields({answer_.data(), kept_});
        reply.body = parser_.body({answer_.data(), kept_});
        return reply;
    }

private:
    // Longer than any check, and short enough for a time to hold the sum.
    static constexpr forest::duration timeout_max = forest::options::duration_max;

    std::error_code exchange() {
        sockaddr_in address = forest::detail::loopback(what_.target.port());
        if (::inet_pton(AF_INET, std::string{what_.target.host()}.c_str(), &address.sin_addr) != 1)
            return forest::errc::resolve_failed;
        const auto socket = forest::detail::tcp_socket();
        forest::detail::set_nonblocking(socket);
        ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        if (const auto failed = wait(socket, POLLOUT))
            return failed;
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0)
            return error == ECONNREFUSED ? forest::errc::connection_refused
                                         : forest::errc::unreachable;
        std::vector<char> request(forest::detail::request_bytes_max);
        // A few kilobytes, which a new connection takes at once.
        request.resize(
            forest::detail::write_request(request, "GET", what_.target, what_.fields, false));
        if (::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size()))
            return forest::errc::connection_lost;
        while (!parser_.done()) {
            if (const auto failed = wait(socket, POLLIN))
                return failed;
            answer_.resize(kept_ + 4096);
            const ssize_t count = ::recv(socket.number(), answer_.data() + kept_, 4096, 0);
            if (count > 0)
                kept_ = parser_.parse({answer_.data(), kept_ + static_cast<std::size_t>(count)});
            else
                parser_.finish();
        }
        return {};
    }

    // Until it can be read or written, if that is in time.
    std::error_code wait(const forest::detail::descriptor& socket, short events) const {
        for (;;) {
            const auto left = deadline_ - std::chrono::steady_clock::now();
            if (canceled_)
                return forest::errc::operation_canceled;
            if (left <= 0ns)
                return forest::errc::timed_out;
            pollfd waiting{socket.number(), events, 0};
            if (::poll(&waiting, 1, left > 5ms ? 5 : 1) > 0)
                return {};
        }
    }

    forest::request what_;
    std::chrono::steady_clock::time_point deadline_;
    std::atomic<bool> canceled_{false};
    forest::detail::response_parser parser_{what_.limits};
    std::vector<char> answer_;
    std::size_t kept_ = 0;
};

class socket_transport {
public:
    template <typename Handler>
    void async_get(const forest::request& what, forest::duration timeout, Handler handler) {
        get_ = std::make_shared<socket_get>(what, timeout);
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
