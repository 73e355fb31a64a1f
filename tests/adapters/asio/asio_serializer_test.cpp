// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_serializer.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace forest;
using namespace std::chrono_literals;

namespace {

struct context {
    asio::io_context io;
    asio_serializer serializer{io.get_executor()};
    std::vector<int> order;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(asio_serializer_test, context)

BOOST_AUTO_TEST_CASE(a_function_runs_at_once_when_none_runs) {
    serializer.run([&] { order.push_back(1); });
    BOOST_TEST(order == std::vector{1});
}

BOOST_AUTO_TEST_CASE(a_function_that_comes_while_one_runs_waits_for_the_executor) {
    serializer.run([&] {
        serializer.run([&] { order.push_back(2); });
        serializer.run([&] { order.push_back(3); });
        order.push_back(1);
    });
    BOOST_TEST(order == std::vector{1});
    io.run_for(20s);
    BOOST_TEST(order == (std::vector{1, 2, 3}));
    serializer.run([&] { order.push_back(4); });
    BOOST_TEST(order.back() == 4);
}

BOOST_AUTO_TEST_CASE(a_posted_function_never_runs_from_inside) {
    serializer.post([&] { order.push_back(1); });
    BOOST_TEST(order.empty());
    io.run_for(20s);
    BOOST_TEST(order == std::vector{1});
}

BOOST_AUTO_TEST_CASE(what_a_function_throws_passes_through_and_the_turn_passes_on) {
    const auto throwing = [&] {
        serializer.run([&] { order.push_back(1); });
        throw std::runtime_error{"thrown"};
    };
    BOOST_CHECK_THROW(serializer.run(throwing), std::runtime_error);
    io.run_for(20s);
    BOOST_TEST(order == std::vector{1});
}

BOOST_AUTO_TEST_CASE(B16_functions_run_one_at_a_time_on_many_threads) {
    int unguarded = 0; // What a race would spoil, and the thread sanitizer sees.
    std::atomic<int> inside = 0;
    std::atomic<int> together = 0;
    constexpr int functions = 1000;
    for (int number = 0; number < functions; ++number)
        asio::post(io, [&] {
            serializer.run([&] {
                together += ++inside > 1 ? 1 : 0;
                ++unguarded;
                --inside;
            });
        });
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < 4; ++number)
            threads.emplace_back([&] { io.run_for(20s); });
    }
    BOOST_TEST(unguarded == functions);
    BOOST_TEST(together == 0);
}

BOOST_AUTO_TEST_CASE(B18_functions_whose_turn_never_came_are_freed_with_the_context) {
    const auto held = std::make_shared<int>(1);
    {
        asio::io_context never_run;
        const asio_serializer waiting{never_run.get_executor()};
        waiting.run([&] {
            for (int number = 0; number < 3; ++number)
                waiting.run([held, waiting] {});
        });
        waiting.post([held, waiting] {});
        BOOST_TEST(held.use_count() == 5);
    }
    BOOST_TEST(held.use_count() == 1);
}

// A strand destroys what is posted to it while its context ends.
BOOST_AUTO_TEST_CASE(B18_functions_on_a_strand_are_freed_with_the_context) {
    const auto held = std::make_shared<int>(1);
    {
        asio::io_context never_run;
        const asio_serializer waiting{asio::make_strand(never_run)};
        for (int number = 0; number < 3; ++number)
            waiting.post([held, waiting] {});
        BOOST_TEST(held.use_count() == 4);
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
