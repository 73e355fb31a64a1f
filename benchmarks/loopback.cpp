// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/health/judge.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>

#include <benchmark/benchmark.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

// One whole check over loopback, signed, sent, read and judged, against a bare loop of blocking
// calls that sends the same bytes to an equal server and reads until the answer is complete. Both
// are taken in turns, because a ratio of times that were measured one after the other moves with
// whatever else the machine does; `times_bare` is how much longer the check takes.

namespace {

using namespace forest;
using clock_type = std::chrono::steady_clock;

constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                    "Content-Length: 35\r\n\r\n"
                                    R"({"status":"ok","version":"1.16.10"})";

void require(bool holds, const char* what) {
    if (!holds)
        throw std::runtime_error{what};
}

void do_not_wait(int descriptor) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Answers whatever ends with an empty line, until the client closes.
class server {
public:
    server() : listener_{::socket(AF_INET, SOCK_STREAM, 0)} {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const plain = reinterpret_cast<sockaddr*>(&address_);
        socklen_t size = sizeof address_;
        require(::bind(listener_, plain, size) == 0 && ::listen(listener_, SOMAXCONN) == 0 &&
                    ::getsockname(listener_, plain, &size) == 0,
                "no listening socket");
        thread_ = std::thread{[this] { serve(); }};
    }

    server(const server&) = delete;
    server& operator=(const server&) = delete;

    ~server() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

    const sockaddr_in& address() const { return address_; }

    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/forest/health";
    }

private:
    void serve() {
        for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
            do_not_wait(client);
            std::array<char, 4096> bytes;
            std::size_t size = 0;
            for (ssize_t count = 0;
                 (count = ::recv(client, bytes.data() + size, bytes.size() - size, 0)) > 0;) {
                size += static_cast<std::size_t>(count);
                if (!std::string_view{bytes.data(), size}.ends_with("\r\n\r\n"))
                    continue;
                size = 0;
                ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
            }
            ::close(client);
        }
    }

    int listener_;
    sockaddr_in address_{};
    std::thread thread_;
};

// What has to be done at the least.
class bare_loop {
public:
    bare_loop(const server& peer, std::string_view request, bool reuse)
        : peer_{peer}, request_{request}, reuse_{reuse} {}
    ~bare_loop() { close(); }
    bare_loop(const bare_loop&) = delete;
    bare_loop& operator=(const bare_loop&) = delete;

    void check() {
        if (descriptor_ < 0) {
            descriptor_ = ::socket(AF_INET, SOCK_STREAM, 0);
            require(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&peer_.address()),
                              sizeof peer_.address()) == 0,
                    "no connection");
        }
        require(::send(descriptor_, request_.data(), request_.size(), MSG_NOSIGNAL) ==
                    static_cast<ssize_t>(request_.size()),
                "the request was not sent");
        std::array<char, 4096> bytes;
        for (std::size_t size = 0; size < answer.size();) {
            const ssize_t count = ::recv(descriptor_, bytes.data() + size, bytes.size() - size, 0);
            require(count > 0, "no answer");
            size += static_cast<std::size_t>(count);
        }
        if (!reuse_)
            close();
    }

private:
    void close() {
        if (descriptor_ >= 0)
            ::close(descriptor_);
        descriptor_ = -1;
    }

    const server& peer_;
    std::string_view request_;
    bool reuse_;
    int descriptor_ = -1;
};

void check(benchmark::State& state, bool reuse) {
    // One each, because a server that answers one client at a time needs no thread for each.
    const server peer;
    const server bare_peer;
    asio::io_context io{1};
    const asio_clock clock{io.get_executor()};
    asio_transport transport{clock, {.reuse_connections = reuse}};
    hmac_sha256_signer signer{"secret"};
    request asked;
    asked.target = peer.url();
    signer.sign(asked, clock.now(), asked.fields);
    std::array<char, forest::detail::request_bytes_max> bytes;
    const std::size_t size =
        forest::detail::write_request(bytes, "GET", asked.target, asked.fields, reuse);
    bare_loop bare{bare_peer, {bytes.data(), size}, reuse};

    std::int64_t healthy = 0;
    clock_type::duration ours{};
    clock_type::duration theirs{};
    for (auto _ : state) {
        const auto begin = clock_type::now();
        const wall_time at = clock.now();
        asked.fields.clear();
        signer.sign(asked, at, asked.fields);
        transport.async_get(asked, std::chrono::seconds{5}, [&](const reply& result) {
            healthy += forest::detail::judge(result, at).healthy() ? 1 : 0;
        });
        io.restart();
        io.run();
        const auto middle = clock_type::now();
        bare.check();
        const auto end = clock_type::now();
        ours += middle - begin;
        theirs += end - middle;
        state.SetIterationTime(std::chrono::duration<double>(middle - begin).count());
    }
    if (healthy != static_cast<std::int64_t>(state.iterations()))
        state.SkipWithError("a check failed");
    const auto microseconds = [&](clock_type::duration total) {
        return std::chrono::duration<double, std::micro>(total).count() /
               static_cast<double>(state.iterations());
    };
    state.counters["check_us"] = microseconds(ours);
    state.counters["bare_us"] = microseconds(theirs);
    state.counters["times_bare"] =
        static_cast<double>(ours.count()) / static_cast<double>(theirs.count());
}

void fresh_connection(benchmark::State& state) {
    check(state, false);
}
// Bounded, because each closed connection occupies a port for a while.
BENCHMARK(fresh_connection)->UseManualTime()->Iterations(5000);

void kept_connection(benchmark::State& state) {
    check(state, true);
}
BENCHMARK(kept_connection)->UseManualTime();

} // namespace

BENCHMARK_MAIN();
