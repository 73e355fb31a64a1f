// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// What only the transport by libcurl does. What it shares with the others is in the files of
// tests/adapters/asio that are built for it, too.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace data = boost::unit_test::data;

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
    unsigned connections_opened = 0;
    int calls = 0;
};

struct on_curl {
    asio::io_context io;
    asio_clock clock{io.get_executor()};
    request asked;

    template <typename Transport>
    outcome get(Transport& transport, std::string_view target, duration timeout = deadline) {
        outcome result;
        asked.target = target;
        transport.async_get(asked, timeout, [&](const reply& answer) {
            ++result.calls;
            result.error = answer.error;
            result.status = answer.status;
            result.body = answer.body;
            result.connections_opened = answer.connections_opened;
        });
        BOOST_TEST(result.calls == 0);
        io.restart();
        io.run_for(timeout + 10s);
        BOOST_TEST(io.stopped()); // Nothing is left to be done.
        BOOST_TEST(result.calls == 1);
        return result;
    }

    outcome get_once(std::string_view target, const curl_options& options = {}) {
        curl_transport transport{clock, options};
        return get(transport, target);
    }
};

// Keeps what each client has sent.
struct recording_peer {
    explicit recording_peer(std::string answer = std::string{healthy_answer})
        : peer{[this, answer](peer_connection& client) {
              for (;;) {
                  const std::string received = client.read_request();
                  if (received.empty())
                      return;
                  {
                      const std::lock_guard lock{mutex};
                      requests.push_back(received);
                  }
                  client.send(answer);
                  if (received.find("Connection: close") != std::string::npos)
                      return;
              }
          }} {}

    std::vector<std::string> received() {
        const std::lock_guard lock{mutex};
        return requests;
    }

    std::mutex mutex;
    std::vector<std::string> requests;
    bad_peer peer;
};

// Counts its look-ups, and finds 127.0.0.1 for each name that does not begin with "no-".
class counting_resolver {
public:
    explicit counting_resolver(std::shared_ptr<std::vector<std::string>> names)
        : names_{std::move(names)} {}

