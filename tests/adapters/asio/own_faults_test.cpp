// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>

// What is the fault of this process is none of a server's: that it has no descriptors or no ports
// left, or that its thread was busy while the answer came.
//
// Sanitizers need descriptors themselves, so that none are taken away: the calls that need one say
// so on the thread of the test. The replacements serve the whole binary. TSan has its own.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FOREST_TEST_SOCKET_IS_TAKEN
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define FOREST_TEST_SOCKET_IS_TAKEN
#endif

#ifndef FOREST_TEST_SOCKET_IS_TAKEN

namespace {
thread_local int sockets_refused = 0; // so many from now on
thread_local int ports_refused = 0;
thread_local bool has_source = true;
} // namespace

extern "C" {
int socket(int family, int type, int protocol) noexcept {
    if (sockets_refused > 0) {
        --sockets_refused;
        errno = EMFILE;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_socket, family, type, protocol));
}

int connect(int descriptor, const sockaddr* to, socklen_t size) {
    int type = 0;
    socklen_t type_size = sizeof type;
    ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &type_size);
    if (type == SOCK_STREAM ? ports_refused > 0 : !has_source) {
        ports_refused -= type == SOCK_STREAM;
        errno = EADDRNOTAVAIL;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_connect, descriptor, to, size));
}
}

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;
// How late something may be on a busy machine, sanitizers and all.
constexpr auto margin = 5s;
constexpr int all = 1'000'000;
const std::error_code none;
const std::error_code exhausted = make_error_code(errc::local_resources_exhausted);

// Gives back what a case has taken.
struct with_all_resources {
    ~with_all_resources() {
        sockets_refused = 0;
        ports_refused = 0;
        has_source = true;
    }
};

using transports = std::tuple<asio_transport, pooled_transport>;

template <typename Transport>
Transport make(const asio_clock& clock, const transport_options& settings = {}) {
    if constexpr (std::is_same_v<Transport, pooled_transport>)
        return pooled_transport{asio_connection_pool{clock, settings}};
    else
        return asio_transport{clock, settings};
}

template <typename Transport>
struct running_get {
    explicit running_get(const transport_options& settings = {})
        : transport{make<Transport>(clock, settings)} {}

    void begin(std::string_view target, duration timeout = deadline) {
        asked.target = target;
        ended = false;
        began = std::chrono::steady_clock::now();
        transport.async_get(asked, timeout, [this](const reply& answer) {
            ended = true;
            error = answer.error;
            connections_opened = answer.connections_opened;
            took = std::chrono::steady_clock::now() - began;
        });
    }

    // Answers how many handlers that has taken.
    std::size_t run() {
        io.restart();
        const std::size_t handlers = io.run_for(deadline + margin);
        BOOST_TEST(io.stopped());
        BOOST_TEST(ended);
        return handlers;
    }

    void run_for(duration span) {
        io.restart();
        io.run_for(span);
    }

    asio::io_context io;
    asio_clock clock{io.get_executor()};
    Transport transport;
    request asked;
    std::chrono::steady_clock::time_point began;
    bool ended = false;
    std::error_code error;
    unsigned connections_opened = 0;
    duration took{};
};

void wait_for(const std::atomic<bool>& holds) {
    const auto end = std::chrono::steady_clock::now() + margin;
    while (!holds && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    BOOST_TEST(holds);
}

// Keeps the only connection that it gets.
bad_peer::script telling_when_closed(std::atomic<bool>& closed) {
    return [&closed](peer_connection& client) {
        answering(std::string{healthy_answer})(client);
        closed = true;
    };
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(own_faults_test, with_all_resources)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_GET_waits_until_there_is_a_descriptor, Transport, transports) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    running_get<Transport> one;
    sockets_refused = all;
    one.begin(server.url());
    one.run_for(120ms);
    BOOST_TEST(!one.ended);
    sockets_refused = 0;
    one.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(one.connections_opened == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_GET_waits_until_there_is_a_port, Transport, transports) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    running_get<Transport> one;
    ports_refused = 2;
    one.begin(server.url());
    one.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(one.connections_opened == 1U);
}

