// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/one_check.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/error.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <openssl/tls1.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <system_error>
#include <thread>

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;
constexpr auto short_deadline = 300ms;
const std::error_code none;
const std::error_code tls_failed = make_error_code(errc::tls_failed);

struct authorities {
    test_certificates certificates;

    transport_options trusting(bool reuse = false) const {
        return {.tls = {.ca_file = certificates.ca_file()}, .reuse_connections = reuse};
    }
};

void answer_one(tls_peer_connection& client) {
    if (!client.read_request().empty())
        client.send(healthy_answer);
}

void answer_all(tls_peer_connection& client) {
    while (!client.read_request().empty() && client.send(healthy_answer))
        ;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(tls_test, authorities)

BOOST_AUTO_TEST_CASE(a_server_with_a_certificate_of_the_given_authority_is_healthy) {
    std::mutex mutex;
    std::string name;
    bad_peer server{over_tls({certificates.server(), {}}, [&](tls_peer_connection& client) {
        {
            const std::lock_guard lock{mutex};
            name = client.server_name();
        }
        answer_one(client);
    })};
    const kept_reply result = get_once(server.url("https", "localhost"), deadline, trusting());
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.status == 200);
    BOOST_TEST(result.body == healthy_body);
    BOOST_TEST(result.timings.tls.has_value());
    const std::lock_guard lock{mutex};
    BOOST_TEST(name == "localhost");
}

BOOST_AUTO_TEST_CASE(an_address_is_verified_by_the_addresses_of_the_certificate_and_not_named) {
    std::mutex mutex;
    std::string name = "none yet";
    bad_peer server{
        over_tls({certificates.server("IP:127.0.0.1"), {}}, [&](tls_peer_connection& client) {
            {
                const std::lock_guard lock{mutex};
                name = client.server_name();
            }
            answer_one(client);
        })};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error == none);
    const std::lock_guard lock{mutex};
    BOOST_TEST(name.empty());
}

BOOST_AUTO_TEST_CASE(B5_a_certificate_of_another_address_fails) {
    bad_peer server{over_tls({certificates.server("IP:127.0.0.2,DNS:127.0.0.1"), {}}, answer_one)};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error == tls_failed);
}

BOOST_AUTO_TEST_CASE(B5_a_certificate_of_another_name_fails) {
    bad_peer server{over_tls({certificates.wrong_name_server(), {}}, answer_one)};
    const kept_reply result = get_once(server.url("https", "localhost"), deadline, trusting());
    BOOST_TEST(result.error == tls_failed);
#if !defined(FOREST_TEST_CURL_TRANSPORT)
    BOOST_TEST(result.timings.connect.has_value());
#endif
    BOOST_TEST(!result.timings.tls.has_value());
}

BOOST_AUTO_TEST_CASE(B5_an_expired_certificate_fails) {
    bad_peer server{over_tls({certificates.expired_server(), {}}, answer_one)};
    BOOST_TEST(get_once(server.url("https", "localhost"), deadline, trusting()).error ==
               tls_failed);
}

BOOST_AUTO_TEST_CASE(B5_a_certificate_of_an_unknown_authority_fails) {
    bad_peer server{over_tls({certificates.unknown_ca_server(), {}}, answer_one)};
    BOOST_TEST(get_once(server.url("https", "localhost"), deadline, trusting()).error ==
               tls_failed);
}

BOOST_AUTO_TEST_CASE(B5_the_authorities_of_the_system_do_not_know_the_one_of_the_test) {
    bad_peer server{over_tls({certificates.server(), {}}, answer_one)};
    BOOST_TEST(get_once(server.url("https", "localhost"), deadline).error == tls_failed);
}

BOOST_AUTO_TEST_CASE(the_request_reaches_no_server_that_was_not_verified) {
    std::atomic<bool> received = false;
    bad_peer server{
        over_tls({certificates.unknown_ca_server(), {}},
                 [&](tls_peer_connection& client) { received = !client.read_request().empty(); })};
    BOOST_TEST(get_once(server.url("https", "localhost"), deadline, trusting()).error ==
               tls_failed);
    BOOST_TEST(!received);
}

FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(B5_plain_text_on_the_TLS_port_fails) {
    bad_peer server{[](peer_connection& client) {
        client.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        client.wait_for_close();
    }};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error ==
               make_error_code(errc::plain_http_expected));
}

FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(B5_https_to_a_port_without_TLS_is_named_by_what_answers) {
    const std::pair<std::string, errc> rows[] = {
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", errc::plain_http_expected},
        {"<!DOCTYPE html><title>400</title>", errc::plain_http_expected},
        {"SSH-2.0-OpenSSH_9.2p1\r\n", errc::other_protocol},
        {std::string{"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64", 15}, errc::http2_only},
        {std::string{"\x15\x03\x03\0\x02\x02\x28", 7}, errc::tls_failed}, // handshake_failure
        {std::string{"\x15\x03\x03\0\x02\x02\x78", 7}, errc::http2_only}, // RFC 7301, 3.2
        {"\x80\x90\xa0\xb0\xc0\xd0", errc::tls_failed}};
    for (const auto& [bytes, expected] : rows) {
        for (const bool dripped : {false, true}) {
            bad_peer server{[&sent = bytes, dripped](peer_connection& client) {
                dripped ? client.drip(sent, 100us) : client.send(sent);
                client.wait_for_close();
            }};
            BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error ==
                       make_error_code(expected));
        }
    }
}

BOOST_AUTO_TEST_CASE(B5_http_to_a_TLS_port_says_that_TLS_is_expected) {
    bad_peer server{[](peer_connection& client) {
        // What OpenSSL and nginx's stream module send: an alert, unexpected_message.
        client.read_request();
        client.send(std::string_view{"\x15\x03\x01\0\x02\x02\x0a", 7});
        client.wait_for_close();
    }};
    BOOST_TEST(get_once(server.url("http"), deadline).error == make_error_code(errc::tls_expected));
}

BOOST_AUTO_TEST_CASE(B5_http_to_a_TLS_port_gets_no_valid_answer) {
    bad_peer server{over_tls({certificates.server(), {}}, answer_one)};
    const std::error_code error = get_once(server.url("http"), deadline).error;
    // OpenSSL answers an alert or simply closes.
    BOOST_TEST((error == errc::tls_expected || error == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_says_nothing_in_the_handshake_times_out) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    BOOST_TEST(get_once(server.url("https"), short_deadline, trusting()).error ==
               make_error_code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_drips_in_the_handshake_times_out) {
    bad_peer server{[](peer_connection& client) {
        // The beginning of a handshake record of 16 KiB that never ends.
        std::string record("\x16\x03\x03\x40\x00", 5);
        record.append(10000, '\x02');
        client.drip(record, 5ms);
    }};
    const std::error_code error = get_once(server.url("https"), short_deadline, trusting()).error;
    BOOST_TEST((error == errc::timed_out || error == errc::tls_failed));
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_hangs_up_in_the_handshake_fails) {
    bad_peer server{[](peer_connection& client) { client.close(); }};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error == tls_failed);
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_says_nothing_behind_the_handshake_times_out) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        while (!client.read_request().empty())
            ;
    })};
    const kept_reply result = get_once(server.url("https"), short_deadline, trusting());
    BOOST_TEST(result.error == make_error_code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_a_certificate_gets_it) {
    const certificate_files mine = certificates.client();
    bad_peer server{over_tls({certificates.server(), certificates.ca_file()}, answer_one)};
    transport_options settings = trusting();
    settings.tls.certificate_file = mine.certificate;
    settings.tls.private_key_file = mine.key;
    BOOST_TEST(get_once(server.url("https"), deadline, settings).error == none);
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_asks_in_vain_for_a_certificate_fails) {
    bad_peer server{over_tls({certificates.server(), certificates.ca_file()}, answer_one)};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error == tls_failed);
}

BOOST_AUTO_TEST_CASE(B5_a_certificate_that_the_server_does_not_trust_fails) {
    const certificate_files mine = certificates.unknown_ca_client();
    bad_peer server{over_tls({certificates.server(), certificates.ca_file()}, answer_one)};
    transport_options settings = trusting();
    settings.tls.certificate_file = mine.certificate;
    settings.tls.private_key_file = mine.key;
    BOOST_TEST(get_once(server.url("https"), deadline, settings).error == tls_failed);
}

FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(B5_the_end_of_the_stream_ends_no_body_without_a_goodbye) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\n\r\n" + std::string{healthy_body});
    })};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error ==
               make_error_code(errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_ends_a_body_with_a_goodbye) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\n\r\n" + std::string{healthy_body});
        client.goodbye();
    })};
    const kept_reply result = get_once(server.url("https"), deadline, trusting());
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.body == healthy_body);
}

BOOST_AUTO_TEST_CASE(B5_another_protocol_within_TLS_is_named) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        client.read_request();
        client.send("220 smtp.example ESMTP\r\n");
    })};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error ==
               make_error_code(errc::other_protocol));
}

