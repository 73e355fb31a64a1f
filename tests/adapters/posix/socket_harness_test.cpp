// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/posix/detail/descriptor.hpp>
#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/sim/conformance/peer.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace forest;
using namespace std::chrono_literals;
using sim::conformance::peer_act;

namespace {

namespace data = boost::unit_test::data;

constexpr std::string_view body = "the body of the answer";

/// The client of one harness talks to the peer of the other one.
struct conversation {
    std::mutex mutex;
    std::optional<std::string> received; // until the peer has closed the connection

    sim::conformance::transport_over_sockets transports;
    sim::conformance::server_over_sockets servers;

    bool plan(peer_act act, bool chunked = false) {
        return transports.plan({.act = act,
                                .status = 203,
                                .fields = "X-Answer: 1\r\n",
                                .body = std::string{body},
                                .chunked = chunked});
    }

    void send(std::string_view fields = "") {
        const url target{transports.target()};
        {
            const std::lock_guard lock{mutex};
            received.reset();
        }
        servers.port = target.port();
        servers.send(std::string{"GET "}
                         .append(target.target())
                         .append(" HTTP/1.1\r\n")
                         .append(fields)
                         .append("Connection: close\r\n\r\n"),
                     [this](std::string bytes) {
                         const std::lock_guard lock{mutex};
                         received = std::move(bytes);
                     });
    }

    bool ends(duration limit = 20s) {
        return servers.run_until(
            [this] {
                const std::lock_guard lock{mutex};
                return received.has_value();
            },
            limit);
    }

    std::string answer() {
        BOOST_TEST_REQUIRE(ends());
        const std::lock_guard lock{mutex};
        return *received;
    }

    bool has_arrived(std::size_t requests) {
        return transports.run_until([&] { return transports.received().size() == requests; }, 20s);
    }
};

} // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(peer_act)

BOOST_AUTO_TEST_SUITE(socket_harness_test)

BOOST_DATA_TEST_CASE(the_peer_sends_the_answer_that_is_planned, data::make({false, true}),
                     chunked) {
    conversation pair;
    BOOST_TEST(pair.plan(peer_act::answer, chunked));
    pair.send();
    const std::string answer = pair.answer();
    BOOST_TEST(answer.starts_with("HTTP/1.1 203 \r\nX-Answer: 1\r\n"), answer);
    BOOST_TEST(answer.ends_with(body) == !chunked, answer);
    BOOST_TEST((answer.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos) == chunked,
               answer);
}

BOOST_AUTO_TEST_CASE(the_peer_records_each_request_and_its_connection) {
    conversation pair;
    pair.plan(peer_act::answer);
    for (const std::string_view fields : {"X-Number: 1\r\n", "X-Number: 2\r\n"}) {
        pair.send(fields);
        pair.answer();
    }
    const auto requests = pair.transports.received();
    BOOST_TEST_REQUIRE(requests.size() == 2U);
    for (const auto& each : requests)
        BOOST_TEST(each.target == "/path/to?query=1%202");
    BOOST_TEST(requests[1].fields == "X-Number: 2\r\nConnection: close\r\n");
    BOOST_TEST(requests[0].connection != requests[1].connection);
}

BOOST_AUTO_TEST_CASE(a_held_answer_comes_when_it_is_released) {
    conversation pair;
    pair.plan(peer_act::hold);
    pair.send();
    BOOST_TEST_REQUIRE(pair.has_arrived(1));
    BOOST_TEST(!pair.ends(50ms));
    pair.transports.release();
    BOOST_TEST(pair.answer().ends_with(body));
}

BOOST_AUTO_TEST_CASE(a_silent_peer_takes_the_request_and_sends_nothing) {
    conversation pair;
    pair.plan(peer_act::silence);
    pair.send();
    BOOST_TEST(pair.has_arrived(1));
    BOOST_TEST(!pair.ends(50ms));
}

BOOST_AUTO_TEST_CASE(a_refusing_peer_accepts_no_connection) {
    conversation pair;
    pair.plan(peer_act::refuse);
    pair.send();
    BOOST_TEST(pair.answer().empty());
    BOOST_TEST(pair.transports.received().empty());
}

BOOST_DATA_TEST_CASE(a_peer_that_breaks_off_sends_no_whole_answer,
                     data::make({peer_act::reset, peer_act::truncate}), act) {
    conversation pair;
    pair.plan(act);
    pair.send();
    const std::string answer = pair.answer();
    BOOST_TEST(!answer.ends_with(body), answer);
    if (act == peer_act::truncate) // What came before a reset may be lost.
        BOOST_TEST(answer.starts_with("HTTP/1.1 203 \r\nX-Answer: 1\r\n"), answer);
}

BOOST_AUTO_TEST_CASE(garbage_is_no_http) {
    conversation pair;
    pair.plan(peer_act::garbage);
    pair.send();
    const std::string answer = pair.answer();
    BOOST_TEST(!answer.empty());
    BOOST_TEST(answer.find("HTTP/1") == std::string::npos, answer);
}

BOOST_AUTO_TEST_CASE(a_dripping_peer_sends_its_first_byte_alone) {
    conversation pair;
    pair.plan(peer_act::drip);
    const forest::detail::descriptor socket = forest::detail::tcp_socket();
    const sockaddr_in address = forest::detail::loopback(url{pair.transports.target()}.port());
    BOOST_TEST_REQUIRE(::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address),
                                 sizeof address) == 0);
    constexpr std::string_view request = "GET / HTTP/1.1\r\n\r\n";
    BOOST_TEST_REQUIRE(::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) ==
                       static_cast<ssize_t>(request.size()));
    std::array<char, 64> bytes{};
    BOOST_TEST(::recv(socket.number(), bytes.data(), bytes.size(), 0) == 1);
    BOOST_TEST(bytes[0] == 'H');
}

BOOST_AUTO_TEST_SUITE_END()
