// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/health_route.hpp>
#include <forest/signed_route.hpp>

#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <thread>
#include <vector>

// B23: the whole system lacks descriptors or memory when the server accepts. It cannot be made to:
// the call says so. The replacement serves the whole binary; TSan has its own.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FOREST_TEST_ACCEPT_IS_TAKEN
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define FOREST_TEST_ACCEPT_IS_TAKEN
#endif

#ifndef FOREST_TEST_ACCEPT_IS_TAKEN

namespace {
// So many succeed, and then so many fail.
std::atomic<int> accepts_taken = 0;
std::atomic<int> accepts_refused = 0;
std::atomic<int> accept_errno = 0;
} // namespace

extern "C" int accept4(int descriptor, sockaddr* from, socklen_t* size, int flags) {
    if (accepts_refused > 0 && --accepts_taken < 0) {
        --accepts_refused;
        errno = accept_errno;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_accept4, descriptor, from, size, flags));
}

namespace {

using namespace std::chrono_literals;
using forest::asio_server;
using forest::server_request;
using forest::test::eventually;
using forest::test::raw_client;

constexpr std::string_view check = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view held_check = "GET /held HTTP/1.1\r\nHost: a\r\nPrefer: wait=240\r\n\r\n";
constexpr std::size_t stranger_count = 5;

// More than an answer needs, and much fewer than pass during a pause.
constexpr int polls_max = 20;

// A server among silent strangers, on the thread of the test: no time passes unless it says so.
struct context {
    asio::io_context io;
    asio_server server{io};
    std::vector<raw_client> strangers;
    int polls = 0;

    context() {
        accepts_refused = 0;
        (void)server.get("/health", [](const server_request&, auto respond) {
            respond({.body = R"({"status":"ok"})", .fields = {}});
        });
        BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
        while (strangers.size() < stranger_count)
            strangers.emplace_back(server.port());
        BOOST_REQUIRE(polled_until([&] { return server.connections() == stranger_count; }));
        std::this_thread::sleep_for(10ms); // They have had their time to speak.
    }
    ~context() { accepts_refused = 0; }

    static void refuse(int error, int taken, int refused) {
        accept_errno = error;
        accepts_taken = taken;
        accepts_refused = refused;
    }

    template <typename Claim>
    bool polled_until(const Claim& claim) {
        return eventually([&] {
            io.poll();
            ++polls;
            return claim();
        });
    }

    // How many polls an answer takes.
    int polls_until_answered(raw_client& client) {
        polls = 0;
        BOOST_TEST(polled_until([&] { return client.has_received(); }));
        BOOST_TEST(client.read_answer().status == 200);
        return polls;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(server_shortage_test, context)

BOOST_DATA_TEST_CASE_F(context, B23_a_check_is_accepted_at_once_when_a_stranger_can_give_way,
                       boost::unit_test::data::make({EMFILE, ENFILE, ENOBUFS, ENOMEM})) {
    for (std::size_t round = 1; round < stranger_count; ++round) {
        raw_client client{server.port()};
        client.send(check);
        refuse(sample, 0, 1);
        BOOST_TEST(polls_until_answered(client) <= polls_max);
        client.close();
        BOOST_TEST(polled_until([&] { return server.connections() == stranger_count - round; }));
    }
}

BOOST_DATA_TEST_CASE_F(context, B23_only_one_connection_is_closed_when_that_does_not_help,
                       boost::unit_test::data::make({ENFILE, ENOBUFS, ENOMEM})) {
    raw_client client{server.port()};
    client.send(check);
    refuse(sample, 0, 2);
    (void)polls_until_answered(client);
    BOOST_TEST(server.connections() == stranger_count);
}

BOOST_DATA_TEST_CASE_F(context, B23_no_connection_is_closed_while_nobody_wants_to_connect,
                       boost::unit_test::data::make({EMFILE, ENFILE, ENOBUFS, ENOMEM})) {
    raw_client client{server.port()};
    client.send(check);
    refuse(sample, 1, 1);
    BOOST_TEST(polls_until_answered(client) <= polls_max);
    BOOST_TEST(accepts_refused == 0);
    BOOST_TEST(server.connections() == stranger_count + 1);
}

// All other connections hold answers, which are not cut.
BOOST_DATA_TEST_CASE_F(context, B48_an_answer_is_given_early_when_descriptors_run_short,
                       boost::unit_test::data::make({EMFILE, ENFILE, ENOBUFS, ENOMEM})) {
    forest::basic_health_route route{
        server, forest::accept_unsigned, {.path = "/held", .version = "1", .hold_max = 240s}};
    strangers.clear();
    BOOST_TEST(polled_until([&] { return server.connections() == 0; }));
    std::vector<raw_client> waiting;
    for (std::size_t count = 1; count <= 3; ++count) {
        waiting.emplace_back(server.port()).send(held_check);
        BOOST_TEST(polled_until([&] { return route.held() == count; }));
    }
    raw_client client{server.port()};
    client.send(check);
    refuse(sample, 0, 1);
    (void)polls_until_answered(client);
    BOOST_TEST(polled_until([&] { return waiting[0].has_received(); }));
    const auto early = waiting[0].read_answer();
    BOOST_TEST(early.status == 200);
    BOOST_TEST(early.body == R"({"status":"ok","version":"1"})");
    BOOST_TEST(early.has("Connection: close"));
    BOOST_TEST(!early.has_name("Forest-Hold"));
    BOOST_TEST(route.held() == 2U);
    BOOST_TEST(!waiting[1].has_received());
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_SUITE(server_shortage_test)

BOOST_AUTO_TEST_CASE(B23_a_shortage_is_tested_without_the_thread_sanitizer) {
    BOOST_TEST_MESSAGE("accept4 is not replaced in this build");
}

BOOST_AUTO_TEST_SUITE_END()

#endif
