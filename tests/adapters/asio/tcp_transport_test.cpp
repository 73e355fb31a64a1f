// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/on_asio.hpp>
#include <adapters/support/one_check.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/asio/tcp_transport.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/policy/signer.hpp>

#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

// A connection that opens is healthy.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace data = boost::unit_test::data;

namespace {

constexpr auto deadline = 20s;
const std::error_code none;

std::error_code code(errc value) {
    return make_error_code(value);
}

// The name has these addresses, 127.0.0.x each.
class loopback_resolver {
public:
    explicit loopback_resolver(std::vector<std::uint8_t> last_bytes) {
        for (const std::uint8_t each : last_bytes)
            addresses_.push_back({.bytes = {127, 0, 0, each}});
    }

    template <typename Handler>
    void async_resolve(std::string_view, Handler handler) {
        std::thread{[handler, found = addresses_] {
            handler(resolution{.addresses = found});
        }}.join();
    }

private:
    std::vector<ip_address> addresses_;
};

template <typename Transport>
struct connecting {
    template <typename... Arguments>
    explicit connecting(asio_clock& clock, const Arguments&... arguments)
        : transport{clock, arguments...} {}

    kept_reply get(asio::io_context& io, std::string_view target, duration timeout = deadline) {
        kept_reply result;
        int calls = 0;
        bool inside = true;
        asked.target = target;
        const auto began = std::chrono::steady_clock::now();
        transport.async_get(asked, timeout, [&](const reply& answer) {
            ++calls;
            BOOST_TEST(!inside);
            result.keep(answer);
            result.elapsed = std::chrono::steady_clock::now() - began;
        });
        inside = false;
        io.restart();
        io.run_for(timeout + margin);
        BOOST_TEST(io.stopped());
        BOOST_TEST(calls == 1);
        return result;
    }

    Transport transport;
    request asked;
};

struct on_loopback {
    asio::io_context io;
    asio_clock clock{io.get_executor()};
    connecting<tcp_transport> tcp{clock};
};

// What arrives at a peer that only reads.
struct listening {
    std::atomic<int> bytes = 0;
    std::atomic<int> ended = 0;
    bad_peer peer{[this](peer_connection& client) {
        std::array<char, 64> some;
        ssize_t count = 0;
        while ((count = ::recv(client.native_handle(), some.data(), some.size(), 0)) > 0)
            bytes += static_cast<int>(count);
        ended += count == 0 ? 1 : 0;
    }};

    [[nodiscard]] std::string url() const {
        return "tcp://127.0.0.1:" + std::to_string(peer.port());
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_transport_test, on_loopback)

BOOST_AUTO_TEST_CASE(a_connection_that_opens_is_healthy_and_nothing_is_sent) {
    {
        listening silent;
        const kept_reply result = tcp.get(io, silent.url());
        BOOST_TEST(result.error == none);
        BOOST_TEST(result.status == 200);
        BOOST_TEST(result.body == R"({"status":"ok"})");
        BOOST_TEST(result.connections_opened == 1U);
        BOOST_TEST(result.timings.connect.has_value());
        BOOST_TEST(!result.timings.tls.has_value());
        BOOST_TEST(!result.timings.first_byte.has_value());
        BOOST_TEST(result.timings.total.has_value());
        for (int round = 0; round < 2000 && silent.ended == 0; ++round)
            std::this_thread::sleep_for(10ms);
        BOOST_TEST(silent.ended == 1); // with FIN
        BOOST_TEST(silent.bytes == 0);
    }
}

BOOST_DATA_TEST_CASE(each_scheme_leads_to_its_host_and_port,
                     data::make({"tcp", "http", "https", "TCP"}), scheme) {
    listening silent;
    const kept_reply result =
        tcp.get(io, silent.peer.url(scheme).substr(0, silent.peer.url(scheme).find("/forest")));
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.status == 200);
    BOOST_TEST(silent.bytes == 0);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_that_accepts_is_healthy) {
    const std::string path = "/tmp/forest-tcp-transport-" + std::to_string(::getpid());
    ::unlink(path.c_str());
    std::string url = "http+unix://";
    for (const char byte : path)
        url += byte == '/' ? std::string{"%2F"} : std::string{byte};
    BOOST_TEST(tcp.get(io, url).error == code(errc::connection_refused));
    {
        bad_peer peer{[](peer_connection& client) { client.wait_for_close(); }, path};
        BOOST_TEST(tcp.get(io, url).error == none);
    }
    ::unlink(path.c_str());
}

BOOST_AUTO_TEST_CASE(B5_a_port_on_which_nothing_listens_is_refused) {
    const kept_reply result = tcp.get(io, "tcp://127.0.0.1:" + std::to_string(refused_port()));
    BOOST_TEST(result.error == code(errc::connection_refused));
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.body.empty());
}