BOOST_AUTO_TEST_CASE(a_body_of_many_records_arrives_whole) {
    const std::string body(60000, ' ');
    bad_peer server{over_tls({certificates.server(), {}}, [&](tls_peer_connection& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n");
        for (std::size_t sent = 0; sent < body.size(); sent += 100)
            client.send(body.substr(sent, 100));
    })};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).body == body);
}

// Each part of it must not cost stack.
BOOST_AUTO_TEST_CASE(a_body_of_15_MB_arrives_whole) {
    const std::string body(15U << 20U, ' ');
    bad_peer server{over_tls({certificates.server(), {}}, [&](tls_peer_connection& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n");
        client.send(body);
    })};
    getter client{trusting()};
    client.asked.target = server.url("https");
    client.asked.limits.body_bytes_max = body.size();
    const kept_reply result = client.get(client.asked, deadline);
    BOOST_TEST(result.error == none);
    BOOST_TEST((result.body == body));
}

// All of it lies in the socket before any of it is read.
FOREST_TEST_NOT_BY_CURL
BOOST_AUTO_TEST_CASE(a_large_answer_leaves_others_their_turn) {
    const std::string body(250'000, ' ');
    std::atomic<bool> asked = false;
    std::atomic<bool> answered = false;
    bad_peer server{over_tls({certificates.server(), {}}, [&](tls_peer_connection& client) {
        client.read_request();
        asked = true;
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 250000\r\n\r\n" + body);
        answered = true;
        client.read_request();
    })};
    getter client{trusting()};
    client.asked.target = server.url("https");
    client.asked.limits.body_bytes_max = body.size();
    bool ended = false;
    client.transport.async_get(client.asked, deadline, [&](const reply& result) {
        ended = true;
        BOOST_TEST((result.body == body));
    });
    const auto limit = std::chrono::steady_clock::now() + margin;
    while (!asked && std::chrono::steady_clock::now() < limit)
        client.io.run_one_for(1ms);
    while (!answered && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    int turns = 0;
    while (!ended && client.io.run_one_for(margin) > 0)
        ++turns;
    BOOST_TEST(ended);
    BOOST_TEST(turns >= 8);
}

#ifndef FOREST_TEST_CURL_TRANSPORT // libcurl reads on as long as such records arrive
BOOST_AUTO_TEST_CASE(B5_a_server_that_says_nothing_without_end_times_out_and_starves_nobody) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        client.read_request();
        while (client.update_keys())
            ;
    })};
    getter client{trusting()};
    int turns = 0;
    bool ended = false;
    const std::function<void()> count = [&] {
        ++turns;
        if (!ended)
            asio::post(client.io, count);
    };
    client.asked.target = server.url("https");
    std::error_code error;
    const auto began = std::chrono::steady_clock::now();
    client.transport.async_get(client.asked, short_deadline, [&](const reply& result) {
        ended = true;
        error = result.error;
    });
    asio::post(client.io, count);
    client.io.run_for(short_deadline + margin);
    const auto took = std::chrono::steady_clock::now() - began;
    BOOST_TEST(ended);
    BOOST_TEST(error == make_error_code(errc::timed_out));
    BOOST_TEST((took >= short_deadline && took < short_deadline + margin));
    BOOST_TEST(turns > 0);
}
#endif

BOOST_AUTO_TEST_CASE(B5_an_endless_body_within_TLS_is_too_large) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\n\r\n");
        while (client.send(std::string(1000, ' ')))
            ;
    })};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error ==
               make_error_code(errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(a_session_ends_with_a_goodbye) {
    std::atomic<int> goodbyes = -1;
    bad_peer server{over_tls({certificates.server(), {}}, [&](tls_peer_connection& client) {
        answer_one(client);
        goodbyes = client.ends_with_goodbye() ? 1 : 0;
    })};
    BOOST_TEST(get_once(server.url("https"), deadline, trusting()).error == none);
    const auto limit = std::chrono::steady_clock::now() + margin;
    while (goodbyes < 0 && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    BOOST_TEST(goodbyes == 1);
}

BOOST_AUTO_TEST_CASE(a_kept_TLS_connection_is_used_again) {
    bad_peer server{over_tls({certificates.server(), {}}, answer_all)};
    getter client{trusting(true)};
    BOOST_TEST(client.get(server.url("https"), deadline).timings.tls.has_value());
    for (int check = 0; check < 3; ++check) {
        const kept_reply result = client.get(server.url("https"), deadline);
        BOOST_TEST(result.error == none);
        BOOST_TEST(!result.timings.tls.has_value());
    }
    BOOST_TEST(server.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_kept_TLS_connection_that_was_closed_is_replaced) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        answer_one(client);
        client.goodbye();
        client.read_request();
    })};
    getter client{trusting(true)};
    for (int check = 1; check <= 3; ++check) {
        BOOST_TEST(client.get(server.url("https"), deadline).error == none);
        BOOST_TEST(server.accepted() == check);
    }
}

