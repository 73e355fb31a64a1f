// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/httplib/httplib_options.hpp>
#include <forest/adapters/httplib/httplib_transport.hpp>
#include <forest/core/error.hpp>
#include <forest/forest.hpp>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <httplib.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

// Checks by blocking calls on a pool of threads.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;
const std::error_code none;

std::error_code code(errc value) {
    return make_error_code(value);
}

struct outcome {
    std::error_code error;
    int status = 0;
    std::string body;
    duration elapsed{};
    int calls = 0;
};

struct on_threads {
    asio::io_context io;
    asio_clock clock{io.get_executor()};
    asio::thread_pool threads{2};
    request asked;

    outcome get(httplib_transport& transport, std::string_view target,
                duration timeout = deadline) {
        outcome result;
        asked.target = target;
        const auto began = std::chrono::steady_clock::now();
        transport.async_get(asked, timeout, [&](const reply& answer) {
            ++result.calls;
            result.error = answer.error;
            result.status = answer.status;
            result.body = answer.body;
            result.elapsed = std::chrono::steady_clock::now() - began;
        });
        io.restart();
        io.run_for(timeout + 10s);
        BOOST_TEST(io.stopped());
        BOOST_TEST(result.calls == 1);
        return result;
    }

    outcome get_once(std::string_view target, const httplib_options& options = {}) {
        httplib_transport transport{clock, threads, options};
        return get(transport, target);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(httplib_transport_test, on_threads)

BOOST_AUTO_TEST_CASE(the_lines_of_a_request_are_those_of_the_library) {
    std::mutex mutex;
    std::string received;
    bad_peer server{[&](peer_connection& client) {
        const std::string head = client.read_request();
        {
            const std::lock_guard lock{mutex};
            received = head;
        }
        client.send(healthy_answer);
    }};
    for (const auto& [name, value] :
         {std::pair<std::string_view, std::string_view>{"X_TIMESTAMP", "2026-01-01T00:00Z"},
          {"X_SIGNATURE", "ab"},
          {"x-Twice", "2"},
          {"x-Twice", "1"}})
        BOOST_TEST(!asked.fields.add(name, value));
    const outcome result = get_once(server.url() + "?x=%41&y=a/../b");
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.status == 200);
    BOOST_TEST(result.body == healthy_body);
    const std::lock_guard lock{mutex};
    BOOST_TEST(received.starts_with("GET /forest/health?x=%41&y=a/../b HTTP/1.1\r\n"));
    std::multiset<std::string> lines;
    for (std::size_t begin = received.find("\r\n") + 2; begin + 2 < received.size();) {
        const std::size_t end = received.find("\r\n", begin);
        lines.insert(received.substr(begin, end - begin));
        begin = end + 2;
    }
    const std::multiset<std::string> expected{"Host: 127.0.0.1:" + std::to_string(server.port()),
                                              "User-Agent: forest/" + std::string{version},
                                              "Accept: application/json",
                                              "X_TIMESTAMP: 2026-01-01T00:00Z",
                                              "X_SIGNATURE: ab",
                                              "x-Twice: 2",
                                              "x-Twice: 1",
                                              "Connection: close"};
    BOOST_TEST(lines == expected, boost::test_tools::per_element());
    BOOST_TEST(received.find("x-Twice: 2") < received.find("x-Twice: 1"));
}

BOOST_AUTO_TEST_CASE(B5_failures_have_their_errors) {
    BOOST_TEST(get_once("http://127.0.0.1:" + std::to_string(refused_port())).error ==
               code(errc::connection_refused));
    BOOST_TEST(get_once("tcp://127.0.0.1:1").error == code(errc::url_scheme_unsupported));
    BOOST_TEST(get_once("http+unix://%2Fa.sock/").error == code(errc::url_scheme_unsupported));
    BOOST_TEST((get_once("http://no-such-host.invalid/").error.category() == error_category()));
    bad_peer silent{[](peer_connection& client) { client.wait_for_close(); }};
    httplib_transport transport{clock, threads};
    const outcome result = get(transport, silent.url(), 200ms);
    BOOST_TEST(result.error == code(errc::timed_out));
    BOOST_TEST((result.elapsed >= 200ms));
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up_and_its_addresses_are_tried) {
    bad_peer server{[](peer_connection& client) {
        if (!client.read_request().empty())
            client.send(healthy_answer);
    }};
    BOOST_TEST(get_once(server.url("http", "localhost")).error == none);
}

BOOST_AUTO_TEST_CASE(TLS_is_verified) {
    test_certificates certificates;
    const auto answer = [](tls_peer_connection& client) {
        if (!client.read_request().empty())
            client.send(healthy_answer);
    };
    const httplib_options trusting{.tls = {.ca_file = certificates.ca_file()}};
    {
        bad_peer server{over_tls({certificates.server(), {}}, answer)};
        const outcome result = get_once(server.url("https", "localhost"), trusting);
        BOOST_TEST(result.error == none);
        BOOST_TEST(result.body == healthy_body);
    }
    bad_peer stranger{over_tls({certificates.unknown_ca_server(), {}}, answer)};
    BOOST_TEST(get_once(stranger.url("https", "localhost"), trusting).error ==
               code(errc::tls_failed));
    bad_peer misnamed{over_tls({certificates.wrong_name_server(), {}}, answer)};
    BOOST_TEST(get_once(misnamed.url("https", "localhost"), trusting).error ==
               code(errc::tls_failed));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_used_is_refused_at_the_start) {
    BOOST_CHECK_EXCEPTION(
        (httplib_transport{clock, threads, {.tls = {.ca_file = "/nonexistent/ca.pem"}}}),
        std::system_error, [](const std::system_error& failed) {
            return failed.code() == errc::tls_configuration_invalid;
        });
}

BOOST_AUTO_TEST_CASE(the_hook_gets_the_client) {
    bad_peer proxy{[](peer_connection& client) {
        if (client.read_request().starts_with("GET http://127.0.0.1:1/x HTTP/1.1\r\n"))
            client.send(healthy_answer);
    }};
    httplib_options options;
    options.configure = [&](httplib::Client& client) {
        client.set_proxy("127.0.0.1", static_cast<int>(proxy.port()));
    };
    BOOST_TEST(get_once("http://127.0.0.1:1/x", options).error == none);
    options.configure = [](httplib::Client&) { throw std::runtime_error{"hook"}; };
    BOOST_TEST(get_once("http://127.0.0.1:1/", options).error ==
               code(errc::local_resources_exhausted));
}

BOOST_AUTO_TEST_CASE(B12_a_GET_that_gets_no_thread_is_no_fault_of_the_server) {
    bad_peer silent{[](peer_connection& client) { client.wait_for_close(); }};
    running_server server;
    asio::thread_pool one{1};
    httplib_transport first{clock, one};
    httplib_transport second{clock, one};
    request slow{.target = url{silent.url()}};
    bool slow_ended = false;
    first.async_get(slow, 1s, [&](const reply& answer) {
        slow_ended = true;
        BOOST_TEST(answer.error == code(errc::timed_out));
    });
    const std::string target = "http://127.0.0.1:" + std::to_string(server.port) + "/forest/health";
    // The thread is taken before the second GET.
    while (silent.accepted() == 0)
        io.run_for(1ms);
    request quick{.target = url{target}};
    std::error_code error;
    second.async_get(quick, 100ms, [&](const reply& answer) { error = answer.error; });
    io.restart();
    io.run_for(deadline);
    BOOST_TEST(error == code(errc::local_resources_exhausted));
    BOOST_TEST(slow_ended);
    BOOST_TEST(get(second, target).error == none); // The thread is free again.
}

BOOST_AUTO_TEST_CASE(a_storm_of_cancels_ends_each_GET_once_and_frees_the_threads) {
    running_server server;
    const std::string target = "http://127.0.0.1:" + std::to_string(server.port) + "/forest/health";
    constexpr int rounds = 100;
    int ended = 0;
    std::deque<request> requests;
    {
        httplib_transport transport{clock, threads};
        for (int round = 0; round < rounds; ++round) {
            requests.emplace_back().target = target;
            transport.async_get(requests.back(), deadline, [&](const reply& answer) {
                ++ended;
                BOOST_TEST((!answer.error || answer.error == errc::operation_canceled));
            });
            if (round % 3 == 0)
                io.run_for(1ms);
            transport.cancel();
        }
        requests.emplace_back().target = target;
        transport.async_get(requests.back(), deadline, [&](const reply&) { ++ended; });
    }
    io.restart();
    io.run_for(deadline);
    BOOST_TEST(ended == rounds + 1);
    BOOST_TEST(get_once(target).error == none);
}

BOOST_AUTO_TEST_CASE(a_fleet_of_200_targets) {
    constexpr std::string_view secret = "my-secret";
    constexpr std::size_t count = 200;
    asio_server server{io.get_executor()};
    health_route route{server, hmac_sha256_verifier{secret}};
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
    basic_health_fleet fleet{[&] { return httplib_transport{clock, threads}; }, clock,
                             hmac_sha256_signer{secret}, exponential_backoff{}};
    std::set<target_id> checked;
    fleet.on_event([&](const event& happened) {
        BOOST_TEST((happened.kind != event_kind::check_failed));
        if (happened.kind != event_kind::check_succeeded)
            return;
        checked.insert(happened.id);
        if (checked.size() == count) {
            fleet.stop();
            server.stop();
        }
    });
    for (std::size_t index = 0; index < count; ++index)
        fleet.add(url{server.endpoints().front() + route.path() + "?" + std::to_string(index)},
                  {.interval = 1s, .timeout = 20s});
    fleet.start();
    io.run_for(60s);
    BOOST_TEST(checked.size() == count);
}

BOOST_AUTO_TEST_SUITE_END()
