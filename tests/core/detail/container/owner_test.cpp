// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/container/owner.hpp>

#include <boost/test/unit_test.hpp>

#include <utility>

using forest::detail::owner;

namespace {

struct counted {
    static inline int alive = 0;
    counted() { ++alive; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --alive; }
    int number = 1;
};

int freed = 0;
void give_back(int* number) {
    freed += *number;
}

} // namespace

BOOST_AUTO_TEST_SUITE(owner_test)

BOOST_AUTO_TEST_CASE(the_object_ends_with_its_owner_or_before_the_next_one) {
    {
        owner<counted> one{new counted};
        BOOST_TEST(counted::alive == 1);
        BOOST_TEST(one->number == (*one).number);
        one.reset(new counted);
        BOOST_TEST(counted::alive == 1);
        one.reset();
        BOOST_TEST(counted::alive == 0);
        BOOST_TEST(!one);
        one.reset(new counted);
    }
    BOOST_TEST(counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(a_moved_object_has_one_owner) {
    owner<counted> one{new counted};
    counted* const object = one.get();
    owner<counted> other{std::move(one)};
    BOOST_TEST(other.get() == object);
    owner<counted> last{new counted};
    last = std::move(other);
    BOOST_TEST(last.get() == object);
    BOOST_TEST(counted::alive == 1);
    owner<counted>& same = last;
    last = std::move(same);
    BOOST_TEST(last.get() == object);
    BOOST_TEST(last.release() == object);
    BOOST_TEST(!last);
    BOOST_TEST(counted::alive == 1);
    delete object;
}

BOOST_AUTO_TEST_CASE(a_function_frees_the_object_once) {
    int number = 7;
    {
        owner<int, &give_back> one{&number};
        const owner<int, &give_back> other{std::move(one)};
    }
    BOOST_TEST(freed == 7);
}

BOOST_AUTO_TEST_SUITE_END()
