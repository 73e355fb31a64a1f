// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/one_check.hpp>

#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/core/error.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/tcp.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

// Servers that do everything wrong, over real sockets: each ends in the right error (B5), within
// the deadline, and the handler is called exactly once. `getter` checks the latter for each.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto short_deadline = 200ms;
// For peers that fail at once: a test that ends by this deadline ended for the wrong reason.
constexpr auto long_deadline = 20s;

std::string repeated(std::string_view text, std::size_t times) {
    std::string result;
    result.reserve(text.size() * times);
    while (times-- > 0)
        result += text;
    return result;
}

struct bad_answer {
    const char* name;
    std::string bytes;
    errc expected;
};

std::ostream& operator<<(std::ostream& out, const bad_answer& row) {
    return out << row.name;
}

const std::string head = "HTTP/1.1 200 OK\r\n";
const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";

const bad_answer bad_answers[] = {
    {"nothing at all", "", errc::connection_lost},
    {"no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", errc::other_protocol},
    {"a handshake of TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
     errc::tls_expected},
    {"zeros", std::string(4096, '\0'), errc::malformed_response},
    {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", errc::malformed_response},
    {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", errc::malformed_response},
    {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", errc::malformed_response},
    {"a folded line", head + "A: b\r\n c\r\nContent-Length: 0\r\n\r\n", errc::malformed_response},
    {"a zero in a header", head + std::string("A: b\0c\r\n\r\n", 10), errc::malformed_response},
    {"a blank before the colon", head + "Content-Length : 0\r\n\r\n", errc::malformed_response},
    {"a header section over 16 KiB", head + "A: " + std::string(17000, 'x') + "\r\n\r\n",
     errc::response_too_large},
    {"many header lines over 16 KiB", head + repeated("A: b\r\n", 3000) + "\r\n",
     errc::response_too_large},
    {"a declared body over 64 KiB", head + "Content-Length: 65537\r\n\r\n",
     errc::response_too_large},
    {"a length beyond 64 bits", head + "Content-Length: 99999999999999999999999\r\n\r\n",
     errc::response_too_large},
    {"a negative length", head + "Content-Length: -1\r\n\r\n", errc::malformed_response},
    {"a length with a sign", head + "Content-Length: +2\r\n\r\n{}", errc::malformed_response},
    {"a hexadecimal length", head + "Content-Length: 0x2\r\n\r\n{}", errc::malformed_response},
    {"two lengths in conflict", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
     errc::malformed_response},
    {"a length and chunks", head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
     errc::malformed_response},
    {"a length too long", head + "Content-Length: 36\r\n\r\n" + std::string{healthy_body},
     errc::connection_lost},
    {"a length too short", head + "Content-Length: 34\r\n\r\n" + std::string{healthy_body},
     errc{}}, // The transport sees a complete answer; its body is malformed.
    {"a chunk without a size", chunked + "\r\n", errc::malformed_response},
    {"a chunk of no number", chunked + "xyz\r\n", errc::malformed_response},
    {"a chunk of negative size", chunked + "-2\r\n{}\r\n", errc::malformed_response},
    {"a chunk longer than its size", chunked + "1\r\n{}\r\n0\r\n\r\n", errc::malformed_response},
    {"a chunk shorter than its size", chunked + "3\r\n{}\r\n0\r\n\r\n", errc::malformed_response},
    {"a chunk size beyond 64 bits", chunked + "fffffffffffffffff\r\n", errc::response_too_large},
    {"chunks over 64 KiB", chunked + repeated("400\r\n" + std::string(1024, 'x') + "\r\n", 65),
     errc::response_too_large},
    {"chunks without an end", chunked + "2\r\n{}\r\n", errc::connection_lost},
    {"a trailer without an end", chunked + "2\r\n{}\r\n0\r\nA: b\r\n", errc::connection_lost},
    {"an unknown transfer coding", head + "Transfer-Encoding: gzip, chunked\r\n\r\n",
     errc::unsupported_encoding},
    {"an interim answer and no more", "HTTP/1.1 100 Continue\r\n\r\n", errc::connection_lost},
};

std::error_code code(errc expected) {
    return expected == errc{} ? std::error_code{} : make_error_code(expected);
}

} // namespace

BOOST_AUTO_TEST_SUITE(bad_peers_test)

BOOST_DATA_TEST_CASE(B5_an_answer_that_is_wrong_is_named_as_what_it_is, bad_answers) {
    bad_peer server{answering_once(sample.bytes)};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(sample.expected));
}

BOOST_DATA_TEST_CASE(B5_the_same_when_every_byte_comes_alone, bad_answers) {
    const std::string& bytes = sample.bytes;
    bad_peer server{[&](peer_connection& client) {
        if (!client.read_request().empty())
            client.drip(bytes, bytes.size() < 512 ? 20us : 0us);
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(sample.expected));
}

BOOST_AUTO_TEST_CASE(B5_an_endless_header_is_too_large) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        if (client.send("HTTP/1.1 200 OK\r\n"))
            client.send_for_ever("Name: value\r\n");
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(B5_an_endless_status_line_is_too_large) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        if (client.send("HTTP/1.1 200 "))
            client.send_for_ever("OK OK OK OK OK ");
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(B5_endless_interim_answers_are_too_large) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.send_for_ever("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(B5_an_endless_body_without_a_length_is_too_large) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        if (client.send("HTTP/1.1 200 OK\r\n\r\n"))
            client.send_for_ever(R"({"status":"ok"} )");
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(B5_an_endless_chunked_body_is_too_large) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        if (client.send(chunked))
            client.send_for_ever("5\r\nabcde\r\n");
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(B5_an_endless_chunk_extension_is_too_large) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        if (client.send(chunked + "5"))
            client.send_for_ever(";name=value");
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(B5_a_port_where_nothing_listens_refuses) {
    const std::string target = "http://127.0.0.1:" + std::to_string(refused_port());
    BOOST_TEST(get_once(target, long_deadline).error == code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_says_nothing_times_out) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    const kept_reply result = get_once(server.url(), short_deadline);
    BOOST_TEST(result.error == code(errc::timed_out));
    BOOST_TEST(result.timings.connect.has_value());
    BOOST_TEST(!result.timings.first_byte.has_value());
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_never_accepts_times_out) {
    // The kernel completes the handshake on behalf of a listener that never calls accept.
    asio::io_context io;
    asio::ip::tcp::acceptor listener{io, {asio::ip::address_v4::loopback(), 0}};
    const std::string target =
        "http://127.0.0.1:" + std::to_string(listener.local_endpoint().port());
    BOOST_TEST(get_once(target, short_deadline).error == code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(B5_a_connection_that_is_never_made_times_out) {
    // With a full backlog Linux drops the handshake, as a firewall that drops packets would.
    asio::io_context io;
    asio::ip::tcp::acceptor listener{io, asio::ip::tcp::v4()};
    listener.bind({asio::ip::address_v4::loopback(), 0});
    listener.listen(0);
    asio::ip::tcp::socket first{io};
    asio::ip::tcp::socket second{io};
    first.connect(listener.local_endpoint());
    second.async_connect(listener.local_endpoint(), [](std::error_code) {});
    const std::string target =
        "http://127.0.0.1:" + std::to_string(listener.local_endpoint().port());
    const kept_reply result = get_once(target, short_deadline);
    BOOST_TEST(result.error == code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(B5_the_deadline_is_that_of_the_whole_check_however_much_drips_in) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.drip("HTTP/1.1 200 OK\r\nA: " + std::string(10000, 'x'), 5ms);
    }};
    const kept_reply result = get_once(server.url(), short_deadline);
    BOOST_TEST(result.error == code(errc::timed_out));
    BOOST_TEST(result.timings.first_byte.has_value());
}

BOOST_AUTO_TEST_CASE(B5_a_body_that_drips_times_out_and_keeps_its_status) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        if (client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"))
            client.drip(std::string(1000, ' '), 5ms);
    }};
    const kept_reply result = get_once(server.url(), short_deadline);
    BOOST_TEST(result.error == code(errc::timed_out));
    BOOST_TEST(result.status == 200);
}

const bad_answer refusals_cut_short[] = {
    {"a declared body over 64 KiB", "Content-Length: 65537\r\n\r\n", errc::response_too_large},
    {"a body over 64 KiB without a length", "\r\n" + std::string(65537, 'x'),
     errc::response_too_large},
    {"chunks over 64 KiB",
     "Transfer-Encoding: chunked\r\n\r\n" +
         repeated("400\r\n" + std::string(1024, 'x') + "\r\n", 65),
     errc::response_too_large},
    {"a chunk without a size", "Transfer-Encoding: chunked\r\n\r\n\r\n", errc::malformed_response},
    {"an unknown transfer coding", "Transfer-Encoding: gzip\r\n\r\n", errc::unsupported_encoding},
    {"a body that ends too early", "Content-Length: 2\r\n\r\n{", errc::connection_lost},
};

BOOST_DATA_TEST_CASE(B11_a_complete_head_is_reported_whatever_its_body_is, refusals_cut_short) {
    bad_peer server{answering_once("HTTP/1.1 401 Unauthorized\r\n"
                                   "Date: Tue, 09 Dec 2025 12:00:00 GMT\r\n" +
                                   sample.bytes)};
    getter client;
    client.asked.target = server.url();
    kept_reply result;
    std::string date;
    client.transport.async_get(client.asked, long_deadline, [&](const reply& answer) {
        result.keep(answer);
        date = answer.fields.find("Date").value_or("none");
    });
    client.io.run_for(long_deadline + margin);
    BOOST_TEST(result.error == code(sample.expected));
    BOOST_TEST(result.status == 401);
    BOOST_TEST(date == "Tue, 09 Dec 2025 12:00:00 GMT");
    BOOST_TEST(result.body.empty());
}

BOOST_DATA_TEST_CASE(B5_a_close_at_any_byte_of_a_valid_answer_loses_the_connection,
                     boost::unit_test::data::xrange(healthy_answer.size() + 1)) {
    bad_peer server{answering_once(std::string{healthy_answer.substr(0, sample)})};
    const bool complete = sample == healthy_answer.size();
    BOOST_TEST(get_once(server.url(), long_deadline).error ==
               (complete ? std::error_code{} : code(errc::connection_lost)));
}

BOOST_DATA_TEST_CASE(B5_a_reset_at_any_byte_of_a_valid_answer_loses_the_connection,
                     boost::unit_test::data::xrange(healthy_answer.size())) {
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer.substr(0, sample));
        client.reset();
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(B5_a_reset_ends_no_body_that_has_no_length) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.send("HTTP/1.0 200 OK\r\n\r\n" + std::string{healthy_body});
        client.reset();
    }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_hangs_up_on_accepting_loses_the_connection) {
    bad_peer server{[](peer_connection& client) { client.close(); }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(B5_a_server_that_resets_on_accepting_loses_the_connection) {
    bad_peer server{[](peer_connection& client) { client.reset(); }};
    BOOST_TEST(get_once(server.url(), long_deadline).error == code(errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_before_the_request_was_read_counts) {
    bad_peer server{[](peer_connection& client) {
        client.send(healthy_answer);
        client.wait_for_close();
    }};
    const kept_reply result = get_once(server.url(), long_deadline);
    BOOST_TEST(result.error == std::error_code{});
    BOOST_TEST(result.body == healthy_body);
}

BOOST_AUTO_TEST_CASE(an_answer_counts_even_when_the_server_resets_behind_it) {
    bad_peer server{[](peer_connection& client) {
        // Closed with the request unread, which makes the kernel reset the connection.
        client.send(healthy_answer);
        client.finish_sending();
        client.close();
    }};
    const kept_reply result = get_once(server.url(), long_deadline);
    // The kernel may have reset the connection before it was read, or even made.
    if (result.error != std::error_code{})
        BOOST_TEST(result.error == code(errc::connection_lost));
    else
        BOOST_TEST(result.body == healthy_body);
}

BOOST_AUTO_TEST_CASE(the_rest_of_an_endless_answer_is_not_waited_for) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        if (client.send(healthy_answer))
            client.send_for_ever("and more ");
    }};
    const kept_reply result = get_once(server.url(), long_deadline);
    BOOST_TEST(result.error == std::error_code{});
    BOOST_TEST(result.body == healthy_body);
}

BOOST_AUTO_TEST_CASE(B5_a_name_that_no_resolver_accepts_is_not_resolved) {
    // Longer than a label may be, so that no DNS server need be asked.
    const std::string target = "http://" + std::string(64, 'a') + ".invalid/";
    BOOST_TEST(get_once(target, long_deadline).error == code(errc::resolve_failed));
}

BOOST_AUTO_TEST_CASE(B5_a_name_that_does_not_exist_is_not_resolved_in_time) {
    // RFC 6761 promises that there is no such name; without a network the resolver may hang.
    getter client;
    kept_reply result;
    request asked;
    asked.target = "http://forest.invalid/";
    client.transport.async_get(asked, 2s, [&](const reply& answer) { result.keep(answer); });
    client.io.run_for(2s + margin);
    BOOST_TEST((result.error == errc::resolve_failed || result.error == errc::timed_out));
    BOOST_TEST((result.error == condition::no_connection));
}

BOOST_AUTO_TEST_CASE(B5_the_limits_of_the_request_are_the_ones_that_hold) {
    bad_peer server{answering(std::string{healthy_answer})};
    getter client;
    request asked;
    asked.target = server.url();
    asked.limits.body_bytes_max = healthy_body.size();
    BOOST_TEST(client.get(asked, long_deadline).error == std::error_code{});
    asked.limits.body_bytes_max = healthy_body.size() - 1;
    BOOST_TEST(client.get(asked, long_deadline).error == code(errc::response_too_large));
}

BOOST_AUTO_TEST_SUITE_END()
