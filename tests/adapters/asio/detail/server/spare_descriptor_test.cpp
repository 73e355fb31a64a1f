// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/server/spare_descriptor.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

using namespace forest::detail;

namespace {

// The lowest descriptor that is free: the system gives the lowest first.
int lowest_free() {
    const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    BOOST_REQUIRE(descriptor >= 0);
    ::close(descriptor);
    return descriptor;
}

} // namespace

BOOST_AUTO_TEST_SUITE(spare_descriptor_test)

BOOST_AUTO_TEST_CASE(one_descriptor_is_taken_however_often_it_is_asked_for) {
    const int before = lowest_free();
    spare_descriptor subject;
    BOOST_TEST(lowest_free() == before);
    subject.take();
    const int after = lowest_free();
    BOOST_TEST(after > before);
    subject.take();
    BOOST_TEST(lowest_free() == after);
}

BOOST_AUTO_TEST_CASE(it_is_given_back_once_and_can_be_taken_again) {
    const int before = lowest_free();
    spare_descriptor subject;
    BOOST_TEST(!subject.give());
    subject.take();
    BOOST_TEST(subject.give());
    BOOST_TEST(lowest_free() == before);
    BOOST_TEST(!subject.give());
    subject.take();
    BOOST_TEST(lowest_free() > before);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_started_does_not_inherit_it) {
    const int before = lowest_free();
    spare_descriptor subject;
    subject.take();
    const int flags = ::fcntl(before, F_GETFD);
    BOOST_REQUIRE(flags >= 0);
    BOOST_TEST((flags & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_CASE(it_is_closed_at_the_end) {
    const int before = lowest_free();
    {
        spare_descriptor subject;
        subject.take();
    }
    BOOST_TEST(lowest_free() == before);
}

BOOST_AUTO_TEST_SUITE_END()
