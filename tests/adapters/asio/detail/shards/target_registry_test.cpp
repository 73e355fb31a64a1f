// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/shards/target_registry.hpp>
#include <forest/core/target_id.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

// Names that are given before a fleet knows the target, and taken back in any order.

using namespace forest;
using namespace forest::detail;

namespace {

constexpr target_id inner{7};

} // namespace

BOOST_AUTO_TEST_SUITE(target_registry_test)

BOOST_AUTO_TEST_CASE(a_target_is_known_by_its_fleet_from_the_beginning) {
    target_registry all{3};
    const auto [first, first_fleet] = all.add(0);
    const auto [second, second_fleet] = all.add(1);
    BOOST_TEST((first != target_id{}));
    BOOST_TEST((first < second));
    BOOST_TEST((all.fleet_of(first) == first_fleet));
    BOOST_TEST((all.fleet_of(second) == second_fleet));
    BOOST_TEST(first_fleet != second_fleet);
    BOOST_TEST((all.inner(second) == target_id{}));
    BOOST_TEST(all.wanted(second));
    all.added(second, inner);
    BOOST_TEST((all.inner(second) == inner));
    BOOST_TEST(all.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_was_removed_is_there_no_more) {
    target_registry all{3};
    const auto [gone, fleet] = all.add(1);
    all.added(gone, inner);
    BOOST_TEST((all.remove(gone) == fleet));
    BOOST_TEST(all.size() == 0U);
    BOOST_TEST((all.remove(gone) == std::nullopt));
    BOOST_TEST((all.fleet_of(gone) == std::nullopt));
    BOOST_TEST((all.inner(gone) == std::nullopt));
    BOOST_TEST((all.forget(gone) == inner));
    BOOST_TEST((all.forget(gone) == target_id{}));
    BOOST_TEST((all.remove(gone) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(what_is_removed_before_its_fleet_knows_it_is_not_wanted) {
    for (const bool forgotten_first : {true, false}) {
        target_registry all{3};
        const target_id gone = all.add(0).id;
        all.remove(gone);
        if (forgotten_first)
            BOOST_TEST((all.forget(gone) == target_id{}));
        BOOST_TEST(!all.wanted(gone));
        const target_id next = all.add(0).id;
        BOOST_TEST((next != gone));
        BOOST_TEST((all.forget(gone) == target_id{}));
        BOOST_TEST(!all.wanted(gone));
        BOOST_TEST(all.wanted(next));
        BOOST_TEST(all.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_name_removed_while_its_fleet_adds_it_is_forgotten_by_both) {
    target_registry all{3};
    const target_id gone = all.add(0).id;
    BOOST_TEST(all.wanted(gone));
    all.remove(gone);
    all.added(gone, inner);
    BOOST_TEST((all.forget(gone) == inner));
}

BOOST_AUTO_TEST_CASE(what_a_fleet_refuses_is_no_target) {
    for (const bool removed_first : {true, false}) {
        target_registry all{3};
        const target_id refused = all.add(0).id;
        if (removed_first)
            all.remove(refused);
        all.added(refused, target_id{});
        BOOST_TEST(all.size() == 0U);
        BOOST_TEST((all.remove(refused) == std::nullopt));
    }
}

BOOST_AUTO_TEST_CASE(no_name_is_used_twice_and_places_are) {
    target_registry all{3};
    std::set<target_id> seen;
    for (int round = 0; round < 1000; ++round) {
        const target_id id = all.add(0).id;
        BOOST_TEST(seen.insert(id).second);
        BOOST_TEST(static_cast<std::uint32_t>(id) == 0U);
        all.added(id, inner);
        all.remove(id);
        (void)all.forget(id);
    }
}

BOOST_AUTO_TEST_CASE(targets_of_one_server_are_in_one_fleet) {
    target_registry all{4};
    for (std::uint64_t origin = 0; origin < 100; ++origin) {
        const std::size_t fleet = all.add(origin).fleet;
        for (int more = 0; more < 3; ++more)
            BOOST_TEST(all.add(origin).fleet == fleet);
    }
}

BOOST_AUTO_TEST_CASE(servers_are_shared_out_evenly_however_few_or_alike_they_are) {
    for (const std::uint64_t servers : {1U, 5U, 8U, 64U, 1000U, 100'000U})
        for (const std::uint64_t step : {1U, 4U, 100U, 1U << 20U}) {
            target_registry all{4};
            std::array<std::size_t, 4> counts{};
            for (std::uint64_t server = 0; server < servers; ++server)
                ++counts[all.add(server * step).fleet];
            const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
            BOOST_TEST_CONTEXT(servers << " servers, " << step << " apart") {
                BOOST_TEST(*least >= servers / 5);
                BOOST_TEST(*most <= servers / 3 + 1);
            }
        }
}

BOOST_AUTO_TEST_CASE(names_that_were_never_given_name_nothing) {
    target_registry all{3};
    all.add(0);
    for (const target_id wrong : {target_id{}, target_id{1}, static_cast<target_id>(UINT64_MAX)}) {
        BOOST_TEST((all.fleet_of(wrong) == std::nullopt));
        BOOST_TEST((all.remove(wrong) == std::nullopt));
        BOOST_TEST((all.forget(wrong) == target_id{}));
        BOOST_TEST(!all.wanted(wrong));
    }
}

BOOST_AUTO_TEST_SUITE_END()
