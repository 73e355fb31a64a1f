// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/container/quad_heap.hpp>
#include <forest/core/random.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

namespace {

bool smaller(const int& left, const int& right) noexcept {
    return left < right;
}

using heap = forest::detail::quad_heap<int, smaller>;

heap of(const std::vector<int>& entries) {
    heap result;
    for (const int each : entries)
        result.push(each);
    return result;
}

std::vector<int> emptied(heap& from) {
    std::vector<int> result;
    while (!from.empty()) {
        result.push_back(from.front());
        from.pop();
    }
    return result;
}

std::vector<int> sorted(std::vector<int> entries) {
    std::sort(entries.begin(), entries.end());
    return entries;
}

} // namespace

BOOST_AUTO_TEST_SUITE(quad_heap_test)

BOOST_AUTO_TEST_CASE(a_new_heap_is_empty) {
    const heap fresh;
    BOOST_TEST(fresh.empty());
    BOOST_TEST(fresh.size() == 0U);
}

BOOST_AUTO_TEST_CASE(entries_come_out_in_order) {
    heap subject = of({5, 1, 4, 1, 3});
    BOOST_TEST(subject.size() == 5U);
    BOOST_TEST(subject.front() == 1);
    BOOST_TEST((emptied(subject) == std::vector<int>{1, 1, 3, 4, 5}));
    BOOST_TEST(subject.empty());
}

// Every order of a few entries, so that each shape of the last four children occurs.
BOOST_AUTO_TEST_CASE(any_order_of_pushing_comes_out_in_order) {
    for (int size = 1; size <= 8; ++size) {
        std::vector<int> entries;
        for (int each = 0; each < size; ++each)
            entries.push_back(each / 2); // Some are equal.
        do {
            heap subject = of(entries);
            BOOST_TEST_REQUIRE((emptied(subject) == sorted(entries)));
        } while (std::next_permutation(entries.begin(), entries.end()));
    }
}

BOOST_AUTO_TEST_CASE(what_is_erased_is_gone_and_the_rest_is_in_order) {
    for (int size = 0; size <= 70; ++size)
        for (int divisor = 1; divisor <= 5; ++divisor) {
            std::vector<int> entries;
            for (int each = 0; each < size; ++each)
                entries.push_back(each * 37 % 71);
            heap subject = of(entries);
            const auto unwanted = [divisor](int entry) { return entry % divisor == 0; };
            subject.erase_if(unwanted);
            std::erase_if(entries, unwanted);
            BOOST_TEST_REQUIRE(subject.size() == entries.size());
            BOOST_TEST_REQUIRE((emptied(subject) == sorted(entries)));
        }
}

BOOST_AUTO_TEST_CASE(it_answers_as_a_binary_heap_does_whatever_is_asked) {
    forest::random_generator random{20261125};
    heap subject;
    std::priority_queue<int, std::vector<int>, std::greater<>> reference;
    for (int step = 0; step < 100'000; ++step) {
        const std::uint64_t drawn = random();
        // Phases that grow and phases that shrink.
        if (reference.empty() || (drawn % 8 < 5) == (step / 1000 % 2 == 0)) {
            const int entry = static_cast<int>(drawn >> 40U) % 500;
            subject.push(entry);
            reference.push(entry);
        } else {
            subject.pop();
            reference.pop();
        }
        BOOST_TEST_REQUIRE(subject.size() == reference.size());
        if (!reference.empty())
            BOOST_TEST_REQUIRE(subject.front() == reference.top());
    }
}

BOOST_AUTO_TEST_SUITE_END()