// A machine without IPv6 says of its addresses what it says when all its ports are taken.
BOOST_AUTO_TEST_CASE_TEMPLATE(B5_an_address_that_this_machine_has_no_way_to_is_unreachable,
                              Transport, transports) {
    running_get<Transport> one;
    ports_refused = all;
    has_source = false;
    one.begin("http://127.0.0.1:1/");
    one.run();
    BOOST_TEST(one.error == make_error_code(errc::unreachable));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    B5_a_GET_that_gets_no_descriptor_ends_at_its_deadline_and_wakes_up_seldom, Transport,
    transports) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    running_get<Transport> one;
    sockets_refused = all;
    one.begin(server.url(), 220ms);
    const std::size_t handlers = one.run();
    BOOST_TEST(one.error == exhausted);
    BOOST_TEST((one.took >= 220ms && one.took < 220ms + margin));
    BOOST_TEST(one.connections_opened == 0U);
    BOOST_TEST(server.accepted() == 0);
    // Five moments at which it tries again, each with a timer that was set before.
    BOOST_TEST(handlers <= 16U);
}

// It has had less time than the others.
BOOST_AUTO_TEST_CASE_TEMPLATE(B5_a_server_that_did_not_answer_in_what_was_left_is_not_blamed,
                              Transport, transports) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    running_get<Transport> one;
    sockets_refused = 1;
    one.begin(server.url(), 200ms);
    one.run();
    BOOST_TEST(one.error == exhausted);
    BOOST_TEST(one.connections_opened == 1U);
    one.begin(server.url(), 200ms);
    one.run();
    BOOST_TEST(one.error == make_error_code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B5_a_server_that_refuses_refuses_however_late_it_was_asked, Transport,
                              transports) {
    const std::string target = "http://127.0.0.1:" + std::to_string(refused_port()) + "/";
    running_get<Transport> one;
    sockets_refused = 1;
    one.begin(target);
    one.run();
    BOOST_TEST(one.error == make_error_code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B5_a_name_that_cannot_be_looked_up_for_want_of_descriptors_says_so,
                              Transport, transports) {
    running_get<Transport> one;
    sockets_refused = all;
    one.begin("http://does-not-exist.invalid/", 200ms);
    one.run();
    BOOST_TEST(one.error == exhausted);
    sockets_refused = 1; // Then it is looked up again.
    one.begin("http://does-not-exist.invalid/");
    one.run();
    BOOST_TEST(one.error == make_error_code(errc::resolve_failed));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_GET_can_be_cancelled_while_it_waits_for_a_descriptor, Transport,
                              transports) {
    running_get<Transport> one;
    sockets_refused = all;
    one.begin("http://127.0.0.1:1/");
    one.run_for(70ms);
    one.transport.cancel();
    one.run();
    BOOST_TEST(one.error == make_error_code(errc::operation_canceled));
}

BOOST_AUTO_TEST_CASE(the_connection_that_has_been_idle_for_longest_gives_way) {
    std::atomic<bool> closed[3] = {};
    bad_peer first{telling_when_closed(closed[0])};
    bad_peer second{telling_when_closed(closed[1])};
    bad_peer third{telling_when_closed(closed[2])};
    bad_peer fourth{answering(std::string{healthy_answer})};
    running_get<pooled_transport> one{{.reuse_connections = true}};
    for (const bad_peer* each : {&first, &second, &third, &first}) {
        one.begin(each->url());
        one.run();
        BOOST_TEST(one.error == none);
    }
    sockets_refused = 1;
    one.begin(fourth.url());
    BOOST_TEST(one.transport.keeps_connection_to(url{first.url()}));
    BOOST_TEST(!one.transport.keeps_connection_to(url{second.url()}));
    BOOST_TEST(one.transport.keeps_connection_to(url{third.url()}));
    wait_for(closed[1]);
    one.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(!closed[0]);
    BOOST_TEST(!closed[2]);
    ports_refused = 1; // What is kept for others takes none.
    one.asked.fresh_connection = true;
    one.begin(fourth.url());
    one.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(one.transport.keeps_connection_to(url{first.url()}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B12_a_server_that_is_well_is_never_down_for_want_of_descriptors,
                              Transport, transports) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    asio::io_context io;
    const asio_clock clock{io.get_executor()};
    basic_health_client client{make<Transport>(clock),
                               clock,
                               unsigned_requests{},
                               exponential_backoff{},
                               url{server.url()},
                               options{.interval = 20ms, .timeout = 100ms, .failure_threshold = 1}};
    int downs = 0;
    int succeeded = 0;
    int inconclusive = 0;
    client.on_server_down([&](const outage&) { ++downs; });
    client.on_event([&](const event& happened) {
        succeeded += happened.kind == event_kind::check_succeeded;
        if (happened.kind == event_kind::check_inconclusive) {
            ++inconclusive;
            BOOST_TEST(happened.check->error == exhausted);
        }
        sockets_refused = succeeded == 3 && inconclusive < 3 ? all : 0;
        if (succeeded >= 6)
            client.stop();
    });
    client.start();
    io.run_for(deadline);
    BOOST_TEST(client.stopped());
    BOOST_TEST(downs == 0);
    BOOST_TEST(inconclusive == 3);
}

// The timer that ends the GET is behind a handler that takes so long that the answer comes.
BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_that_came_before_the_deadline_is_looked_at_counts,
                              Transport, transports) {
    std::atomic<bool> asked = false;
    std::atomic<bool> go = false;
    std::atomic<bool> answered = false;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        asked = true;
        while (!go)
            std::this_thread::yield();
        client.send(healthy_answer);
        answered = true;
        client.wait_for_close();
    }};
    running_get<Transport> one;
    asio::steady_timer busy{one.io, 1ms};
    busy.async_wait([&](std::error_code) {
        go = true;
        wait_for(answered);
    });
    one.begin(server.url(), 30ms);
    wait_for(asked);
    while (std::chrono::steady_clock::now() < one.began + 50ms)
        std::this_thread::yield();
    one.run(); // Both timers have ended by now.
    BOOST_TEST(one.error == none);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reply_tells_how_many_connections_were_opened, Transport,
                              transports) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        client.read_request();
        client.send(healthy_answer);
        client.read_request();
    }};
    running_get<Transport> one{{.reuse_connections = true}};
    for (const unsigned expected : {1U, 0U, 0U}) { // The third time the kept one dies.
        BOOST_TEST(one.error == none);
        one.begin(server.url());
        one.run();
        BOOST_TEST(one.connections_opened == expected);
    }
    BOOST_TEST(one.error == make_error_code(errc::connection_lost));
    one.begin("http://127.0.0.1:" + std::to_string(refused_port()) + "/");
    one.run();
    BOOST_TEST(one.connections_opened == 1U);
    one.begin("http://does-not-exist.invalid/");
    one.run();
    BOOST_TEST(one.connections_opened == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_address_of_a_name_that_was_tried_counts, Transport, transports) {
    running_get<Transport> one;
    const std::string port = std::to_string(refused_port());
    const auto found = asio::ip::tcp::resolver{one.io}.resolve("localhost", port);
    one.begin("http://localhost:" + port + "/");
    one.run();
    BOOST_TEST(one.error == make_error_code(errc::connection_refused));
    BOOST_TEST(one.connections_opened == found.size());
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_SUITE(own_faults_test)

BOOST_AUTO_TEST_CASE(what_this_machine_lacks_is_tested_without_TSan_because_it_replaces_socket) {
    BOOST_TEST_MESSAGE("sockets are not refused in this build");
}

BOOST_AUTO_TEST_SUITE_END()

#endif
