// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/error.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>
#include <forest/probes.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

// Requests of other methods, and with fields of their own, over both transports on sockets (B24).

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = 20s;

// Answers every request with the same bytes, and keeps the requests.
struct recording_server {
    explicit recording_server(std::string bytes)
        : answer{std::move(bytes)}, peer{[this](peer_connection& connection) {
              for (std::string text; !(text = connection.read_request()).empty();) {
                  {
                      const std::lock_guard lock{mutex};
                      requests.push_back(text);
                  }
                  connection.send(answer);
              }
          }} {}

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(peer.port()) + "/";
    }

    [[nodiscard]] std::vector<std::string> seen() {
        const std::lock_guard lock{mutex};
        return requests;
    }

    std::string answer;
    std::mutex mutex;
    std::vector<std::string> requests;
    bad_peer peer;
};

template <typename Transport>
verdict check(asio::io_context& io, Transport& transport, const auto& probe,
              const std::string& target) {
    request get{.target = target};
    probe.prepare(get);
    verdict result;
    transport.async_get(get, limit, [&](const reply& answer) {
        result = probe.judge(answer, {});
        io.stop();
    });
    io.restart();
    io.run();
    return result;
}

// The length is that of the body for a GET: a client that waits for it gets nothing.
const std::string without_body = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

template <typename Transport>
void test_head(asio::io_context& io, Transport& transport) {
    recording_server server{without_body};
    const auto probe = probes::status(200).header("Host", "shop.example").method("HEAD");
    for (int times = 0; times < 2; ++times) {
        const verdict result = check(io, transport, probe, server.url());
        BOOST_TEST(result.error == std::error_code{});
        BOOST_TEST(result.status == 200);
    }
    const auto seen = server.seen();
    BOOST_TEST_REQUIRE(seen.size() == 2U);
    for (const std::string& each : seen) {
        BOOST_TEST(each.starts_with("HEAD / HTTP/1.1\r\nUser-Agent: forest/"));
        BOOST_TEST(each.find("\r\nHost: shop.example\r\n") != std::string::npos);
        BOOST_TEST(each.find("127.0.0.1") == std::string::npos);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(probed_transports_test)

BOOST_AUTO_TEST_CASE(B24_head_over_an_asio_transport_waits_for_no_body) {
    asio::io_context io;
    asio_transport transport{asio_clock{io.get_executor()}, {.reuse_connections = true}};
    test_head(io, transport);
}

BOOST_AUTO_TEST_CASE(B24_head_over_a_pooled_transport_waits_for_no_body) {
    asio::io_context io;
    pooled_transport transport{
        asio_connection_pool{asio_clock{io.get_executor()}, {.reuse_connections = true}}};
    test_head(io, transport);
}

BOOST_AUTO_TEST_CASE(B24_a_get_after_a_head_reads_its_body) {
    recording_server server{"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nin stock"};
    asio::io_context io;
    asio_transport transport{asio_clock{io.get_executor()}};
    auto probe = probes::status(200);
    (void)check(io, transport, probe.method("HEAD"), server.url());
    probe.body_has("stock");
    BOOST_TEST(check(io, transport, probe, server.url()).error == std::error_code{});
    probe.body_has("sold");
    BOOST_TEST(check(io, transport, probe, server.url()).error == errc::unexpected_body);
}

BOOST_AUTO_TEST_CASE(B24_a_single_check_takes_a_probe) {
    recording_server server{"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"};
    asio::io_context io;
    verdict result;
    async_check(io.get_executor(), single_check{.target = server.url(), .timeout = limit},
                unsigned_requests{}, probes::status(300, 399).header("Accept", "text/html"),
                [&](const verdict& answer) {
                    result = answer;
                    io.stop();
                });
    io.run();
    BOOST_TEST(result.healthy());
    BOOST_TEST(result.status == 302);
    BOOST_TEST_REQUIRE(server.seen().size() == 1U); // No redirect was followed.
    BOOST_TEST(server.seen().front().find("Accept: text/html\r\n") != std::string::npos);
    BOOST_TEST(server.seen().front().find("application/json") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
