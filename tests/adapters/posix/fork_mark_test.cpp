// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/posix/fork_mark.hpp>

#include <support/child_process.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

using forest::fork_mark;
using forest::test::in_child;

BOOST_AUTO_TEST_SUITE(fork_mark_test)

BOOST_AUTO_TEST_CASE(a_mark_tells_a_child_from_the_process_in_which_it_was_made) {
    const fork_mark made;
    BOOST_TEST(!made.in_child());
    BOOST_TEST(in_child([&] { ::_exit(made.in_child() ? 7 : 1); }) == "exit 7");
    BOOST_TEST(!made.in_child());
}

BOOST_AUTO_TEST_CASE(a_copy_is_of_the_same_process_and_a_new_mark_is_of_the_child) {
    const fork_mark made;
    BOOST_TEST(in_child([&] {
                   const fork_mark copy = made;
                   ::_exit(copy.in_child() && !fork_mark{}.in_child() ? 7 : 1);
               }) == "exit 7");
}

BOOST_AUTO_TEST_SUITE_END()
