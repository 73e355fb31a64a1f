// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/signer.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;

struct context {
    asio::io_context io;
    bad_peer server{answering_once(std::string{healthy_answer})};
    bad_peer silent{[](peer_connection& client) { client.wait_for_close(); }};
};

single_check check_of(const bad_peer& server, duration timeout = deadline) {
    return {.target = server.url(), .timeout = timeout};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(async_check_test, context)

BOOST_AUTO_TEST_CASE(a_callback_is_called_once_and_never_from_inside) {
    int calls = 0;
    async_check(io.get_executor(), check_of(server), unsigned_requests{}, [&](verdict result) {
        ++calls;
        BOOST_TEST(result.healthy());
        BOOST_TEST(result.version() == "1.16.10");
        BOOST_TEST(result.timings.total.has_value());
    });
    BOOST_TEST(calls == 0);
    io.run_for(deadline);
    BOOST_TEST(io.stopped());
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_callback_may_be_move_only) {
    int value = 0;
    async_check(io.get_executor(), check_of(server), unsigned_requests{},
                [&value, owned = std::make_unique<int>(7)](const verdict&) { value = *owned; });
    io.run_for(deadline);
    BOOST_TEST(value == 7);
}

BOOST_AUTO_TEST_CASE(a_future_holds_the_verdict) {
    background thread;
    std::future<verdict> result = async_check(thread.get_executor(), check_of(server),
                                              hmac_sha256_signer{"secret"}, asio::use_future);
    BOOST_TEST_REQUIRE((result.wait_for(deadline) == std::future_status::ready));
    BOOST_TEST(result.get().healthy());
}

BOOST_AUTO_TEST_CASE(an_unhealthy_server_is_a_result_and_no_exception) {
    background thread;
    single_check refused;
    refused.target = "http://127.0.0.1:" + std::to_string(refused_port());
    std::future<verdict> result =
        async_check(thread.get_executor(), refused, unsigned_requests{}, asio::use_future);
    BOOST_TEST(result.get().error == make_error_code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(the_timeout_is_that_of_the_check) {
    verdict result;
    async_check(io.get_executor(), check_of(silent, 100ms), unsigned_requests{},
                [&](const verdict& told) { result = told; });
    io.run_for(deadline);
    BOOST_TEST(result.error == make_error_code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_coroutine_awaits_one_check_after_the_other) {
    int healthy = 0;
    bool finished = false;
    const auto watch = [&]() -> asio::awaitable<void> {
        for (int round = 0; round < 3; ++round) {
            const verdict result = co_await async_check(io.get_executor(), check_of(server),
                                                        unsigned_requests{}, asio::use_awaitable);
            healthy += result.healthy() ? 1 : 0;
        }
        finished = true;
    };
    asio::co_spawn(io, watch, asio::detached);
    io.run_for(deadline);
    BOOST_TEST(finished);
    BOOST_TEST(healthy == 3);
}

// g++ 12 destroys the members of an aggregate that is made inside a `co_await` twice; under ASan
// these lines would end the test.
BOOST_AUTO_TEST_CASE(a_coroutine_may_write_the_check_in_place) {
    std::vector<std::error_code> errors;
    const std::string url = "http://127.0.0.1:" + std::to_string(refused_port()) + "/a/long/path";
    const auto watch = [&]() -> asio::awaitable<void> {
        const auto executor = io.get_executor();
        const auto add = [&](const verdict& result) { errors.push_back(result.error); };
        add(co_await async_check(executor, {.target = url, .timeout = 2s}, unsigned_requests{},
                                 asio::use_awaitable));
        add(co_await async_check(executor, single_check{.target = url, .timeout = 2s},
                                 hmac_sha256_signer{"secret"}, asio::use_awaitable));
        add(co_await async_check(executor,
                                 {.target = url, .transport = {.reset_after_answer = true}},
                                 unsigned_requests{}, asio::use_awaitable));
        single_check named{.target = url, .timeout = 2s};
        add(co_await async_check(executor, named, unsigned_requests{}, asio::use_awaitable));
        add(co_await async_check(executor, std::move(named), unsigned_requests{},
                                 asio::use_awaitable));
    };
    asio::co_spawn(io, watch, asio::detached);
    io.run_for(deadline);
    BOOST_TEST_REQUIRE(errors.size() == 5U);
    for (const std::error_code ec : errors)
        BOOST_TEST(ec == make_error_code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(what_is_written_in_place_arrives) {
    std::vector<std::error_code> thrown;
    const auto watch = [&]() -> asio::awaitable<void> {
        const auto executor = io.get_executor();
        for (int mistake = 0; mistake < 4; ++mistake) {
            try {
                if (mistake == 0)
                    (void)co_await async_check(executor, {.target = "ftp://a/b", .timeout = 2s},
                                               unsigned_requests{}, asio::use_awaitable);
                else if (mistake == 1)
                    (void)co_await async_check(executor, {.target = server.url(), .timeout = -1s},
                                               unsigned_requests{}, asio::use_awaitable);
                else if (mistake == 2)
                    (void)co_await async_check(
                        executor,
                        {.target = server.url(), .transport = {.tls = {.ca_file = "/no/ca.pem"}}},
                        unsigned_requests{}, asio::use_awaitable);
                else
                    (void)co_await async_check(executor, server.url(), 0s, unsigned_requests{},
                                               asio::use_awaitable);
            } catch (const std::system_error& error) {
                thrown.push_back(error.code());
            }
        }
    };
    asio::co_spawn(io, watch, asio::detached);
    io.run_for(deadline);
    BOOST_TEST_REQUIRE(thrown.size() == 4U);
    BOOST_TEST(thrown[0] == make_error_code(errc::url_scheme_unsupported));
    BOOST_TEST(thrown[1] == make_error_code(errc::invalid_timeout));
    BOOST_TEST(thrown[2] == make_error_code(errc::tls_configuration_invalid));
    BOOST_TEST(thrown[3] == make_error_code(errc::invalid_timeout));
}

BOOST_AUTO_TEST_CASE(a_url_and_a_timeout_are_enough) {
    verdict result;
    verdict late;
    const auto watch = [&]() -> asio::awaitable<void> {
        result = co_await async_check(io.get_executor(), server.url(), 20s, unsigned_requests{},
                                      asio::use_awaitable);
        late = co_await async_check(io.get_executor(), silent.url(), 100ms, unsigned_requests{},
                                    asio::use_awaitable);
    };
    asio::co_spawn(io, watch, asio::detached);
    io.run_for(deadline);
    BOOST_TEST(result.healthy());
    BOOST_TEST(late.error == make_error_code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_certificate_file_that_cannot_be_used_throws_into_the_coroutine) {
    std::error_code thrown;
    const auto watch = [&]() -> asio::awaitable<void> {
        single_check check = check_of(server);
        check.transport.tls.ca_file = "/nonexistent/ca.pem";
        try {
            (void)co_await async_check(io.get_executor(), check, unsigned_requests{},
                                       asio::use_awaitable);
        } catch (const std::system_error& error) {
            thrown = error.code();
        }
    };
    asio::co_spawn(io, watch, asio::detached);
    io.run_for(deadline);
    BOOST_TEST(thrown == make_error_code(errc::tls_configuration_invalid));
}

BOOST_DATA_TEST_CASE(
    a_timeout_out_of_its_range_is_refused_by_the_call,
    boost::unit_test::data::make({duration::min().count(), duration::rep{-1}, duration::rep{0},
                                  options::duration_max.count() + 1, duration::max().count()})) {
    int calls = 0;
    BOOST_CHECK_EXCEPTION(async_check(io.get_executor(), check_of(server, duration{sample}),
                                      unsigned_requests{}, [&](const verdict&) { ++calls; }),
                          std::system_error, [](const std::system_error& error) {
                              return error.code() == make_error_code(errc::invalid_timeout);
                          });
    io.run_for(deadline);
    BOOST_TEST(calls == 0);
    BOOST_TEST(server.accepted() == 0);
}

BOOST_AUTO_TEST_CASE(the_longest_timeout_is_in_its_range) {
    verdict result;
    async_check(io.get_executor(), check_of(server, options::duration_max), unsigned_requests{},
                [&](const verdict& told) { result = told; });
    io.run_for(deadline);
    BOOST_TEST(result.healthy());
}

BOOST_AUTO_TEST_CASE(a_cancellation_slot_cancels_the_check) {
    asio::cancellation_signal signal;
    verdict result;
    int calls = 0;
    async_check(io.get_executor(), check_of(silent), unsigned_requests{},
                asio::bind_cancellation_slot(signal.slot(), [&](const verdict& told) {
                    result = told;
                    ++calls;
                }));
    signal.emit(asio::cancellation_type::terminal);
    signal.emit(asio::cancellation_type::terminal);
    BOOST_TEST(calls == 0);
    io.run_for(deadline);
    BOOST_TEST(io.stopped());
    BOOST_TEST(calls == 1);
    BOOST_TEST(result.error == make_error_code(errc::operation_canceled));
}

BOOST_AUTO_TEST_CASE(cancelling_what_has_completed_does_nothing) {
    asio::cancellation_signal signal;
    int calls = 0;
    async_check(io.get_executor(), check_of(server), unsigned_requests{},
                asio::bind_cancellation_slot(signal.slot(), [&](const verdict&) { ++calls; }));
    io.run_for(deadline);
    signal.emit(asio::cancellation_type::terminal);
    io.restart();
    io.run_for(deadline);
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(the_completion_runs_on_the_executor_of_the_handler) {
    asio::io_context other;
    std::optional<std::thread::id> completed_on;
    async_check(io.get_executor(), check_of(server), unsigned_requests{},
                asio::bind_executor(other.get_executor(), [&](const verdict&) {
                    completed_on = std::this_thread::get_id();
                }));
    io.run_for(deadline);
    BOOST_TEST(!completed_on.has_value());
    // The check has kept the other context from running out of work.
    std::thread running{[&] { other.run_for(deadline); }};
    const auto expected = running.get_id();
    running.join();
    BOOST_TEST_REQUIRE(completed_on.has_value());
    BOOST_TEST((*completed_on == expected));
}

BOOST_AUTO_TEST_CASE(a_check_keeps_the_context_of_its_handler_from_ending) {
    asio::io_context other;
    background thread;
    int calls = 0;
    async_check(thread.get_executor(), check_of(server), unsigned_requests{},
                asio::bind_executor(other.get_executor(), [&](const verdict&) { ++calls; }));
    other.run_for(deadline); // Returns at once if there is no work.
    BOOST_TEST(other.stopped());
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(what_the_callback_throws_leaves_run) {
    async_check(io.get_executor(), check_of(server), unsigned_requests{},
                [](const verdict&) { throw std::runtime_error{"from the callback"}; });
    BOOST_CHECK_THROW(io.run_for(deadline), std::runtime_error);
    io.run_for(deadline);
    BOOST_TEST(io.stopped());
}

BOOST_AUTO_TEST_CASE(B18_a_check_that_never_ended_is_freed_with_its_context) {
    const auto held = std::make_shared<int>(1);
    {
        asio::io_context never_run;
        async_check(never_run.get_executor(), check_of(silent), unsigned_requests{},
                    [held](const verdict&) {});
        BOOST_TEST(held.use_count() == 2);
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
