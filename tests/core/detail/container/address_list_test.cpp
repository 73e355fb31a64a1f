// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/container/address_list.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

using forest::ip_address;
using forest::detail::address_list;

namespace {

ip_address address(std::uint8_t last) {
    ip_address result;
    result.bytes[3] = last;
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(address_list_test)

BOOST_AUTO_TEST_CASE(addresses_are_kept_in_their_order) {
    address_list subject;
    BOOST_TEST(subject.empty());
    std::vector<ip_address> expected;
    for (std::uint8_t last = 0; last < 100; ++last) {
        BOOST_TEST(!subject.contains(address(last)));
        subject.add(address(last));
        expected.push_back(address(last));
        BOOST_TEST((subject == expected));
    }
    subject.add(subject.all()[0]);
    BOOST_TEST((subject.all()[100] == address(0)));
    BOOST_TEST(!(subject == expected));
    subject.clear();
    BOOST_TEST(subject.empty());
    BOOST_TEST(!subject.contains(address(0)));
}

BOOST_AUTO_TEST_CASE(an_assignment_replaces_all_addresses_and_keeps_the_memory) {
    const std::vector many{address(1), address(2), address(3)};
    const std::vector one{address(4)};
    address_list subject;
    subject.assign({});
    BOOST_TEST(subject.empty());
    subject.assign(many);
    BOOST_TEST((subject == many));
    const ip_address* const memory = subject.all().data();
    subject.assign(one);
    BOOST_TEST((subject == one));
    subject.assign(many);
    BOOST_TEST((subject == many));
    BOOST_TEST(subject.all().data() == memory);
}

BOOST_AUTO_TEST_SUITE_END()
