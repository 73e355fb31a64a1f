// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/executor_source.hpp>
#include <forest/forest.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>

// Whatever is made from an executor is also made from the context that has one.

using namespace forest;
using namespace forest::detail;
using namespace std::chrono_literals;

namespace {

template <typename Executor>
constexpr bool serves_everywhere =
    std::constructible_from<asio_clock, Executor> &&
    std::constructible_from<asio_names, Executor> &&
    std::constructible_from<asio_names, Executor, resolver_limits> &&
    std::constructible_from<asio_server, Executor, server_limits> &&
    std::constructible_from<health_client, Executor, url, std::string_view, options> &&
    std::constructible_from<health_fleet, Executor, std::string_view, fleet_options> &&
    std::constructible_from<datasource, Executor, datasource_options> &&
    std::constructible_from<shutdown_signals, Executor, unique_function<void(int)>>;

static_assert(serves_everywhere<asio::any_io_executor>);
static_assert(serves_everywhere<asio::io_context::executor_type>);
static_assert(serves_everywhere<asio::io_context&>);
static_assert(serves_everywhere<asio::thread_pool&>);
static_assert(serves_everywhere<background&>);

// One that is gone at the end of the expression is a mistake.
static_assert(!std::constructible_from<executor_source, asio::io_context>);
static_assert(!std::constructible_from<executor_source, background>);
static_assert(!std::constructible_from<executor_source, int>);

} // namespace

BOOST_AUTO_TEST_SUITE(executor_source_test)

BOOST_AUTO_TEST_CASE(a_context_gives_its_own_executor) {
    asio::io_context io;
    BOOST_TEST((executor_source{io}.get() == asio::any_io_executor{io.get_executor()}));
    BOOST_TEST((executor_source{io.get_executor()}.get() == executor_source{io}.get()));
}

BOOST_AUTO_TEST_CASE(a_check_on_a_context_completes_there) {
    asio::io_context io;
    bool inside = false;
    asio_server server{io, {.idle_timeout = 10s}};
    const health_route route{server, accept_unsigned};
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
    verdict result;
    async_check(io, "http://127.0.0.1:" + std::to_string(server.port()) + "/forest/health", 20s,
                hmac_sha256_signer{"secret"}, [&](const verdict& told) {
                    inside = io.get_executor().running_in_this_thread();
                    result = told;
                    io.stop();
                });
    io.run_for(30s);
    BOOST_TEST(inside);
    BOOST_TEST(result.healthy());
}

BOOST_AUTO_TEST_CASE(a_client_and_a_fleet_on_a_context_run_there) {
    asio::io_context io;
    asio_server server{io};
    const health_route route{server, hmac_sha256_verifier{"secret"}};
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
    const std::string target =
        "http://127.0.0.1:" + std::to_string(server.port()) + "/forest/health";
    int successes = 0;
    const auto count = [&](const event& happened) {
        successes += happened.kind == event_kind::check_succeeded ? 1 : 0;
        if (successes == 2)
            io.stop();
    };
    health_client client{io, target, "secret", {.interval = 1h}};
    client.on_event(count);
    client.start();
    health_fleet fleet{io, "secret", {.spread_start = false}};
    fleet.add(target, {.interval = 1h});
    fleet.on_event(count);
    fleet.start();
    io.run_for(30s);
    BOOST_TEST(successes == 2);
}

BOOST_AUTO_TEST_SUITE_END()
