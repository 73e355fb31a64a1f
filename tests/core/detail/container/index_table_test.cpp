// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/container/index_table.hpp>
#include <forest/core/random.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace data = boost::unit_test::data;
using forest::detail::index_table;

namespace {

// A table and the keys whose indices it holds; each key hashes to what is left of it under a mask,
// so that few bits make many collide.
struct keyed {
    std::uint64_t mask = UINT64_MAX;
    std::vector<std::uint64_t> keys{};
    index_table table{};

    [[nodiscard]] auto hash_of() const {
        return [this](std::uint32_t index) { return keys[index] & mask; };
    }
    std::uint32_t add(std::uint64_t key) {
        keys.push_back(key);
        const auto index = static_cast<std::uint32_t>(keys.size() - 1);
        table.insert(index, hash_of());
        return index;
    }
    [[nodiscard]] std::uint32_t find(std::uint64_t key) const {
        return table.find(key & mask, [&](std::uint32_t index) { return keys[index] == key; });
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(index_table_test)

BOOST_AUTO_TEST_CASE(an_empty_table_finds_nothing) {
    const keyed subject;
    BOOST_TEST(subject.find(1) == index_table::none);
    BOOST_TEST(subject.table.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_table_with_room_finds_what_is_put_in_and_grows_beyond_it) {
    for (const std::size_t room : {0U, 1U, 6U, 8U, 100U, 768U}) {
        keyed subject;
        subject.table.reserve(room);
        BOOST_TEST(subject.find(1) == index_table::none);
        for (std::uint64_t key = 0; key < 1000; ++key)
            BOOST_TEST_REQUIRE(subject.add(key) == key);
        for (std::uint64_t key = 0; key < 1000; ++key)
            BOOST_TEST_REQUIRE(subject.find(key) == key);
    }
}

BOOST_AUTO_TEST_CASE(what_is_put_in_is_found_and_what_is_taken_out_is_not) {
    keyed subject;
    for (std::uint64_t key = 0; key < 1000; ++key)
        BOOST_TEST_REQUIRE(subject.add(key) == key);
    BOOST_TEST(subject.table.size() == 1000U);
    for (std::uint32_t key = 0; key < 1000; key += 2)
        subject.table.erase(key, subject.hash_of());
    BOOST_TEST(subject.table.size() == 500U);
    for (std::uint64_t key = 0; key < 1000; ++key)
        BOOST_TEST_REQUIRE(subject.find(key) == (key % 2 == 0 ? index_table::none : key));
}

BOOST_AUTO_TEST_CASE(a_table_that_has_been_emptied_is_used_again) {
    keyed subject;
    for (int round = 0; round < 100; ++round) {
        const std::uint32_t index = subject.add(static_cast<std::uint64_t>(round));
        BOOST_TEST_REQUIRE(subject.find(static_cast<std::uint64_t>(round)) == index);
        subject.table.erase(index, subject.hash_of());
        BOOST_TEST_REQUIRE(subject.find(static_cast<std::uint64_t>(round)) == index_table::none);
    }
}

// From hashes that are all alike to such as are all different.
BOOST_DATA_TEST_CASE(it_answers_as_a_map_does_whatever_is_asked,
                     data::make({std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{31},
                                 std::uint64_t{0xff00000000000000}, UINT64_MAX}),
                     mask) {
    forest::random_generator random{20261126};
    keyed subject{mask};
    std::map<std::uint64_t, std::uint32_t> reference;
    for (int step = 0; step < 20'000; ++step) {
        const std::uint64_t key = random() % 200 * 0x0123456789abcdefU;
        const auto known = reference.find(key);
        BOOST_TEST_REQUIRE(subject.find(key) ==
                           (known == reference.end() ? index_table::none : known->second));
        if (known == reference.end()) {
            reference.emplace(key, subject.add(key));
        } else {
            subject.table.erase(known->second, subject.hash_of());
            reference.erase(known);
        }
        BOOST_TEST_REQUIRE(subject.table.size() == reference.size());
        if (step % 100 == 0)
            for (const auto& [each, index] : reference)
                BOOST_TEST_REQUIRE(subject.find(each) == index);
    }
}

BOOST_AUTO_TEST_SUITE_END()