    template <typename Handler>
    void async_resolve(std::string_view name, Handler handler) {
        names_->emplace_back(name);
        std::jthread{[handler, exists = !name.starts_with("no-")] {
            const ip_address found{.bytes = {127, 0, 0, 1}};
            resolution result;
            if (exists)
                result.addresses = {&found, 1};
            else
                result.error = errc::resolve_failed;
            handler(result);
        }};
    }

private:
    std::shared_ptr<std::vector<std::string>> names_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(curl_transport_test, on_curl)

BOOST_DATA_TEST_CASE(the_bytes_of_a_request_are_those_of_an_asio_transport,
                     data::make({false, true}), reuse) {
    for (const std::string_view path : {"/forest/health", "/", "/a/../b//c?x=%41&y=|", "?q"}) {
        recording_peer server;
        const std::string target =
            "http://127.0.0.1:" + std::to_string(server.peer.port()) + std::string{path};
        url parsed;
        if (url::parse(target, parsed))
            continue;
        asked.fields.clear();
        for (const auto& [name, value] :
             {std::pair<std::string_view, std::string_view>{"X_TIMESTAMP", "2026-01-01T00:00Z"},
              {"x-Twice", "2"},
              {"X_SIGNATURE", "ab"},
              {"x-Twice", "1"}})
            BOOST_TEST(!asked.fields.add(name, value));
        asio_transport own{clock, {.reuse_connections = reuse}};
        BOOST_TEST(get(own, target).error == none);
        own.cancel();
        curl_transport tested{clock, {.reuse_connections = reuse}};
        BOOST_TEST(get(tested, target).error == none);
        const auto received = server.received();
        BOOST_REQUIRE(received.size() == 2U);
        BOOST_TEST(received[0] == received[1]);
    }
}

BOOST_AUTO_TEST_CASE(a_field_without_a_value_is_sent) {
    recording_peer server;
    BOOST_TEST(!asked.fields.add("X-Empty", ""));
    BOOST_TEST(get_once(server.peer.url()).error == none);
    BOOST_TEST(server.received().front().find("\r\nX-Empty:\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B12_no_signature_is_sent_twice_when_a_kept_connection_has_ended) {
    std::atomic<int> requests = 0;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        ++requests;
        client.send(healthy_answer);
        if (!client.read_request().empty()) // and closes without an answer
            ++requests;
    }};
    curl_transport transport{clock, {.reuse_connections = true}};
    BOOST_TEST(get(transport, server.url()).error == none);
    bool send_again = false;
    std::error_code error;
    asked.target = server.url();
    transport.async_get(asked, deadline, [&](const reply& answer) {
        send_again = answer.send_again;
        error = answer.error;
        BOOST_TEST(answer.connections_opened == 0U);
    });
    io.restart();
    io.run_for(deadline);
    BOOST_TEST(send_again);
    BOOST_TEST(error == code(errc::connection_lost));
    BOOST_TEST(requests == 2);
    BOOST_TEST(server.accepted() == 1);
    BOOST_TEST(get(transport, server.url()).error == none);
}

BOOST_AUTO_TEST_CASE(transports_of_the_same_connections_share_what_is_kept) {
    recording_peer server;
    const curl_connections connections{clock, {.reuse_connections = true}};
    curl_transport first{connections};
    curl_transport second{connections};
    curl_transport third = first.another();
    BOOST_TEST(get(first, server.peer.url()).connections_opened == 1U);
    BOOST_TEST(get(second, server.peer.url()).connections_opened == 0U);
    BOOST_TEST(get(third, server.peer.url()).connections_opened == 0U);
    BOOST_TEST(server.peer.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_GET_over_a_kept_connection_can_be_hedged) {
    std::atomic<int> requests = 0;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        ++requests;
        client.send(healthy_answer);
        client.read_request();
        ++requests;
        client.wait_for_close();
    }};
    curl_transport transport{clock, {.reuse_connections = true}};
    BOOST_TEST(!transport.waits_on_kept_connection());
    BOOST_TEST(get(transport, server.url()).error == none);
    int calls = 0;
    transport.async_get(asked, deadline, [&](const reply&) { ++calls; });
    io.restart();
    while (requests < 2)
        io.run_for(1ms);
    BOOST_TEST(transport.waits_on_kept_connection());
    transport.cancel();
    BOOST_TEST(!transport.waits_on_kept_connection());
    io.run_for(deadline);
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(names_are_looked_up_by_the_resolver_of_the_transport) {
    recording_peer server;
    const auto asked_for = std::make_shared<std::vector<std::string>>();
    const basic_asio_names<counting_resolver> names{io.get_executor(), resolver_limits{},
                                                    asked_for};
    curl_transport transport{curl_connections{clock, names}};
    const std::string port = std::to_string(server.peer.port());
    for (const std::string_view host : {"warehouse.test", "Warehouse.test", "warehouse.test."})
        BOOST_TEST(get(transport, "http://" + std::string{host} + ":" + port + "/").error == none);
    BOOST_TEST(get(transport, "http://no-host.test:" + port + "/").error ==
               code(errc::resolve_failed));
    BOOST_TEST((*asked_for ==
                std::vector<std::string>{"warehouse.test", "warehouse.test.", "no-host.test"}));
    BOOST_TEST(server.received().back().find("\r\nHost: warehouse.test:" + port + "\r\n") !=
               std::string::npos);
}

// -- Proxies --

BOOST_AUTO_TEST_CASE(a_proxy_forwards_and_gets_the_name_of_the_target) {
    recording_peer proxy;
    const auto asked_for = std::make_shared<std::vector<std::string>>();
    const basic_asio_names<counting_resolver> names{io.get_executor(), resolver_limits{},
                                                    asked_for};
    curl_options options;
    options.proxy = "http://proxy.test:" + std::to_string(proxy.peer.port());
    curl_transport transport{curl_connections{clock, names, options}};
    const outcome result = get(transport, "http://inside.test/forest/health");
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.body == healthy_body);
    BOOST_TEST((*asked_for == std::vector<std::string>{"proxy.test"}));
    BOOST_TEST(proxy.received().front().starts_with(
        "GET http://inside.test/forest/health HTTP/1.1\r\nHost: inside.test\r\n"));
}