BOOST_AUTO_TEST_CASE(B5_an_address_that_swallows_everything_times_out) {
    // A listener whose queue is full does not answer.
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    BOOST_REQUIRE(::bind(listener, plain, size) == 0);
    BOOST_REQUIRE(::listen(listener, 0) == 0);
    BOOST_REQUIRE(::getsockname(listener, plain, &size) == 0);
    std::array<int, 4> waiting{};
    for (int& each : waiting) {
        each = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)::connect(each, plain, size);
    }
    const kept_reply result =
        tcp.get(io, "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)), 300ms);
    BOOST_TEST(result.error == code(errc::timed_out));
    BOOST_TEST((result.elapsed >= 300ms));
    for (const int each : waiting)
        ::close(each);
    ::close(listener);
}

BOOST_AUTO_TEST_CASE(all_addresses_of_a_name_are_tried) {
    bad_peer second{[](peer_connection& client) { client.wait_for_close(); }, "127.0.0.2", 0};
    const basic_asio_names<loopback_resolver> names{io.get_executor(), resolver_limits{},
                                                    std::vector<std::uint8_t>{1, 2}};
    connecting<basic_tcp_transport<loopback_resolver>> client{clock, names};
    const std::string url = "tcp://two.test:" + std::to_string(second.port());
    const kept_reply first = client.get(io, url);
    BOOST_TEST(first.error == none);
    BOOST_TEST(first.connections_opened == 2U);
    BOOST_TEST(client.get(io, url).connections_opened == 1U); // the one that answers goes first
}

BOOST_AUTO_TEST_CASE(a_cancelled_attempt_ends) {
    listening silent;
    std::error_code error;
    int calls = 0;
    tcp.asked.target = silent.url();
    tcp.transport.async_get(tcp.asked, deadline, [&](const reply& answer) {
        error = answer.error;
        ++calls;
    });
    tcp.transport.cancel();
    BOOST_TEST(calls == 0);
    io.run_for(deadline);
    BOOST_TEST(calls == 1);
    BOOST_TEST(error == code(errc::operation_canceled));
    BOOST_TEST(tcp.get(io, silent.url()).error == none);
}

BOOST_AUTO_TEST_CASE(the_scheme_alone_makes_other_transports_on_asio_only_connect) {
    listening silent;
    {
        connecting<asio_transport> client{clock, transport_options{.reuse_connections = true}};
        const kept_reply result = client.get(io, silent.url());
        BOOST_TEST(result.error == none);
        BOOST_TEST(result.status == 200);
    }
    asio_connection_pool pool{clock, {.reuse_connections = true}};
    pooled_transport client{pool};
    request asked{.target = silent.url()};
    kept_reply result;
    client.async_get(asked, deadline, [&](const reply& answer) { result.keep(answer); });
    io.restart();
    io.run_for(deadline);
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.status == 200);
    BOOST_TEST(!client.keeps_connection_to(asked.target));
    BOOST_TEST(silent.bytes == 0);
}

BOOST_AUTO_TEST_CASE(a_client_without_a_secret_follows_a_port) {
    std::optional<listening> server;
    server.emplace();
    basic_health_client client{
        tcp_transport{clock}, clock,
        unsigned_requests{},  constant_backoff{},
        server->url(),        {.interval = 20ms, .timeout = 2s, .failure_threshold = 1}};
    std::vector<event_kind> seen;
    client.on_event([&](const event& happened) {
        if (happened.kind == event_kind::check_succeeded && seen.empty()) {
            seen.push_back(happened.kind);
            server.reset();
        }
        if (happened.kind == event_kind::server_down) {
            seen.push_back(happened.kind);
            client.stop();
        }
    });
    client.start();
    io.run_for(deadline);
    BOOST_TEST((seen == std::vector{event_kind::check_succeeded, event_kind::server_down}));
}

BOOST_AUTO_TEST_CASE(a_fleet_of_200_ports) {
    constexpr std::size_t count = 200;
    listening silent;
    basic_health_fleet fleet{[this] { return tcp_transport{clock}; }, clock, unsigned_requests{},
                             constant_backoff{}};
    std::size_t succeeded = 0;
    fleet.on_event([&](const event& happened) {
        BOOST_TEST((happened.kind != event_kind::check_failed));
        if (happened.kind == event_kind::check_succeeded && ++succeeded == count)
            fleet.stop();
    });
    for (std::size_t index = 0; index < count; ++index)
        fleet.add(url{silent.url()}, {.interval = 10s, .initial_delay_max = 100ms});
    fleet.start();
    io.run_for(60s);
    BOOST_TEST(succeeded == count);
    BOOST_TEST(silent.bytes == 0);
}

BOOST_AUTO_TEST_SUITE_END()
