// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/container/segmented_vector.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using forest::detail::segmented_vector;

// Neither assignable nor made from nothing, and may refuse.
struct picky {
    explicit picky(int number) : value{number} {
        if (number < 0)
            throw std::invalid_argument("negative");
    }
    picky(const picky&) = default;
    picky& operator=(const picky&) = delete;

    const int value;
};

} // namespace

BOOST_AUTO_TEST_SUITE(segmented_vector_test)

BOOST_AUTO_TEST_CASE(a_new_one_is_empty) {
    const segmented_vector<int, 4> subject;
    BOOST_TEST(subject.size() == 0U);
}

BOOST_AUTO_TEST_CASE(elements_keep_their_order_and_their_addresses) {
    segmented_vector<picky, 3> subject;
    std::vector<const picky*> addresses;
    for (int n = 0; n < 1000; ++n) {
        addresses.push_back(&subject.emplace_back(n));
        BOOST_TEST_REQUIRE(subject.size() == addresses.size());
    }
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        BOOST_TEST_REQUIRE(&subject[n] == addresses[n]);
        BOOST_TEST_REQUIRE(&std::as_const(subject)[n] == addresses[n]);
        BOOST_TEST_REQUIRE(subject[n].value == static_cast<int>(n));
    }
}

// Also where a segment would begin, or is full.
BOOST_AUTO_TEST_CASE(an_element_that_cannot_be_made_leaves_all_as_it_was) {
    segmented_vector<picky, 2> subject;
    for (int n = 0; n < 10; ++n) {
        for (int again = 0; again < 2; ++again)
            BOOST_CHECK_THROW(subject.emplace_back(-1), std::invalid_argument);
        BOOST_TEST_REQUIRE(subject.size() == static_cast<std::size_t>(n));
        BOOST_TEST_REQUIRE(subject.emplace_back(n).value == n);
        BOOST_TEST_REQUIRE(subject[static_cast<std::size_t>(n)].value == n);
    }
}

BOOST_AUTO_TEST_CASE(elements_are_destroyed_with_it) {
    const auto shared = std::make_shared<int>(0);
    {
        segmented_vector<std::shared_ptr<int>, 4> subject;
        for (int n = 0; n < 9; ++n)
            subject.emplace_back(shared);
        BOOST_TEST(shared.use_count() == 10);
    }
    BOOST_TEST(shared.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
