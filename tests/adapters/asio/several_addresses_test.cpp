// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/one_check.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/policy/resolver.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// Names with several addresses (RFC 8305), over sockets: each server has an address of its own and
// the same port. The decisions themselves are tested in core/detail/logic/get_machine_test.cpp.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

const std::error_code none;
constexpr auto deadline = 20s;

ip_address loopback(std::uint8_t last) {
    return {.bytes = {127, 0, 0, last}};
}

// The addresses that every name has, as the test says.
struct name_service {
    std::mutex mutex;
    std::vector<ip_address> addresses;
    int lookups = 0;
};

class fixed_resolver {
public:
    explicit fixed_resolver(std::shared_ptr<name_service> service) : service_{std::move(service)} {}
    ~fixed_resolver() {
        for (std::thread& each : threads_)
            each.join();
    }
    fixed_resolver(const fixed_resolver&) = delete;
    fixed_resolver& operator=(const fixed_resolver&) = delete;

    template <typename Handler>
    void async_resolve(std::string_view, Handler handler) {
        threads_.emplace_back([this, handler = std::move(handler)]() mutable {
            std::vector<ip_address> found;
            {
                const std::lock_guard lock{service_->mutex};
                ++service_->lookups;
                found = service_->addresses;
            }
            handler(resolution{.addresses = found, .lifetime = 1h});
        });
    }

private:
    std::shared_ptr<name_service> service_;
    std::vector<std::thread> threads_;
};

#if defined(FOREST_TEST_POOLED_TRANSPORT)
using transport_type = basic_pooled_transport<fixed_resolver>;
#else
using transport_type = basic_asio_transport<fixed_resolver>;
#endif

// One transport whose names have the given addresses.
class named_getter {
public:
    explicit named_getter(std::vector<ip_address> addresses, const transport_options& settings = {})
        : service{std::make_shared<name_service>()},
          names{io.get_executor(), resolver_limits{}, service},
#if defined(FOREST_TEST_POOLED_TRANSPORT)
          transport {
        basic_asio_connection_pool<fixed_resolver> {
            clock, names, settings
        }
    }
#else
          transport{clock, names, settings}
#endif
    { service->addresses = std::move(addresses); }

    kept_reply get(std::uint16_t port, duration timeout = deadline) {
        asked = {};
        asked.target = "http://several.test:" + std::to_string(port) + "/forest/health";
        kept_reply result;
        int calls = 0;
        const auto began = std::chrono::steady_clock::now();
        transport.async_get(asked, timeout, [&](const reply& answer) {
            ++calls;
            result.keep(answer);
            result.elapsed = std::chrono::steady_clock::now() - began;
        });
        io.restart();
        io.run_for(timeout + margin);
        BOOST_TEST(io.stopped());
        BOOST_TEST(calls == 1);
        return result;
    }

    asio::io_context io;
    asio_clock clock{io.get_executor()};
    std::shared_ptr<name_service> service;
    basic_asio_names<fixed_resolver> names;
    request asked;
    transport_type transport;
};

// Swallows connections: with a full backlog Linux drops the handshake, as a firewall would.
class black_hole {
public:
    black_hole(const char* host, std::uint16_t port) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        ::inet_pton(AF_INET, host, &address.sin_addr);
        const auto* const plain = reinterpret_cast<const sockaddr*>(&address);
        BOOST_TEST_REQUIRE(::bind(listener_, plain, sizeof address) == 0);
        BOOST_TEST_REQUIRE(::listen(listener_, 0) == 0);
        for (int& each : fillers_) {
            each = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            (void)::connect(each, plain, sizeof address);
        }
    }
    black_hole(const black_hole&) = delete;
    black_hole& operator=(const black_hole&) = delete;
    ~black_hole() {
        for (const int each : fillers_)
            ::close(each);
        ::close(listener_);
    }

private:
    int listener_ = -1;
    int fillers_[2] = {-1, -1};
};

} // namespace

BOOST_AUTO_TEST_SUITE(several_addresses_test)

BOOST_AUTO_TEST_CASE(a_black_hole_costs_a_quarter_of_a_second_and_only_once) {
    bad_peer server{answering(std::string{healthy_answer}), "127.0.0.2", 0};
    const black_hole first{"127.0.0.3", server.port()};
    named_getter client{{loopback(3), loopback(2)}};
    const kept_reply result = client.get(server.port());
    BOOST_TEST(result.error == none);
    BOOST_TEST((result.elapsed >= 250ms));
    BOOST_TEST(result.connections_opened == 2U);
    const kept_reply next = client.get(server.port());
    BOOST_TEST(next.error == none);
    BOOST_TEST(next.connections_opened == 1U);
}

