// SPDX-License-Identifier: BSL-1.0

#include <forest/adapters/asio/post_to.hpp>

#include <boost/test/unit_test.hpp>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <future>
#include <memory>
#include <thread>

BOOST_AUTO_TEST_SUITE(post_to_test)

BOOST_AUTO_TEST_CASE(a_function_is_called_later_and_not_by_the_caller) {
    asio::io_context io;
    const forest::post_to post{io};
    bool called = false;
    post([&, own = std::make_unique<int>(1)] { called = *own == 1; });
    BOOST_TEST(!called);
    io.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(a_function_is_called_on_a_thread_of_the_pool) {
    asio::thread_pool pool{1};
    std::promise<std::thread::id> thread;
    const forest::post_to post{pool};
    const forest::post_to copy = post;
    copy([&] { thread.set_value(std::this_thread::get_id()); });
    BOOST_TEST((thread.get_future().get() != std::this_thread::get_id()));
    pool.join();
}

BOOST_AUTO_TEST_CASE(a_function_that_is_never_called_is_destroyed_with_the_context) {
    const auto kept = std::make_shared<int>(0);
    {
        asio::io_context io;
        forest::post_to{io}([kept] {});
        BOOST_TEST(kept.use_count() == 2);
    }
    BOOST_TEST(kept.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
