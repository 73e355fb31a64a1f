// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/event.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/signer.hpp>

#include <asio/post.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(background_test)

BOOST_AUTO_TEST_CASE(work_runs_on_a_thread_of_its_own) {
    background thread;
    std::promise<std::thread::id> ran_on;
    asio::post(thread.get_executor(), [&] { ran_on.set_value(std::this_thread::get_id()); });
    auto result = ran_on.get_future();
    BOOST_TEST_REQUIRE((result.wait_for(20s) == std::future_status::ready));
    BOOST_TEST((result.get() != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(an_idle_thread_waits_for_work) {
    background thread;
    for (int round = 0; round < 3; ++round) {
        std::promise<void> ran;
        asio::post(thread.get_executor(), [&] { ran.set_value(); });
        BOOST_TEST_REQUIRE((ran.get_future().wait_for(20s) == std::future_status::ready));
    }
}

BOOST_AUTO_TEST_CASE(B18_what_is_pending_at_the_end_is_freed) {
    const auto held = std::make_shared<int>(1);
    {
        background thread;
        asio_clock clock{thread.get_executor()};
        clock.async_wait(1h, [held](std::error_code) {});
        clock.cancel();
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_client_checks_on_it) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    background thread;
    const asio_clock clock{thread.get_executor()};
    basic_health_client client{asio_transport{clock}, clock, unsigned_requests{},
                               exponential_backoff{}, url{server.url()}};
    std::promise<std::thread::id> checked_on;
    client.on_event([&](const event& happened) {
        if (happened.kind == event_kind::check_succeeded)
            checked_on.set_value(std::this_thread::get_id());
    });
    client.start();
    auto result = checked_on.get_future();
    BOOST_TEST_REQUIRE((result.wait_for(20s) == std::future_status::ready));
    BOOST_TEST((result.get() != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_SUITE_END()
