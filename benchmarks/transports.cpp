// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/asio/tcp_transport.hpp>
#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/adapters/httplib/httplib_transport.hpp>
#include <forest/policy/server.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

// What a check costs this process with each transport: CPU time of user and system, by getrusage.
// The server is another process. 16 GETs are under way at a time, until so many have ended; the
// transports take turns, and each value is the median of the rounds.
//
//     build/bench/benchmarks/transports [GETS [ROUNDS]]

namespace {

using namespace forest;
using namespace std::chrono_literals;

constexpr std::size_t at_a_time = 16;

void require(bool holds, const char* what) {
    if (!holds)
        throw std::runtime_error{what};
}

// A server in a child process, which ends with this object.
class answering_server {
public:
    answering_server() {
        int ends[2];
        require(::pipe(ends) == 0, "pipe");
        child_ = ::fork();
        require(child_ >= 0, "fork");
        if (child_ == 0) {
            asio::io_context io;
            asio_server served{io.get_executor()};
            (void)served.get("/forest/health", [](const server_request&, auto respond) {
                respond({.body = R"({"status":"ok"})", .fields = {}});
            });
            const std::uint16_t port = served.listen("127.0.0.1", 0) ? 0 : served.port();
            if (::write(ends[1], &port, sizeof port) == sizeof port)
                io.run();
            ::_exit(EXIT_FAILURE);
        }
        require(::read(ends[0], &port_, sizeof port_) == sizeof port_ && port_ != 0, "no server");
    }
    answering_server(const answering_server&) = delete;
    answering_server& operator=(const answering_server&) = delete;
    ~answering_server() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(port_) + "/forest/health";
    }

private:
    pid_t child_ = -1;
    std::uint16_t port_ = 0;
};

double cpu_microseconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

// Performs GETs one after the other.
template <typename Transport>
struct caller {
    caller(Transport made, const url& target, std::size_t& left)
        : transport{std::move(made)}, asked{.target = target}, left_{left} {
        (void)asked.fields.add("X_TIMESTAMP", "2026-01-01T00:00:00.000Z");
        (void)asked.fields.add("X_SIGNATURE", std::string(64, 'a'));
    }

    void next() {
        if (left_ == 0)
            return;
        --left_;
        transport.async_get(asked, 20s, [this](const reply& answer) {
            require(!answer.error && answer.status == 200, "a check failed");
            next();
        });
    }

    Transport transport;
    request asked;
    std::size_t& left_;
};

// Returns the microseconds of CPU for one GET.
template <typename Make>
double measure(asio::io_context& io, const url& target, std::size_t gets, const Make& make) {
    const auto run = [&](std::size_t left) {
        std::deque<caller<decltype(make())>> callers;
        for (std::size_t each = 0; each < at_a_time; ++each)
            callers.emplace_back(make(), target, left).next();
        io.restart();
        io.run();
    };
    run(at_a_time); // what is made once
    const double before = cpu_microseconds();
    run(gets);
    return (cpu_microseconds() - before) / static_cast<double>(gets);
}

struct contestant {
    const char* name;
    std::function<double(bool reuse)> measure;
    bool reuses;
    std::vector<double> fresh{};
    std::vector<double> reused{};
};

double median(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
    const auto number = [&](int index, std::size_t otherwise) {
        return argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise;
    };
    const std::size_t gets = number(1, 3000);
    const std::size_t rounds = number(2, 5);
    const answering_server answering;
    const url target{answering.url()};
    asio::io_context io;
    const asio_clock clock{io.get_executor()};
    asio::thread_pool threads{at_a_time};

    contestant contestants[] = {
        {"asio_transport",
         [&](bool reuse) {
             return measure(io, target, gets,
                            [&] { return asio_transport{clock, {.reuse_connections = reuse}}; });
         },
         true},
        {"pooled_transport",
         [&](bool reuse) {
             const asio_connection_pool pool{clock, {.reuse_connections = reuse}};
             return measure(io, target, gets, [&] { return pooled_transport{pool}; });
         },
         true},
        {"curl_transport",
         [&](bool reuse) {
             const curl_connections connections{clock, {.reuse_connections = reuse}};
             return measure(io, target, gets, [&] { return curl_transport{connections}; });
         },
         true},
        {"httplib_transport",
         [&](bool) {
             return measure(io, target, gets, [&] { return httplib_transport{clock, threads}; });
         },
         false},
        {"tcp_transport",
         [&](bool) { return measure(io, target, gets, [&] { return tcp_transport{clock}; }); },
         false},
    };
    for (std::size_t round = 0; round < rounds; ++round) {
        for (contestant& each : contestants) {
            each.fresh.push_back(each.measure(false));
            if (each.reuses)
                each.reused.push_back(each.measure(true));
        }
    }
    const double own = median(contestants[0].fresh);
    std::puts("| transport | fresh, us | to asio_transport | kept, us |\n|---|---|---|---|");
    for (contestant& each : contestants) {
        const double fresh = median(each.fresh);
        std::printf("| `%s` | %.1f | %.2f | ", each.name, fresh, fresh / own);
        if (each.reuses)
            std::printf("%.1f |\n", median(each.reused));
        else
            std::puts("|");
    }
}