BOOST_AUTO_TEST_CASE(a_kept_TLS_connection_that_was_cut_is_replaced) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        answer_one(client);
        client.read_request();
    })};
    getter client{trusting(true)};
    BOOST_TEST(client.get(server.url("https"), deadline).error == none);
    BOOST_TEST(client.get(server.url("https"), deadline).error == none);
    BOOST_TEST(server.accepted() == 2);
}

BOOST_AUTO_TEST_CASE(an_answer_behind_the_answer_in_the_same_flight_is_never_the_next_one) {
    // It fills the buffer that a first check begins with, so that what follows stays within TLS.
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 4055\r\n\r\n";
    const std::string full = head + std::string(4055, ' ');
    BOOST_TEST(full.size() == 4096U);
    std::atomic<int> connections = 0;
    bad_peer server{over_tls({certificates.server(), {}}, [&](tls_peer_connection& client) {
        if (++connections > 1)
            return answer_one(client);
        client.read_request();
        client.send_together(full, "HTTP/1.1 500 Stale\r\nContent-Length: 0\r\n\r\n");
        client.read_request();
    })};
    getter client{trusting(true)};
    BOOST_TEST(client.get(server.url("https"), deadline).status == 200);
    BOOST_TEST(client.get(server.url("https"), deadline).status == 200);
}

// What a constructor says about files that cannot be used.
struct bad_files {
    const char* name;
    tls_options settings;
};

std::ostream& operator<<(std::ostream& out, const bad_files& row) {
    return out << row.name;
}

const bad_files bad_configurations[] = {
    {"an authority that is missing", {.ca_file = "/nonexistent/ca.pem"}},
    {"a certificate without its key", {.certificate_file = "/nonexistent/certificate.pem"}},
    {"a key without its certificate", {.private_key_file = "/nonexistent/key.pem"}},
    {"a certificate that is missing",
     {.certificate_file = "/nonexistent/certificate.pem", .private_key_file = "/dev/null"}},
};

bool is_configuration_error(const std::system_error& thrown) {
    return thrown.code() == errc::tls_configuration_invalid;
}

BOOST_DATA_TEST_CASE(files_that_cannot_be_used_are_found_by_the_constructor, bad_configurations) {
    asio::io_context io;
    const asio_clock clock{io.get_executor()};
    const transport_options settings{.tls = sample.settings};
    BOOST_CHECK_EXCEPTION((asio_transport{clock, settings}), std::system_error,
                          is_configuration_error);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_certificate_is_named) {
    const std::string file = certificates.directory() + "/text.pem";
    std::ofstream{file} << "no certificate\n";
    BOOST_CHECK_EXCEPTION((tls_context{tls_options{.ca_file = file}}), std::system_error,
                          [&](const auto& thrown) {
                              return is_configuration_error(thrown) &&
                                     std::string{thrown.what()}.find(file) != std::string::npos;
                          });
}

BOOST_AUTO_TEST_CASE(a_key_of_another_certificate_is_refused) {
    const certificate_files mine = certificates.client();
    const certificate_files other = certificates.client();
    BOOST_CHECK_EXCEPTION(
        (tls_context{tls_options{
            .ca_file = {}, .certificate_file = mine.certificate, .private_key_file = other.key}}),
        std::system_error, is_configuration_error);
}

BOOST_AUTO_TEST_CASE(a_kept_session_that_cannot_send_is_replaced_at_once) {
    bad_peer server{over_tls(
        {.files = certificates.server(), .client_ca_file = {}, .version_max = TLS1_2_VERSION},
        [&](tls_peer_connection& client) {
            if (!client.read_request().empty())
                client.send_and_renegotiate(healthy_answer);
            (void)client.ends_with_goodbye();
        })};
    getter client{trusting(true)};
    const std::string target = server.url("https", "localhost");
    BOOST_TEST(client.get(target, deadline).error == none);
    BOOST_TEST(client.get(target, deadline).error == none);
    BOOST_TEST(server.accepted() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
