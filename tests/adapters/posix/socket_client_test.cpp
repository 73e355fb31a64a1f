// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/posix/detail/descriptor.hpp>
#include <forest/adapters/posix/socket_client.hpp>

#include <boost/test/unit_test.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <string>

using namespace forest;

namespace {

// Accepts connections, and neither answers nor closes them.
struct silent_server {
    forest::detail::descriptor socket = forest::detail::tcp_socket();
    std::uint16_t port = 0;

    silent_server() {
        sockaddr_in address = forest::detail::loopback(0);
        socklen_t size = sizeof address;
        auto* const bound = reinterpret_cast<sockaddr*>(&address);
        BOOST_REQUIRE(::bind(socket.number(), bound, size) == 0);
        BOOST_REQUIRE(::listen(socket.number(), 4096) == 0);
        BOOST_REQUIRE(::getsockname(socket.number(), bound, &size) == 0);
        port = ntohs(address.sin_port);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(socket_client_test)

BOOST_AUTO_TEST_CASE(a_client_that_is_destroyed_before_it_has_connected_does_not_wait) {
    const silent_server server;
    std::atomic<int> empty_answers = 0;
    constexpr int clients = 500;
    for (int client = 0; client < clients; ++client) {
        sim::conformance::socket_client passing;
        passing.send(server.port, "GET / HTTP/1.1\r\n\r\n",
                     [&](const std::string& answer) { empty_answers += answer.empty() ? 1 : 0; });
    }
    BOOST_TEST(empty_answers == clients);
}

BOOST_AUTO_TEST_SUITE_END()
