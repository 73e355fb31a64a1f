// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/test_certificates.hpp>

#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>

#include <openssl/ssl.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Resuming without a network: what one side says is fed to the other.

using namespace forest;
using namespace forest::detail;
using namespace forest::test;

namespace {

struct both_sides {
    test_certificates certificates;
    tls_client client{tls_options{.ca_file = certificates.ca_file()}};
    certificate_files files = certificates.server();
    tls_context server{
        tls_server_options{.certificate_file = files.certificate, .private_key_file = files.key}};
};

bool carry(tls_session& from, tls_session& to) {
    const std::string_view bytes = from.output();
    if (bytes.empty())
        return false;
    to.input(bytes);
    from.output_sent();
    return true;
}

struct exchange {
    bool succeeded = false;
    bool resumed = false;
};

// One check: a handshake, a request and its answer. The client keeps what resumes it.
exchange finish(both_sides& sides, const url& target, tls_session& client) {
    tls_session server{sides.server};
    using progress = tls_session::progress;
    std::array<char, 100> room;
    std::size_t count = 0;
    exchange result;
    for (bool moves = true; moves;) {
        const bool client_done = client.handshake() == progress::done;
        moves = carry(client, server);
        const bool server_done = server.handshake() == progress::done;
        moves = carry(server, client) || moves;
        if (client_done && server_done)
            break;
    }
    if (client.send("ping") != progress::done)
        return result;
    carry(client, server);
    if (server.receive(room, count) != progress::done || server.send("pong") != progress::done)
        return result;
    carry(server, client);
    result.succeeded = client.receive(room, count) == progress::done;
    result.resumed = client.resumed();
    sides.client.keep(target, client);
    client.goodbye();
    return result;
}

exchange run(both_sides& sides, const url& target,
             tls_client::clock::time_point now = tls_client::clock::now()) {
    tls_session client = sides.client.begin(target, now);
    return finish(sides, target, client);
}

// Sessions that begin before any of them ends, as checks of several paths of one server do.
std::size_t resumed_at_a_time(both_sides& sides, std::size_t count) {
    const url target{"https://localhost:8443/health"};
    std::vector<tls_session> clients;
    for (std::size_t n = 0; n < count; ++n)
        clients.push_back(sides.client.begin(target));
    std::size_t resumed = 0;
    for (tls_session& each : clients)
        resumed += finish(sides, target, each).resumed;
    return resumed;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(tls_client_test, both_sides)

BOOST_DATA_TEST_CASE(the_session_with_a_server_is_resumed_every_time,
                     boost::unit_test::data::make({TLS1_2_VERSION, TLS1_3_VERSION})) {
    SSL_CTX_set_max_proto_version(server.native_handle(), sample);
    const url target{"https://localhost:8443/health"};
    const exchange first = run(*this, target);
    BOOST_TEST(first.succeeded);
    BOOST_TEST(!first.resumed);
    for (int check = 0; check < 3; ++check) {
        const exchange next = run(*this, target);
        BOOST_TEST(next.succeeded);
        BOOST_TEST(next.resumed);
    }
}

BOOST_AUTO_TEST_CASE(another_path_of_the_server_resumes_it_too) {
    run(*this, url{"https://localhost:8443/health"});
    BOOST_TEST(run(*this, url{"https://localhost:8443/schema"}).resumed);
}

BOOST_DATA_TEST_CASE(another_server_gets_a_full_handshake,
                     boost::unit_test::data::make({"https://localhost:8444/health",
                                                   "https://127.0.0.1:8443/health",
                                                   "https://[::1]:8443/health"})) {
    run(*this, url{"https://localhost:8443/health"});
    const exchange other = run(*this, url{sample});
    BOOST_TEST(other.succeeded);
    BOOST_TEST(!other.resumed);
}

// The same address may belong to another machine on each link.
BOOST_AUTO_TEST_CASE(B40_the_same_address_on_another_link_gets_a_full_handshake) {
    files = certificates.server("IP:fe80::1");
    server = tls_context{
        tls_server_options{.certificate_file = files.certificate, .private_key_file = files.key}};
    run(*this, url{"https://[fe80::1%25eth0]/"});
    for (const char* const other : {"https://[fe80::1%25eth1]/", "https://[fe80::1]/"}) {
        const exchange next = run(*this, url{other});
        BOOST_TEST(next.succeeded);
        BOOST_TEST(!next.resumed);
    }
    BOOST_TEST(run(*this, url{"https://[fe80::1%25eth0]/"}).resumed);
}

BOOST_AUTO_TEST_CASE(a_server_that_was_not_verified_for_long_shows_its_certificate_again) {
    using std::chrono::seconds;
    const url target{"https://localhost:8443/health"};
    const auto begin = tls_client::clock::now();
    run(*this, target, begin);
    // To resume is not to verify: the time goes on since the first one.
    BOOST_TEST(run(*this, target, begin + tls_client::verified_for - seconds{60}).resumed);
    const exchange late = run(*this, target, begin + tls_client::verified_for + seconds{60});
    BOOST_TEST(late.succeeded);
    BOOST_TEST(!late.resumed);
    BOOST_TEST(run(*this, target).resumed);
}

BOOST_AUTO_TEST_CASE(a_server_that_has_forgotten_all_sessions_gets_a_full_handshake) {
    const url target{"https://localhost:8443/health"};
    run(*this, target);
    server = tls_context{
        tls_server_options{.certificate_file = files.certificate, .private_key_file = files.key}};
    const exchange next = run(*this, target);
    BOOST_TEST(next.succeeded);
    BOOST_TEST(!next.resumed);
}

BOOST_AUTO_TEST_CASE(a_ticket_is_offered_once) {
    SSL_CTX_set_num_tickets(server.native_handle(), 1);
    const url target{"https://localhost:8443/health"};
    run(*this, target);
    BOOST_TEST(client.tickets() == 1U);
    (void)client.begin(target);
    BOOST_TEST(client.tickets() == 0U);
}

BOOST_DATA_TEST_CASE(as_many_sessions_at_a_time_are_resumed_as_there_were_before,
                     boost::unit_test::data::make({TLS1_2_VERSION, TLS1_3_VERSION})) {
    SSL_CTX_set_max_proto_version(server.native_handle(), sample);
    const std::size_t count = tickets_per_server_max;
    BOOST_TEST(resumed_at_a_time(*this, count) == 0U);
    for (int round = 0; round < 3; ++round) {
        BOOST_TEST(resumed_at_a_time(*this, count) == count);
        BOOST_TEST(client.tickets() == (sample == TLS1_2_VERSION ? 1U : count));
    }
}

BOOST_AUTO_TEST_CASE(all_tickets_of_one_session_are_used) {
    SSL_CTX_set_num_tickets(server.native_handle(), 3);
    BOOST_TEST(resumed_at_a_time(*this, 1) == 0U);
    BOOST_TEST(client.tickets() == 3U);
    BOOST_TEST(resumed_at_a_time(*this, 3) == 3U);
}

BOOST_AUTO_TEST_CASE(there_is_a_bound_on_the_tickets_of_one_server) {
    SSL_CTX_set_num_tickets(server.native_handle(), 20);
    BOOST_TEST(resumed_at_a_time(*this, 1) == 0U);
    BOOST_TEST(client.tickets() == tickets_per_server_max);
    BOOST_TEST(resumed_at_a_time(*this, 20) == tickets_per_server_max);
    BOOST_TEST(client.tickets() == tickets_per_server_max);
}

BOOST_AUTO_TEST_CASE(one_that_lasts_is_offered_again_and_again) {
    SSL_CTX_set_max_proto_version(server.native_handle(), TLS1_2_VERSION);
    const url target{"https://localhost:8443/health"};
    run(*this, target);
    BOOST_TEST(client.tickets() == 1U);
    (void)client.begin(target);
    BOOST_TEST(client.tickets() == 1U);
    BOOST_TEST(run(*this, target).resumed);
}

BOOST_AUTO_TEST_CASE(a_server_that_gives_no_ticket_is_not_remembered) {
    SSL_CTX_set_num_tickets(server.native_handle(), 0);
    const url target{"https://localhost:8443/health"};
    BOOST_TEST(run(*this, target).succeeded);
    BOOST_TEST(client.tickets() == 0U);
    BOOST_TEST(run(*this, target).succeeded);
}

BOOST_AUTO_TEST_CASE(another_client_does_not_know_the_session) {
    const url target{"https://localhost:8443/health"};
    run(*this, target);
    client = tls_client{tls_options{.ca_file = certificates.ca_file()}};
    BOOST_TEST(!run(*this, target).resumed);
}

BOOST_AUTO_TEST_CASE(there_is_a_bound_on_what_is_remembered) {
    // One session is kept for all of them, because to make as many takes seconds. That of TLS 1.2
    // can be.
    SSL_CTX_set_max_proto_version(server.native_handle(), TLS1_2_VERSION);
    tls_session one = client.begin(url{"https://localhost:8443/"});
    tls_session peer{server};
    for (int step = 0; step < 4; ++step) {
        (void)one.handshake();
        carry(one, peer);
        (void)peer.handshake();
        carry(peer, one);
    }
    std::array<char, 1> room;
    std::size_t count = 0;
    (void)one.receive(room, count); // reads the tickets
    for (std::size_t port = 1; port <= tls_client::tickets_max + 10; ++port)
        client.keep(url{"https://localhost:" + std::to_string(port) + "/"}, one);
    BOOST_TEST(client.tickets() == tls_client::tickets_max);
}

BOOST_DATA_TEST_CASE(a_fatal_alert_behind_data_is_no_orderly_end,
                     boost::unit_test::data::make({TLS1_2_VERSION, TLS1_3_VERSION})) {
    using progress = tls_session::progress;
    SSL_CTX_set_max_proto_version(server.native_handle(), sample);
    tls_session mine = client.begin(url{"https://localhost:8443/"});
    tls_session peer{server};
    for (int step = 0; step < 4; ++step) {
        (void)mine.handshake();
        carry(mine, peer);
        (void)peer.handshake();
        carry(peer, mine);
    }
    std::array<char, 10> room;
    std::size_t count = 0;
    BOOST_TEST((mine.receive(room, count) == progress::wants_input)); // reads the tickets
    BOOST_TEST(mine.idle());

    // The peer sends a part of its answer. Then it gets bytes that it does not understand.
    BOOST_TEST((peer.send("pong") == progress::done));
    peer.input("no record");
    BOOST_TEST((peer.receive(room, count) == progress::failed));
    carry(peer, mine);
    BOOST_TEST((mine.receive(room, count) == progress::done));
    BOOST_TEST((std::string_view{room.data(), count} == "pong"));
    for (int call = 0; call < 3; ++call) {
        BOOST_TEST((mine.receive(room, count) == progress::failed));
        BOOST_TEST(count == 0U);
        BOOST_TEST((mine.failure() == errc::tls_failed));
    }
    BOOST_TEST((mine.send("ping") == progress::failed));
    BOOST_TEST(!mine.idle());
    BOOST_TEST(!mine.goodbye());
}

BOOST_AUTO_TEST_SUITE_END()
