// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/obedient_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/conformance.hpp>

#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// The models on Asio and OpenSSL, held to their promises in real time and over real sockets.

namespace {

namespace data = boost::unit_test::data;
namespace conformance = forest::sim::conformance;
using namespace std::chrono_literals;
using forest::duration;
using forest::steady_time;

void expect_none(const std::vector<conformance::violation>& found) {
    for (const auto& each : found)
        BOOST_ERROR(to_string(each));
}

/// Real time, on an io_context with as many threads as wanted.
struct real_time {
    asio::io_context io;
    asio::io_context::executor_type context = io.get_executor();
    asio::executor_work_guard<asio::io_context::executor_type> work{context};
    std::size_t further_threads = 0;

    [[nodiscard]] steady_time now() const { return std::chrono::steady_clock::now(); }

    bool run_until(const std::function<bool()>& holds, duration bound) {
        const auto end = std::chrono::steady_clock::now() + bound;
        io.restart();
        {
            std::vector<std::jthread> threads(further_threads);
            for (auto& each : threads)
                each = std::jthread{[this, end] { io.run_until(end); }};
            // Another thread may do what makes it hold.
            while (!holds() && std::chrono::steady_clock::now() < end)
                io.run_one_for(std::min<duration>(5ms, end - std::chrono::steady_clock::now()));
            io.stop();
        }
        return holds();
    }

    [[nodiscard]] bool in_context() const { return context.running_in_this_thread(); }

    // What it throws comes back.
    void elsewhere(const std::function<void()>& what) {
        std::async(std::launch::async, what).get();
    }

    /// On a busy machine, sanitizers and all.
    [[nodiscard]] duration tolerance() const { return 5s; }
};

struct asio_clocks : real_time {
    forest::asio_clock first{context};

    // Copies, because handlers of clocks made apart need not take turns.
    forest::asio_clock make() { return first; }
};

struct asio_transports : real_time {
    forest::asio_clock clock{context};
    forest::test::obedient_peer peer{io};
    forest::transport_options options;

    forest::asio_transport make() { return forest::asio_transport{clock, options}; }
    [[nodiscard]] std::string target() const { return peer.url(); }

    bool plan(const conformance::peer_plan& what) {
        peer.plan = what;
        return true;
    }

    void release() { peer.release(); }

    [[nodiscard]] const std::vector<conformance::peer_request>& received() const {
        return peer.requests;
    }
};

// All made from one pool, as those of a fleet.
struct pooled_transports : asio_transports {
    std::optional<forest::asio_connection_pool> pool;

    forest::pooled_transport make() {
        if (!pool)
            pool.emplace(clock, options);
        return forest::pooled_transport{*pool};
    }

    // One thread calls it, and no other.
    void elsewhere(const std::function<void()>& what) { what(); }
};

struct asio_servers : real_time {
    forest::asio_server tested{context};

    asio_servers() {
        if (const std::error_code ec = tested.listen("127.0.0.1", 0))
            throw std::system_error{ec};
    }

    forest::asio_server& server() { return tested; }

    void send(std::string bytes, std::function<void(std::string)> done) {
        struct exchange {
            asio::ip::tcp::socket socket;
            std::string bytes;
            std::string answer;
        };
        const auto one = std::make_shared<exchange>(asio::ip::tcp::socket{io}, std::move(bytes));
        one->socket.connect({asio::ip::address_v4::loopback(), tested.port()});
        asio::async_write(one->socket, asio::buffer(one->bytes),
                          [one](std::error_code, std::size_t) {});
        asio::async_read(one->socket, asio::dynamic_buffer(one->answer),
                         [one, done = std::move(done)](std::error_code, std::size_t) {
                             done(std::move(one->answer));
                         });
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(conformance_test)

BOOST_DATA_TEST_CASE(asio_clock_conforms_on_one_thread_and_on_more, data::make({0, 3}), threads) {
    asio_clocks clocks;
    clocks.further_threads = static_cast<std::size_t>(threads);
    expect_none(conformance::check_clock(clocks));
}

BOOST_DATA_TEST_CASE(asio_transport_conforms_with_and_without_kept_connections,
                     data::make({false, true}), reuse) {
    asio_transports transports;
    transports.options.reuse_connections = reuse;
    expect_none(conformance::check_transport(transports));
}

BOOST_DATA_TEST_CASE(pooled_transport_conforms_with_and_without_kept_connections,
                     data::make({false, true}), reuse) {
    pooled_transports transports;
    transports.options.reuse_connections = reuse;
    expect_none(conformance::check_transport(transports));
}

BOOST_AUTO_TEST_CASE(asio_server_conforms) {
    expect_none(conformance::check_server(asio_servers{}));
}

BOOST_AUTO_TEST_CASE(hmac_sha256_signer_conforms_with_both_styles_of_names) {
    for (const auto style : {forest::header_style::underscore, forest::header_style::dash})
        expect_none(conformance::check_signer([style](std::string_view secret) {
            return forest::hmac_sha256_signer{secret, style};
        }));
}

BOOST_AUTO_TEST_SUITE_END()
