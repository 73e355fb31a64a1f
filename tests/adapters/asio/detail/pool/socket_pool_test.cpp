// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/pool/socket_pool.hpp>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;
using asio::ip::tcp;

namespace {

struct counting_user final : pool_user {
    void wake(pooled_socket& socket) override {
        last = &socket;
        ++woken;
        if (then)
            std::exchange(then, {})();
    }
    void expire() override {}

    std::function<void()> then{};
    int woken = 0;
    pooled_socket* last = nullptr;
};

// A pool and a server on the loopback interface.
struct fixture {
    asio::io_context io;
    std::shared_ptr<socket_pool> pool =
        std::make_shared<socket_pool>(io.get_executor(), transport_options{}, 10ms, nullptr);
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};

    // Connects a socket of the pool, waits for bytes on it, and returns its peer.
    tcp::socket open(pooled_socket& socket) {
        BOOST_REQUIRE(!socket.socket.connect(acceptor.local_endpoint()));
        tcp::socket peer = acceptor.accept();
        pool->await(socket, EPOLLIN);
        return peer;
    }

    // Sends a byte, and returns when it has arrived.
    static void send(tcp::socket& peer, const pooled_socket& socket) {
        asio::write(peer, asio::buffer("x", 1));
        pollfd arrived{.fd = socket.socket.native_handle(), .events = POLLIN, .revents = 0};
        BOOST_REQUIRE(::poll(&arrived, 1, 5000) == 1);
    }

    // Performs what is ready, until nothing is.
    void run_ready() {
        while (io.poll() > 0) {
        }
        io.restart();
    }

    void run_until(const std::function<bool()>& holds) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!holds() && std::chrono::steady_clock::now() < end) {
            io.run_one_for(100ms);
            io.restart();
        }
        BOOST_REQUIRE(holds());
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(socket_pool_test, fixture)

BOOST_AUTO_TEST_CASE(two_sockets_that_are_ready_at_once_wake_their_users) {
    counting_user a;
    counting_user b;
    pooled_socket& first = pool->lend(a);
    pooled_socket& second = pool->lend(b);
    tcp::socket peer_of_first = open(first);
    tcp::socket peer_of_second = open(second);
    send(peer_of_first, first);
    send(peer_of_second, second);
    run_until([&] { return a.woken + b.woken > 0; });
    BOOST_TEST(a.woken == 1, "both come with one poll");
    BOOST_TEST(b.woken == 1);
    pool->put_back(first);
    pool->put_back(second);
}

// The second event of the poll belongs to a connection that is gone. On the new one nothing has
// arrived.
BOOST_AUTO_TEST_CASE(an_event_of_a_socket_that_another_event_reopened_is_void) {
    std::array<counting_user, 2> users;
    std::array<pooled_socket*, 2> sockets{};
    std::array<std::optional<tcp::socket>, 2> peers;
    for (std::size_t index = 0; index < 2; ++index) {
        sockets[index] = &pool->lend(users[index]);
        peers[index] = open(*sockets[index]);
        users[index].then = [&, other = 1 - index] {
            pool->drop(*sockets[other]);
            peers[other] = open(*sockets[other]);
            users[other].then = {};
        };
    }
    send(*peers[0], *sockets[0]);
    send(*peers[1], *sockets[1]);
    run_until([&] { return users[0].woken + users[1].woken > 0; });
    run_ready();
    BOOST_TEST(users[0].woken + users[1].woken == 1);
    const std::size_t reopened = users[0].woken == 0 ? 0 : 1;
    send(*peers[reopened], *sockets[reopened]);
    run_until([&] { return users[reopened].woken > 0; });
    run_ready();
    BOOST_TEST(users[0].woken == 1);
    BOOST_TEST(users[1].woken == 1);
    for (pooled_socket* each : sockets)
        pool->put_back(*each);
}

// The same, but the place of the socket has another user now.
BOOST_AUTO_TEST_CASE(an_event_of_a_socket_that_was_lent_again_is_void) {
    std::array<counting_user, 3> users;
    std::array<pooled_socket*, 2> sockets{};
    std::array<std::optional<tcp::socket>, 3> peers;
    pooled_socket* again = nullptr;
    for (std::size_t index = 0; index < 2; ++index) {
        sockets[index] = &pool->lend(users[index]);
        peers[index] = open(*sockets[index]);
        users[index].then = [&, other = 1 - index] {
            pool->put_back(*std::exchange(sockets[other], nullptr));
            again = &pool->lend(users[2]);
            peers[2] = open(*again);
        };
    }
    const auto places = std::pair{sockets[0]->place, sockets[1]->place};
    send(*peers[0], *sockets[0]);
    send(*peers[1], *sockets[1]);
    run_until([&] { return again != nullptr; });
    run_ready();
    BOOST_TEST((again->place == places.first || again->place == places.second));
    BOOST_TEST(users[0].woken + users[1].woken == 1);
    BOOST_TEST(users[2].woken == 0);
    send(*peers[2], *again);
    run_until([&] { return users[2].woken > 0; });
    BOOST_TEST(users[2].last == again);
    pool->put_back(*again);
    for (pooled_socket* each : sockets)
        if (each != nullptr)
            pool->put_back(*each);
}

BOOST_AUTO_TEST_SUITE_END()
