// SPDX-License-Identifier: BSL-1.0

#include <support/scripted_network.hpp>

#include <forest/core/url.hpp>
#include <forest/detail/health/check_requests.hpp>
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <system_error>

using namespace forest;
using forest::detail::check_requests;
using forest::tests::scripted_network;

namespace {

struct two_requests {
    sim::event_queue queue;
    scripted_network network{queue};
    url target{"http://warehouse.example/forest/health"};
    check_requests<scripted_network::transport> requests{network.make(), target};

    std::error_code ended;

    void begin(check_requests<scripted_network::transport>::place& from) {
        from.in_flight = true;
        from.transport.async_get(from.get, std::chrono::seconds{5}, [this, &from](const reply& of) {
            from.in_flight = false;
            ended = of.error;
        });
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(check_requests_test)

BOOST_AUTO_TEST_CASE(there_is_no_second_transport_before_it_is_needed) {
    two_requests both;
    BOOST_TEST(both.network.transports() == 1);
    BOOST_TEST(!both.requests.in_flight());
    auto& second = both.requests.second();
    BOOST_TEST(both.network.transports() == 2);
    BOOST_TEST(&both.requests.second() == &second);
    BOOST_TEST(both.network.transports() == 2);
    BOOST_TEST(second.get.target.text() == both.target.text());
}

BOOST_AUTO_TEST_CASE(the_place_that_is_preferred_becomes_the_first_and_the_other_is_cancelled) {
    two_requests both;
    both.network.otherwise(sim::silent());
    auto& first = both.requests.first();
    auto& second = both.requests.second();
    both.begin(first);
    second.in_flight = true;
    BOOST_TEST(both.requests.in_flight());
    second.in_flight = false;
    BOOST_TEST(both.requests.in_flight());
    both.requests.prefer(second);
    both.queue.run_for({});
    BOOST_TEST((both.ended == errc::operation_canceled));
    BOOST_TEST(&both.requests.first() == &second);
    BOOST_TEST(&both.requests.second() == &first);
    BOOST_TEST(!both.requests.in_flight());
}

BOOST_AUTO_TEST_CASE(both_are_cancelled) {
    two_requests both;
    both.network.otherwise(sim::silent());
    both.begin(both.requests.first());
    both.begin(both.requests.second());
    BOOST_TEST(both.network.in_flight() == 2);
    both.requests.cancel();
    both.queue.run_for({});
    BOOST_TEST(both.network.in_flight() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