BOOST_AUTO_TEST_CASE(a_tunnel_carries_TLS_and_the_proxy_sees_no_signature) {
    test_certificates certificates;
    std::mutex mutex;
    std::string asked_of_proxy;
    std::string asked_of_server;
    const certificate_files files = certificates.server("DNS:inside.test");
    bad_peer proxy{[&](peer_connection& client) {
        const std::string opening = client.read_request();
        {
            const std::lock_guard lock{mutex};
            asked_of_proxy = opening;
        }
        client.send("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n");
        over_tls({files, {}}, [&](tls_peer_connection& inner) {
            const std::string received = inner.read_request();
            {
                const std::lock_guard lock{mutex};
                asked_of_server = received;
            }
            inner.send(healthy_answer);
        })(client);
    }};
    curl_options options;
    options.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
    options.tls.ca_file = certificates.ca_file();
    BOOST_TEST(!asked.fields.add("X_SIGNATURE", "secret"));
    const outcome result = get_once("https://inside.test/forest/health", options);
    BOOST_TEST(result.error == none);
    BOOST_TEST(result.body == healthy_body);
    const std::lock_guard lock{mutex};
    BOOST_TEST(asked_of_proxy.starts_with("CONNECT inside.test:443 HTTP/1.1\r\n"));
    BOOST_TEST(asked_of_proxy.find("X_SIGNATURE") == std::string::npos);
    BOOST_TEST(asked_of_server.starts_with("GET /forest/health HTTP/1.1\r\n"));
    BOOST_TEST(asked_of_server.find("X_SIGNATURE: secret") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B5_a_proxy_that_opens_no_tunnel_makes_the_server_unreachable) {
    for (const auto& [answer, expected] : {std::pair{"403 Forbidden", errc::unreachable},
                                           {"502 Bad Gateway", errc::unreachable},
                                           {"504 Gateway Timeout", errc::timed_out}}) {
        recording_peer proxy{"HTTP/1.1 " + std::string{answer} + "\r\nContent-Length: 0\r\n\r\n"};
        curl_options options;
        options.proxy = "http://127.0.0.1:" + std::to_string(proxy.peer.port());
        const outcome result = get_once("https://inside.test/forest/health", options);
        BOOST_TEST(result.error == code(expected));
        BOOST_TEST(result.status == 0);
    }
}

BOOST_AUTO_TEST_CASE(B5_a_proxy_that_is_not_there_is_refused) {
    curl_options options;
    options.proxy = "http://127.0.0.1:" + std::to_string(refused_port());
    BOOST_TEST(get_once("http://inside.test/", options).error == code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(a_proxy_of_the_environment_is_not_used) {
    recording_peer server;
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    BOOST_TEST(get_once(server.peer.url()).error == none);
    ::unsetenv("http_proxy");
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_used_are_refused_at_the_start) {
    const auto refusal = [this](const curl_options& options) {
        try {
            const curl_connections made{clock, options};
        } catch (const std::system_error& failed) {
            return failed.code();
        }
        return std::error_code{};
    };
    BOOST_TEST(refusal({.tls = {.ca_file = "/nonexistent/ca.pem"}}) ==
               code(errc::tls_configuration_invalid));
    BOOST_TEST(refusal({.tls = {.certificate_file = "/nonexistent/a.pem"}}) ==
               code(errc::tls_configuration_invalid));
    curl_options options;
    options.proxy = "ftp://proxy.test";
    BOOST_TEST(refusal(options) == code(errc::url_scheme_unsupported));
    options.proxy = "http://proxy.test:port";
    BOOST_TEST(refusal(options) == code(errc::url_malformed));
}

// -- The hook --

BOOST_AUTO_TEST_CASE(the_hook_sets_options_and_cannot_take_away_what_a_check_needs) {
    recording_peer server{
        "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"};
    int calls = 0;
    curl_options options;
    options.configure = [&](CURL* handle) {
        ++calls;
        curl_easy_setopt(handle, CURLOPT_USERAGENT, "mine/1");
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 1L);
    };
    curl_transport transport{clock, options};
    for (int round = 0; round < 2; ++round) {
        const outcome result = get(transport, server.peer.url());
        BOOST_TEST(result.error == none);
        BOOST_TEST(result.status == 302);
    }
    BOOST_TEST(calls == 1);
    const auto received = server.received();
    BOOST_REQUIRE(received.size() == 2U);
    BOOST_TEST(received.front().starts_with("GET /forest/health "));
    BOOST_TEST(received.front().find("\r\nUser-Agent: mine/1\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_hook_passes_to_the_constructor) {
    curl_options options;
    options.configure = [](CURL*) { throw std::runtime_error{"hook"}; };
    BOOST_CHECK_THROW((curl_transport{clock, options}), std::runtime_error);
}

// -- Where to --

BOOST_AUTO_TEST_CASE(a_unix_socket_is_checked) {
    const std::string path = "/tmp/forest-curl-" + std::to_string(::getpid());
    ::unlink(path.c_str());
    std::string target = "http+unix://";
    for (const char byte : path)
        target += byte == '/' ? std::string{"%2F"} : std::string{byte};
    target += "/forest/health";
    curl_transport transport{clock};
    BOOST_TEST(get(transport, target).error == code(errc::connection_refused));
    {
        bad_peer server{[](peer_connection& client) {
                            if (client.read_request().find("\r\nHost: localhost\r\n") !=
                                std::string::npos)
                                client.send(healthy_answer);
                        },
                        path};
        BOOST_TEST(get(transport, target).error == none);
    }
    ::unlink(path.c_str());
    recording_peer server; // and TCP after that
    BOOST_TEST(get(transport, server.peer.url()).error == none);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_no_HTTP_is_refused) {
    const outcome result = get_once("tcp://127.0.0.1:1");
    BOOST_TEST(result.error == code(errc::url_scheme_unsupported));
}

// -- Cancelling and destroying --

BOOST_AUTO_TEST_CASE(a_storm_of_cancels_ends_each_GET_once) {
    running_server server;
    const std::string target = "http://127.0.0.1:" + std::to_string(server.port) + "/forest/health";
    const curl_connections connections{clock, {.reuse_connections = true}};
    constexpr int rounds = 300;
    int ended = 0;
    int canceled = 0;
    std::deque<request> requests;
    {
        curl_transport transport{connections};
        for (int round = 0; round < rounds; ++round) {
            requests.emplace_back().target = target;
            transport.async_get(requests.back(), deadline, [&](const reply& answer) {
                ++ended;
                canceled += answer.error == errc::operation_canceled ? 1 : 0;
                BOOST_TEST((!answer.error || answer.error == errc::operation_canceled));
            });
            if (round % 3 != 0)
                io.poll();
            if (round % 5 == 0)
                io.run_for(1ms);
            transport.cancel(); // An answer may have come before.
            transport.cancel();
        }
        requests.emplace_back().target = target;
        transport.async_get(requests.back(), deadline, [&](const reply&) { ++ended; });
    } // destroyed with a GET under way
    io.restart();
    io.run_for(deadline);
    BOOST_TEST(io.stopped());
    BOOST_TEST(ended == rounds + 1);
    BOOST_TEST(canceled > 0);
    curl_transport transport{connections};
    BOOST_TEST(get(transport, target).error == none);
}

BOOST_AUTO_TEST_CASE(a_context_that_ends_with_a_GET_under_way_destroys_its_handler) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    auto token = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = token;
    {
        auto context = std::make_unique<asio::io_context>();
        std::optional<curl_transport> transport{asio_clock{context->get_executor()}};
        asked.target = server.url();
        transport->async_get(asked, deadline, [token = std::move(token)](const reply&) {});
        context->run_for(20ms);
        transport.reset();
    }
    BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_SUITE_END()
