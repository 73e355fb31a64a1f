// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/adapters/asio/detail/pool/wake_queue.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace forest::detail;

namespace {

// Has one socket. Writes its name when it is woken, and then does what the test wants.
struct user final : pool_user {
    user(std::string& all_woken, char own_name) : woken{all_woken}, name{own_name} {
        socket.user = this;
    }

    void wake(pooled_socket& of) override {
        BOOST_TEST(&of == &socket);
        woken.push_back(name);
        if (then)
            std::exchange(then, {})();
    }

    void expire() override {}

    std::string& woken;
    char name;
    pooled_socket socket{0};
    std::function<void()> then;
};

struct fixture {
    std::string woken;
    user a{woken, 'a'};
    user b{woken, 'b'};
    user c{woken, 'c'};
    wake_queue queue;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(wake_queue_test, fixture)

BOOST_AUTO_TEST_CASE(users_are_woken_once_in_the_order_in_which_they_were_pushed) {
    BOOST_TEST(queue.empty());
    queue.push(b.socket);
    queue.push(a.socket);
    queue.push(b.socket);
    BOOST_TEST(!queue.empty());
    queue.run();
    BOOST_TEST(woken == "ba");
    BOOST_TEST(queue.empty());
    queue.run();
    BOOST_TEST(woken == "ba");
}

BOOST_AUTO_TEST_CASE(a_user_that_waits_for_something_else_is_not_woken) {
    queue.push(a.socket);
    queue.push(b.socket);
    a.socket.wakes = false;
    queue.run();
    BOOST_TEST(woken == "b");
    queue.push(a.socket);
    queue.run();
    BOOST_TEST(woken == "ba");
}

BOOST_AUTO_TEST_CASE(a_second_push_counts_for_the_later_wait) {
    queue.push(a.socket);
    a.socket.wakes = false;
    queue.push(a.socket);
    queue.run();
    BOOST_TEST(woken == "a");
}

BOOST_AUTO_TEST_CASE(who_is_pushed_during_a_run_is_woken_by_the_next_run) {
    a.then = [this] {
        queue.push(a.socket);
        queue.push(c.socket);
    };
    queue.push(a.socket);
    queue.push(b.socket);
    queue.run();
    BOOST_TEST(woken == "ab");
    BOOST_TEST(!queue.empty());
    queue.run();
    BOOST_TEST(woken == "abac");
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(an_exception_is_passed_on_and_the_next_run_wakes_the_others) {
    a.then = [] { throw std::runtime_error{"planted"}; };
    queue.push(a.socket);
    queue.push(b.socket);
    queue.push(c.socket);
    BOOST_CHECK_THROW(queue.run(), std::runtime_error);
    BOOST_TEST(woken == "a");
    BOOST_TEST(!queue.empty());
    queue.run();
    BOOST_TEST(woken == "abc");
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_SUITE_END()
