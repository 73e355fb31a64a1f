// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/pool/deadline_queue.hpp>
#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <cstddef>

using namespace std::chrono_literals;
using namespace forest::detail;

namespace {

using clock = deadline_queue::clock;

struct user final : pool_user {
    void wake(pooled_socket&) override {}
    void expire() override {}
};

constexpr clock::time_point at(std::chrono::milliseconds since_epoch) {
    return clock::time_point{since_epoch};
}

} // namespace

BOOST_AUTO_TEST_SUITE(deadline_queue_test)

BOOST_AUTO_TEST_CASE(a_new_queue_has_no_deadline) {
    deadline_queue queue{10ms};
    BOOST_TEST(queue.empty());
    BOOST_TEST(!queue.first().has_value());
    BOOST_TEST((queue.take(at(1h)) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_at_the_end_of_its_tick_and_never_early) {
    deadline_queue queue{10ms};
    user first;
    user second;
    user third;
    BOOST_TEST((queue.set(first, at(100ms)) == at(100ms)));
    BOOST_TEST((queue.set(second, at(100ms) + 1ns) == at(110ms)));
    BOOST_TEST((queue.set(third, at(109ms)) == at(110ms)));
    BOOST_TEST((queue.first() == at(100ms)));
    BOOST_TEST((queue.take(at(100ms) - 1ns) == nullptr));
    BOOST_TEST((queue.take(at(100ms)) == &first));
    BOOST_TEST((queue.take(at(109ms)) == nullptr));
    BOOST_TEST((queue.take(at(110ms)) != nullptr));
    BOOST_TEST((queue.take(at(110ms)) != nullptr));
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(the_soonest_deadline_is_taken_first) {
    deadline_queue queue{10ms};
    user late;
    user soon;
    queue.set(late, at(500ms));
    queue.set(soon, at(20ms));
    BOOST_TEST((queue.take(at(1s)) == &soon));
    BOOST_TEST((queue.take(at(1s)) == &late));
    BOOST_TEST((queue.take(at(1s)) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_user_has_one_deadline_the_latest) {
    deadline_queue queue{10ms};
    user one;
    queue.set(one, at(50ms));
    queue.set(one, at(200ms));
    BOOST_TEST((queue.first() == at(200ms)));
    BOOST_TEST((queue.take(at(199ms)) == nullptr));
    queue.set(one, at(80ms)); // Sooner than before.
    BOOST_TEST((queue.take(at(80ms)) == &one));
    BOOST_TEST(one.deadline == 0U);
    BOOST_TEST((queue.take(at(1h)) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_cleared_deadline_is_never_taken) {
    deadline_queue queue{10ms};
    user cleared;
    user other;
    queue.set(cleared, at(50ms));
    queue.set(other, at(90ms));
    queue.clear(cleared);
    queue.clear(cleared);
    BOOST_TEST(!queue.empty());
    BOOST_TEST((queue.first() == at(90ms)));
    BOOST_TEST((queue.take(at(1h)) == &other));
    BOOST_TEST(queue.empty());
    BOOST_TEST(!queue.first().has_value());
}

// Most deadlines are cleared before they end. Void ones are removed when there are many, and the
// others keep their order.
BOOST_AUTO_TEST_CASE(deadlines_remain_when_most_of_the_others_are_cleared) {
    deadline_queue queue{1ms};
    std::array<user, 100> users;
    queue.reserve(users.size());
    for (std::size_t round = 0; round < 50; ++round)
        for (std::size_t index = 0; index < users.size(); ++index)
            queue.set(users[index], at(std::chrono::milliseconds{1000 - index}));
    for (std::size_t index = 0; index < users.size(); ++index)
        if (index % 10 != 0)
            queue.clear(users[index]);
    for (std::size_t index = users.size(); index >= 10; index -= 10)
        BOOST_TEST((queue.take(at(1h)) == &users[index - 10]));
    BOOST_TEST((queue.take(at(1h)) == nullptr));
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_SUITE_END()
