// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/one_check.hpp>

#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>

// Kept connections (PROTOCOL.md, 4). The same over TLS is in tls_test.cpp.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;
constexpr auto short_deadline = 200ms;
const transport_options reusing{.reuse_connections = true};
const std::error_code none;

// Answers one request of each connection, and is then closed behind by the server while it idles.
// The client cannot know when, so the test waits until the close has arrived.
void close_idle(peer_connection& client) {
    client.read_request();
    client.send(healthy_answer);
    client.finish_sending();
    client.wait_for_close();
}

} // namespace

BOOST_AUTO_TEST_SUITE(connection_reuse_test)

BOOST_AUTO_TEST_CASE(a_kept_connection_is_used_again_when_asked_for) {
    std::atomic<int> requests = 0;
    std::atomic<bool> said_close = false;
    bad_peer server{[&](peer_connection& client) {
        for (std::string text; !(text = client.read_request()).empty();) {
            ++requests; // Before the answer, which the test waits for.
            said_close = said_close || text.find("Connection:") != std::string::npos;
            client.send(healthy_answer);
        }
    }};
    getter client{reusing};
    for (int check = 0; check < 5; ++check)
        BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(server.accepted() == 1);
    BOOST_TEST(requests == 5);
    BOOST_TEST(!said_close);
}

BOOST_AUTO_TEST_CASE(phases_that_did_not_happen_have_no_duration) {
    bad_peer server{answering(std::string{healthy_answer})};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).timings.connect.has_value());
    const phase_timings kept = client.get(server.url(), deadline).timings;
    BOOST_TEST(!kept.connect.has_value());
    BOOST_TEST(kept.first_byte.has_value());
    BOOST_TEST(kept.total.has_value());
}

BOOST_AUTO_TEST_CASE(a_connection_that_died_while_idle_is_replaced_and_that_is_no_failure) {
    bad_peer server{close_idle};
    getter client{reusing};
    for (int check = 1; check <= 3; ++check) {
        BOOST_TEST(client.get(server.url(), deadline).error == none);
        BOOST_TEST(server.accepted() == check);
    }
}

// A server may have served what it has read, so the sender has to sign it again.
BOOST_AUTO_TEST_CASE(no_transport_sends_the_same_bytes_twice) {
    std::atomic<int> requests = 0;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        ++requests;
        client.send(healthy_answer);
        client.read_request();
        ++requests;
    }};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    client.asked.target = server.url();
    const kept_reply second = client.get_without_repeating(client.asked, deadline);
    BOOST_TEST(second.error == make_error_code(errc::connection_lost));
    BOOST_TEST(second.send_again);
    BOOST_TEST(second.connections_opened == 0U);
    BOOST_TEST(requests == 2);
    BOOST_TEST(server.accepted() == 1);
}

FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(a_connection_that_is_too_old_is_not_used) {
    bad_peer server{answering(std::string{healthy_answer})};
    getter client{{.reuse_connections = true, .kept_age_max = 1ns}};
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(server.accepted() == 2);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_reset_on_the_second_request_is_replaced) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        client.read_request();
        client.reset();
    }};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(server.accepted() == 2);
}

BOOST_AUTO_TEST_CASE(B5_a_connection_that_dies_twice_is_lost) {
    std::atomic<int> connections = 0;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        if (++connections > 1)
            return;
        client.send(healthy_answer);
        client.read_request();
    }};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(client.get(server.url(), deadline).error == make_error_code(errc::connection_lost));
    BOOST_TEST(server.accepted() == 2);
}

FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(B5_a_kept_connection_that_dies_within_the_answer_is_lost_at_once) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        client.read_request();
        client.send("H");
    }};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(client.get(server.url(), deadline).error == make_error_code(errc::connection_lost));
    BOOST_TEST(server.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_is_gone_refuses_the_replacement) {
    std::string target;
    getter client{reusing};
    {
        bad_peer server{answering(std::string{healthy_answer})};
        target = server.url();
        BOOST_TEST(client.get(target, deadline).error == none);
    }
    BOOST_TEST(client.get(target, deadline).error == make_error_code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(B5_a_kept_connection_that_says_nothing_times_out_without_a_second_try) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        client.wait_for_close();
    }};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(client.get(server.url(), short_deadline).error == make_error_code(errc::timed_out));
    BOOST_TEST(server.accepted() == 1);
}

FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(B12_a_fresh_connection_is_made_when_the_request_asks_for_one) {
    bad_peer server{answering(std::string{healthy_answer})};
    getter client{reusing};
    request asked;
    asked.target = server.url();
    BOOST_TEST(client.get(asked, deadline).error == none);
    asked.fresh_connection = true;
    BOOST_TEST(client.get(asked, deadline).error == none);
    BOOST_TEST(server.accepted() == 2);
    asked.fresh_connection = false;
    BOOST_TEST(client.get(asked, deadline).error == none);
    BOOST_TEST(server.accepted() == 2);
}

#if defined(FOREST_TEST_POOLED_TRANSPORT) || defined(FOREST_TEST_CURL_TRANSPORT)
BOOST_AUTO_TEST_CASE(connections_to_several_targets_are_kept) {
    bad_peer first{answering(std::string{healthy_answer})};
    bad_peer second{answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")};
    getter client{reusing};
    for (int check = 0; check < 3; ++check) {
        BOOST_TEST(client.get(first.url(), deadline).status == 200);
        BOOST_TEST(client.get(second.url(), deadline).status == 404);
    }
    BOOST_TEST(first.accepted() == 1);
    BOOST_TEST(second.accepted() == 1);
}
#else
BOOST_AUTO_TEST_CASE(a_connection_to_another_target_is_not_used) {
    bad_peer first{answering(std::string{healthy_answer})};
    bad_peer second{answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")};
    getter client{reusing};
    BOOST_TEST(client.get(first.url(), deadline).status == 200);
    BOOST_TEST(client.get(second.url(), deadline).status == 404);
    BOOST_TEST(client.get(first.url(), deadline).status == 200);
    BOOST_TEST(first.accepted() == 2);
}
#endif

// After each of these answers the connection must not be used again.
const std::string last_answers[] = {
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 Stale\r\n\r\n",
};

BOOST_DATA_TEST_CASE(a_connection_that_may_not_be_kept_is_closed, last_answers) {
    bad_peer server{answering(sample)};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).status == 200);
    BOOST_TEST(client.get(server.url(), deadline).status == 200);
    BOOST_TEST(server.accepted() == 2);
}

BOOST_AUTO_TEST_CASE(an_answer_that_nobody_asked_for_does_not_pass_for_the_next) {
    std::atomic<bool> stale_sent = false;
    std::atomic<bool> answered = false;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        if (stale_sent)
            return;
        while (!answered)
            std::this_thread::yield();
        client.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
        stale_sent = true;
        client.wait_for_close();
    }};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).status == 200);
    answered = true;
    while (!stale_sent)
        std::this_thread::yield();
    BOOST_TEST(client.get(server.url(), deadline).status == 200);
    BOOST_TEST(server.accepted() == 2);
}

// A pool keeps them for others.
#if !defined(FOREST_TEST_POOLED_TRANSPORT)
FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(cancelling_closes_a_kept_connection) {
    std::atomic<bool> closed = false;
    bad_peer server{[&](peer_connection& client) {
        answering(std::string{healthy_answer})(client);
        closed = true;
    }};
    getter client{reusing};
    BOOST_TEST(client.get(server.url(), deadline).error == none);
    BOOST_TEST(!closed);
    client.transport.cancel();
    const auto limit = std::chrono::steady_clock::now() + margin;
    while (!closed && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    BOOST_TEST(closed);
}
#endif

BOOST_AUTO_TEST_CASE(a_kept_unix_connection_is_used_again) {
    const std::string path = "forest-reuse-" + std::to_string(::getpid()) + ".sock";
    {
        bad_peer server{answering(std::string{healthy_answer}), path};
        getter client{reusing};
        BOOST_TEST(client.get("http+unix://" + path + "/", deadline).error == none);
        BOOST_TEST(client.get("http+unix://" + path + "/", deadline).error == none);
        BOOST_TEST(server.accepted() == 1);
    }
    ::unlink(path.c_str());
}

BOOST_AUTO_TEST_SUITE_END()
