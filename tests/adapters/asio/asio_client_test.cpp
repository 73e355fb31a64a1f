// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/health_client.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

// The life cycle of a client (B13 to B18) over real sockets, real time and real threads.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

using client_type =
    basic_health_client<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

constexpr auto limit = 20s;
constexpr options fast{.interval = 1ms, .timeout = limit, .failure_threshold = 2};

bool wait_until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(100us);
    }
    return true;
}

// Sockets only: the thread of a sanitizer, say, may open files of its own.
std::size_t open_sockets() {
    std::size_t count = 0;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        const std::string what = std::filesystem::read_symlink(entry.path(), ec).string();
        count += !ec && what.rfind("socket:", 0) == 0 ? 1U : 0U;
    }
    return count;
}

// Accepts, says nothing, and reports when a check has arrived.
struct silent_server {
    std::atomic<int> checks = 0;
    std::atomic<int> closed = 0;
    bad_peer peer{[this](peer_connection& client) {
        client.read_request();
        ++checks;
        client.wait_for_close();
        ++closed;
    }};
};

} // namespace

BOOST_AUTO_TEST_SUITE(asio_client_test)

BOOST_AUTO_TEST_CASE(B7_B8_an_outage_over_real_sockets_is_reported_once_and_ended_once) {
    std::atomic<bool> healthy = true;
    bad_peer server{[&](peer_connection& client) {
        if (!client.read_request().empty())
            client.send(healthy ? healthy_answer
                                : "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    }};
    background thread;
    client_type client{thread.get_executor(), server.url(), "secret", fast};
    std::atomic<int> downs = 0;
    std::atomic<int> ups = 0;
    std::atomic<int> checks = 0;
    client.on_server_down([&](const outage&) { ++downs; });
    client.on_server_up([&](const outage&) { ++ups; });
    client.on_event([&](const event& happened) { checks += happened.check != nullptr ? 1 : 0; });
    client.start();
    for (int round = 1; round <= 3; ++round) {
        healthy = false;
        BOOST_TEST(wait_until([&] { return downs == round; }));
        const int seen = checks;
        BOOST_TEST(wait_until([&] { return checks > seen + 3; }));
        BOOST_TEST(downs == round);
        healthy = true;
        BOOST_TEST(wait_until([&] { return ups == round; }));
    }
    client.stop();
    BOOST_TEST(downs == 3);
    BOOST_TEST(ups == 3);
}

BOOST_AUTO_TEST_CASE(B14_stopping_during_a_check_from_another_thread_is_reported_to_nobody) {
    silent_server server;
    background thread;
    client_type client{thread.get_executor(), server.peer.url(), "secret", fast};
    std::atomic<int> outcomes = 0;
    client.on_event([&](const event& happened) { outcomes += happened.check != nullptr ? 1 : 0; });
    client.start();
    BOOST_TEST(wait_until([&] { return server.checks == 1; }));
    client.stop();
    BOOST_TEST(client.stopped());
    BOOST_TEST(wait_until([&] { return server.closed == 1; }));
    BOOST_TEST(outcomes == 0);
    client.stop();
    client.start();
    BOOST_TEST(client.stopped());
}

BOOST_AUTO_TEST_CASE(B14_destroying_a_client_ends_its_check_and_leaves_no_socket) {
    silent_server server;
    background thread;
    const std::size_t before = open_sockets();
    {
        client_type client{thread.get_executor(), server.peer.url(), "secret", fast};
        client.start();
        BOOST_TEST(wait_until([&] { return server.checks == 1; }));
        BOOST_TEST(open_sockets() > before);
    }
    BOOST_TEST(wait_until([&] { return server.closed == 1; }));
    // The server's side of the connection closes a moment later.
    BOOST_TEST(wait_until([&] { return open_sockets() == before; }));
}

BOOST_AUTO_TEST_CASE(B18_a_destroyed_client_leaves_nothing_in_a_context_that_runs_no_more) {
    silent_server server;
    const auto held = std::make_shared<int>(1);
    const std::size_t before = open_sockets();
    {
        asio::io_context io;
        {
            client_type client{io.get_executor(), server.peer.url(), "secret", fast};
            client.on_event([held](const event&) {});
            client.start();
            while (server.checks == 0)
                io.run_one_for(10ms);
        }
        // The socket is closed although nothing runs.
        BOOST_TEST(wait_until([&] { return server.closed == 1; }));
        BOOST_TEST(wait_until([&] { return open_sockets() == before; }));
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(B18_a_client_that_never_ran_leaves_nothing) {
    const auto held = std::make_shared<int>(1);
    {
        asio::io_context io;
        client_type client{io.get_executor(), "http://localhost:1/", "secret", fast};
        client.on_event([held](const event&) {});
        client.start();
    }
    {
        asio::io_context io;
        client_type client{io.get_executor(), "http://localhost:1/", "secret", fast};
        client.on_event([held](const event&) {});
        client.start();
        io.stop();
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(B18_a_stopped_client_lets_its_context_run_out_of_work) {
    silent_server server;
    asio::io_context io;
    client_type client{io.get_executor(), server.peer.url(), "secret", fast};
    client.start();
    while (server.checks == 0)
        io.run_one_for(10ms);
    client.stop();
    io.run_for(limit);
    BOOST_TEST(io.stopped());
}

BOOST_AUTO_TEST_CASE(B14_a_client_may_be_stopped_and_destroyed_in_its_own_callback) {
    bad_peer server{answering(std::string{healthy_answer})};
    asio::io_context io;
    std::optional<client_type> client;
    client.emplace(io.get_executor(), server.url(), "secret", fast);
    int events = 0;
    client->on_event([&](const event& happened) {
        ++events;
        if (happened.kind != event_kind::check_succeeded)
            return;
        events = 0;
        client->stop();
        client.reset();
    });
    client->start();
    io.run_for(limit);
    BOOST_TEST(io.stopped());
    BOOST_TEST(!client.has_value());
    BOOST_TEST(events == 0);
}

BOOST_AUTO_TEST_CASE(B16_callbacks_run_one_at_a_time_on_many_threads) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    asio::io_context io;
    client_type client{io.get_executor(), server.url(), "secret", fast};
    std::atomic<int> inside = 0;
    std::atomic<int> together = 0;
    int unguarded = 0; // What a race would spoil, and the thread sanitizer sees.
    std::atomic<int> succeeded = 0;
    client.on_event([&](const event& happened) {
        together += ++inside > 1 ? 1 : 0;
        ++unguarded;
        std::this_thread::yield();
        --inside;
        succeeded += happened.kind == event_kind::check_succeeded ? 1 : 0;
    });
    client.start();
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < 4; ++number)
            threads.emplace_back([&] { io.run_for(limit); });
        BOOST_TEST(wait_until([&] { return succeeded >= 50; }));
        client.stop();
    }
    BOOST_TEST(together == 0);
    BOOST_TEST(unguarded > 100);
}

BOOST_AUTO_TEST_CASE(B14_no_callback_runs_once_stop_has_returned) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    asio::io_context io;
    const auto work = asio::make_work_guard(io);
    std::vector<std::jthread> threads;
    for (int number = 0; number < 2; ++number)
        threads.emplace_back([&] { io.run(); });
    for (int round = 0; round < 30; ++round) {
        client_type client{io.get_executor(), server.url(), "secret", fast};
        std::atomic<bool> returned = false;
        std::atomic<int> late = 0;
        std::atomic<int> events = 0;
        client.on_event([&](const event&) {
            late += returned ? 1 : 0;
            ++events;
        });
        client.start();
        // Each round stops at another moment of a check.
        BOOST_TEST(wait_until([&] { return events > round / 2; }));
        client.stop();
        returned = true;
        BOOST_TEST(late == 0);
    }
    io.stop();
}

BOOST_AUTO_TEST_CASE(B13_B14_ten_threads_start_and_stop_one_client) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    background thread;
    for (int round = 0; round < 20; ++round) {
        client_type client{thread.get_executor(), server.url(), "secret", fast};
        std::atomic<int> starts = 0;
        std::atomic<int> stops = 0;
        client.on_event([&](const event& happened) {
            starts += happened.kind == event_kind::started ? 1 : 0;
            stops += happened.kind == event_kind::stopped ? 1 : 0;
        });
        {
            std::vector<std::jthread> threads;
            for (int number = 0; number < 10; ++number)
                threads.emplace_back([&, number] {
                    client.start();
                    if (number % 2 == 0)
                        client.stop();
                    (void)client.status();
                    client.start();
                });
        }
        BOOST_TEST(client.stopped());
        BOOST_TEST(starts <= 1);
        BOOST_TEST(stops <= 1);
    }
}

BOOST_AUTO_TEST_CASE(B18_many_clients_on_one_context_leave_no_socket) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    const std::size_t before = open_sockets();
    {
        background thread;
        std::vector<std::unique_ptr<client_type>> clients;
        std::atomic<int> succeeded = 0;
        for (int number = 0; number < 20; ++number) {
            clients.push_back(
                std::make_unique<client_type>(thread.get_executor(), server.url(), "secret", fast));
            clients.back()->on_event([&](const event& happened) {
                succeeded += happened.kind == event_kind::check_succeeded ? 1 : 0;
            });
            clients.back()->start();
        }
        BOOST_TEST(wait_until([&] { return succeeded >= 100; }));
        clients.clear();
    }
    BOOST_TEST(wait_until([&] { return open_sockets() == before; }));
}

BOOST_AUTO_TEST_CASE(two_clients_may_share_one_clock_and_stop_apart) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    background thread;
    const asio_clock clock{thread.get_executor()};
    const auto make = [&] {
        return basic_health_client{
            asio_transport{clock}, clock, hmac_sha256_signer{"secret"}, exponential_backoff{},
            url{server.url()},     fast};
    };
    auto first = make();
    auto second = make();
    std::atomic<int> succeeded = 0;
    second.on_event([&](const event& happened) {
        succeeded += happened.kind == event_kind::check_succeeded ? 1 : 0;
    });
    first.start();
    second.start();
    BOOST_TEST(wait_until([&] { return succeeded >= 3; }));
    first.stop();
    const int seen = succeeded;
    BOOST_TEST(wait_until([&] { return succeeded >= seen + 3; }));
}

BOOST_AUTO_TEST_SUITE_END()