BOOST_AUTO_TEST_CASE(an_address_that_refuses_costs_nothing) {
    bad_peer server{answering(std::string{healthy_answer}), "127.0.0.2", 0};
    named_getter client{{loopback(3), loopback(4), loopback(2)}};
    const kept_reply result = client.get(server.port());
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.connections_opened == 3U);
    BOOST_TEST(client.get(server.port()).connections_opened == 1U);
}

BOOST_AUTO_TEST_CASE(an_address_that_answers_late_keeps_its_time) {
    constexpr auto timeout = 1s;
    bad_peer server{[](peer_connection& client) {
                        client.read_request();
                        std::this_thread::sleep_for(650ms);
                        client.send(healthy_answer);
                    },
                    "127.0.0.2", 0};
    bad_peer other{answering(std::string{healthy_answer}), "127.0.0.3", server.port()};
    named_getter client{{loopback(2), loopback(3)}};
    const kept_reply result = client.get(server.port(), timeout);
    // On a machine under load the answer may come too late, but never from another address.
    BOOST_TEST((result.error == none || result.error == make_error_code(errc::timed_out)));
    BOOST_TEST(other.accepted() == 0);
}

BOOST_AUTO_TEST_CASE(B5_a_silent_address_beside_one_that_refuses_is_a_timeout) {
    bad_peer silent{[](peer_connection& client) { client.wait_for_close(); }, "127.0.0.2", 0};
    for (const bool refused_first : {false, true}) {
        named_getter client{refused_first ? std::vector{loopback(3), loopback(2)}
                                          : std::vector{loopback(2), loopback(3)}};
        BOOST_TEST(client.get(silent.port(), 300ms).error == make_error_code(errc::timed_out));
    }
}

BOOST_AUTO_TEST_CASE(B5_a_black_hole_beside_an_address_that_refuses_is_a_timeout) {
    bad_peer somewhere{answering(std::string{healthy_answer}), "127.0.0.9", 0};
    const black_hole swallows{"127.0.0.2", somewhere.port()};
    named_getter client{{loopback(3), loopback(2)}};
    BOOST_TEST(client.get(somewhere.port(), 300ms).error == make_error_code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(B5_all_addresses_that_refuse_are_a_refused_connection) {
    named_getter client{{loopback(3), loopback(2)}};
    const kept_reply result = client.get(1, deadline);
    BOOST_TEST(result.error == make_error_code(errc::connection_refused));
    BOOST_TEST(result.connections_opened == 2U);
}

BOOST_AUTO_TEST_CASE(an_address_that_does_not_answer_any_more_loses_its_place) {
    std::optional<bad_peer> good;
    good.emplace(answering(std::string{healthy_answer}), "127.0.0.2", 0);
    const std::uint16_t port = good->port();
    bad_peer other{answering(std::string{healthy_answer}), "127.0.0.3", port};
    named_getter client{{loopback(2), loopback(3)}};
    BOOST_TEST(client.get(port).connections_opened == 1U);
    good.reset();
    BOOST_TEST(client.get(port).connections_opened == 2U);
    BOOST_TEST(client.get(port).connections_opened == 1U);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_goes_where_its_name_leads_elsewhere) {
    bad_peer before{answering(std::string{healthy_answer}), "127.0.0.2", 0};
    bad_peer after{answering(std::string{healthy_answer}), "127.0.0.3", before.port()};
    named_getter client{{loopback(2)}, {.reuse_connections = true}};
    BOOST_TEST(client.get(before.port()).error == none);
    BOOST_TEST(client.get(before.port()).connections_opened == 0U);
    // A refused connection makes the name be looked up again.
    {
        const std::lock_guard lock{client.service->mutex};
        client.service->addresses = {loopback(3)};
    }
    client.asked = {};
    const kept_reply elsewhere = client.get(1, 300ms); // no server at either address
    BOOST_TEST(elsewhere.error == make_error_code(errc::connection_refused));
    const kept_reply moved = client.get(before.port());
    BOOST_TEST(moved.error == none);
    BOOST_TEST(moved.connections_opened == 1U);
    BOOST_TEST(after.accepted() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
