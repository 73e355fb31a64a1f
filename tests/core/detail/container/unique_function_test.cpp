// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/container/unique_function.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <functional>
#include <memory>
#include <utility>

using forest::detail::unique_function;

BOOST_AUTO_TEST_SUITE(unique_function_test)

BOOST_AUTO_TEST_CASE(an_empty_one_is_false_and_a_full_one_true) {
    unique_function<int()> function;
    BOOST_TEST(!function);
    function = [] { return 7; };
    BOOST_TEST(static_cast<bool>(function));
    BOOST_TEST(function() == 7);
    function.reset();
    BOOST_TEST(!function);
}

BOOST_AUTO_TEST_CASE(a_small_callable_is_moved_and_destroyed_once) {
    const auto witness = std::make_shared<int>(0);
    {
        unique_function<long()> first = [witness] { return witness.use_count(); };
        unique_function<long()> second = std::move(first);
        BOOST_TEST(!first);
        BOOST_TEST(second() == 2);
        first = std::move(second);
        BOOST_TEST(first() == 2);
    }
    BOOST_TEST(witness.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_large_callable_lives_on_the_heap_and_is_freed) {
    const auto witness = std::make_shared<int>(5);
    {
        std::array<char, 200> ballast{};
        unique_function<int(int)> first = [witness, ballast](int more) {
            return *witness + more + ballast[0];
        };
        auto second = std::move(first);
        BOOST_TEST(second(2) == 7);
    }
    BOOST_TEST(witness.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_callable_that_can_only_be_moved_can_be_held) {
    unique_function<int()> function = [owned = std::make_unique<int>(3)] { return *owned; };
    BOOST_TEST(function() == 3);
}

BOOST_AUTO_TEST_CASE(what_is_made_from_nothing_to_call_is_empty) {
    int (*const no_function)() = nullptr;
    BOOST_TEST(!unique_function<int()>{nullptr});
    BOOST_TEST(!unique_function<int()>{no_function});
    BOOST_TEST(!unique_function<int()>{std::function<int()>{}});
    BOOST_TEST(!unique_function<long()>{unique_function<int()>{}});
    unique_function<int()> function = [] { return 7; };
    function = nullptr;
    BOOST_TEST(!function);
    function = std::function<int()>{[] { return 8; }};
    BOOST_TEST(function() == 8);
}

BOOST_AUTO_TEST_CASE(what_it_holds_can_be_asked_for) {
    struct small {
        int value;
        int operator()() const { return value; }
    };
    struct large : small {
        std::array<char, 200> ballast{};
    };
    const unique_function<int()> one = small{3};
    const unique_function<int()> other = large{{4}};
    BOOST_TEST_REQUIRE((one.target<small>() != nullptr));
    BOOST_TEST(one.target<small>()->value == 3);
    BOOST_TEST((one.target<large>() == nullptr));
    BOOST_TEST_REQUIRE((other.target<large>() != nullptr));
    BOOST_TEST(other.target<large>()->value == 4);
    BOOST_TEST((other.target<small>() == nullptr));
    BOOST_TEST((unique_function<int()>{}.target<small>() == nullptr));
}

BOOST_AUTO_TEST_CASE(arguments_are_forwarded) {
    unique_function<int(std::unique_ptr<int>)> function = [](std::unique_ptr<int> given) {
        return *given;
    };
    BOOST_TEST(function(std::make_unique<int>(9)) == 9);
}

BOOST_AUTO_TEST_SUITE_END()
