// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace forest;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = 20s;
constexpr auto never = 1h;

struct context {
    asio::io_context io;
    asio_clock clock{io.get_executor()};
    std::vector<int> order;

    auto append(int number) {
        return [this, number](std::error_code ec) {
            BOOST_TEST(ec == std::error_code{});
            order.push_back(number);
        };
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(asio_clock_test, context)

BOOST_AUTO_TEST_CASE(a_wait_ends_at_its_time_and_never_from_inside) {
    const auto began = std::chrono::steady_clock::now();
    clock.async_wait(20ms, append(1));
    BOOST_TEST(order.empty());
    io.run_for(limit);
    BOOST_TEST(io.stopped());
    BOOST_TEST(order == std::vector{1});
    BOOST_TEST((std::chrono::steady_clock::now() - began >= 20ms));
}

BOOST_AUTO_TEST_CASE(waits_end_in_the_order_of_their_deadlines) {
    clock.async_wait(30ms, append(3));
    clock.async_wait(1ms, append(1));
    clock.async_wait(20ms, append(2));
    io.run_for(limit);
    BOOST_TEST(order == (std::vector{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(waits_that_are_due_already_end_in_the_order_asked) {
    // A negative wait has the deadline of the moment at which it was asked for.
    for (int number = 0; number < 100; ++number)
        clock.async_wait(number % 2 == 0 ? 0s : -1s, append(number));
    io.run_for(limit);
    std::vector<int> expected(100);
    for (int number = 0; number < 100; ++number)
        expected[static_cast<std::size_t>(number)] = number;
    BOOST_TEST(order == expected);
}

BOOST_AUTO_TEST_CASE(the_longest_delay_there_is_does_not_end_at_once) {
    int canceled = 0;
    clock.async_wait(duration::max(), [&](std::error_code ec) {
        BOOST_TEST(ec == make_error_code(errc::operation_canceled));
        ++canceled;
    });
    clock.async_wait(duration::min(), append(1));
    clock.async_wait(20ms, [&](std::error_code) { clock.cancel(); });
    io.run_for(limit);
    BOOST_TEST(io.stopped());
    BOOST_TEST(order == std::vector{1});
    BOOST_TEST(canceled == 1);
}

BOOST_AUTO_TEST_CASE(a_wait_may_be_asked_for_in_a_handler) {
    clock.async_wait(1ms, [&](std::error_code) {
        clock.async_wait(0s, append(2));
        order.push_back(1);
    });
    io.run_for(limit);
    BOOST_TEST(order == (std::vector{1, 2}));
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_does_not_keep_other_waits_from_ending) {
    const auto throwing = [](std::error_code) { throw std::runtime_error{"from the handler"}; };
    clock.async_wait(0s, throwing);
    clock.async_wait(0s, append(1)); // due together with the one that throws
    clock.async_wait(20ms, throwing);
    clock.async_wait(40ms, append(2));
    BOOST_CHECK_THROW(io.run_for(limit), std::runtime_error);
    BOOST_TEST(order.empty());
    BOOST_CHECK_THROW(io.run_for(limit), std::runtime_error);
    BOOST_TEST(order == std::vector{1});
    io.run_for(limit);
    BOOST_TEST(io.stopped());
    BOOST_TEST(order == (std::vector{1, 2}));
}

BOOST_AUTO_TEST_CASE(cancelling_ends_all_waits_with_an_error_and_never_from_inside) {
    int canceled = 0;
    for (int number = 0; number < 3; ++number)
        clock.async_wait(never, [&](std::error_code ec) {
            BOOST_TEST(ec == make_error_code(errc::operation_canceled));
            ++canceled;
        });
    clock.cancel();
    BOOST_TEST(canceled == 0);
    clock.async_wait(1ms, append(1));
    io.run_for(limit);
    BOOST_TEST(io.stopped());
    BOOST_TEST(canceled == 3);
    BOOST_TEST(order == std::vector{1});
    clock.cancel();
}

BOOST_AUTO_TEST_CASE(a_copy_cancels_only_what_was_asked_of_it) {
    asio_clock copy = clock;
    std::error_code canceled;
    copy.async_wait(never, [&](std::error_code ec) { canceled = ec; });
    clock.async_wait(1ms, append(1));
    copy.cancel();
    io.run_for(limit);
    BOOST_TEST(canceled == make_error_code(errc::operation_canceled));
    BOOST_TEST(order == std::vector{1});
}

BOOST_AUTO_TEST_CASE(B16_handlers_of_a_clock_and_of_its_copy_run_one_at_a_time) {
    asio_clock copy = clock;
    clock.serializer().run([&] {
        copy.async_wait(0s, append(2));
        io.run_for(20ms); // As a callback might do; the wait ends, but its turn has not come.
        order.push_back(1);
    });
    io.restart();
    io.run_for(limit);
    BOOST_TEST(order == (std::vector{1, 2}));
}

BOOST_AUTO_TEST_CASE(handlers_may_be_move_only) {
    auto owned = std::make_unique<int>(7);
    int value = 0;
    clock.async_wait(0s, [&value, owned = std::move(owned)](std::error_code) { value = *owned; });
    io.run_for(limit);
    BOOST_TEST(value == 7);
}

BOOST_AUTO_TEST_CASE(B16_handlers_run_one_at_a_time_on_many_threads) {
    std::atomic<int> inside = 0;
    std::atomic<int> together = 0;
    int unguarded = 0; // What a race would spoil, and the thread sanitizer sees.
    constexpr int rounds = 200;
    const std::jthread asking{[&] {
        for (int round = 0; round < rounds; ++round)
            clock.async_wait(std::chrono::microseconds{round % 7}, [&](std::error_code) {
                together += ++inside > 1 ? 1 : 0;
                ++unguarded;
                std::this_thread::yield();
                --inside;
            });
    }};
    for (int round = 0; round < rounds; ++round)
        clock.async_wait(std::chrono::microseconds{round % 5}, [&](std::error_code) {
            together += ++inside > 1 ? 1 : 0;
            ++unguarded;
            --inside;
        });
    const auto end = std::chrono::steady_clock::now() + limit;
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < 4; ++number)
            threads.emplace_back([&] { io.run_for(limit); });
    }
    // The asking thread may have asked after the others had found nothing to do.
    while (unguarded < 2 * rounds && std::chrono::steady_clock::now() < end) {
        io.restart();
        io.run_for(10ms);
    }
    BOOST_TEST(unguarded == 2 * rounds);
    BOOST_TEST(together == 0);
}

BOOST_AUTO_TEST_CASE(waits_asked_and_cancelled_from_many_threads_all_end_once) {
    constexpr int threads_count = 4;
    constexpr int rounds = 100;
    std::atomic<int> ended = 0;
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < threads_count; ++number)
            threads.emplace_back([&] {
                for (int round = 0; round < rounds; ++round) {
                    clock.async_wait(never, [&](std::error_code) { ++ended; });
                    if (round % 10 == 9)
                        clock.cancel();
                }
            });
    }
    io.run_for(limit);
    BOOST_TEST(io.stopped());
    BOOST_TEST(ended == threads_count * rounds);
}

BOOST_AUTO_TEST_CASE(B18_what_a_context_never_ran_is_freed_with_it) {
    const auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = held;
    {
        asio::io_context stopped;
        asio_clock idle{stopped.get_executor()};
        idle.async_wait(0s, [held](std::error_code) {});
        idle.async_wait(never, [held](std::error_code) {});
        idle.cancel();
    }
    BOOST_TEST(watched.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(B17_the_steady_time_never_goes_back_and_the_wall_time_is_utc) {
    steady_time last = clock.steady_now();
    for (int reading = 0; reading < 1000; ++reading) {
        const steady_time now = clock.steady_now();
        BOOST_TEST_REQUIRE((now >= last));
        last = now;
    }
    const wall_time told = clock.now();
    const auto difference = std::chrono::system_clock::now() - told;
    BOOST_TEST((difference >= 0s && difference < 10s));
}

BOOST_AUTO_TEST_CASE(a_clock_knows_its_executor) {
    BOOST_TEST((clock.get_executor() == asio::any_io_executor{io.get_executor()}));
}

BOOST_AUTO_TEST_SUITE_END()
