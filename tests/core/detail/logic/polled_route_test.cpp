// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/logic/polled_route.hpp>

#include <forest/core/error.hpp>
#include <forest/core/verdict.hpp>

#include <boost/test/unit_test.hpp>

using namespace forest;
using namespace forest::detail;

namespace {

verdict answered(int status, errc error) {
    verdict result;
    result.status = status;
    if (error != errc{})
        result.error = error;
    return result;
}

const verdict missing = answered(404, errc::unexpected_status);
const verdict well = answered(200, {});

// In the mode `automatic`, gone over to the schema.
polled_route gone_over() {
    polled_route subject{datasource_mode::automatic};
    subject.schema_came();
    BOOST_TEST_REQUIRE(subject.checked(missing));
    BOOST_TEST_REQUIRE((subject.went_over() == route_action::wait));
    return subject;
}

} // namespace

BOOST_AUTO_TEST_SUITE(polled_route_test)

BOOST_AUTO_TEST_CASE(B33_a_missing_route_is_known_by_404_and_405) {
    for (int status = 0; status < 600; ++status) {
        polled_route subject{datasource_mode::automatic};
        BOOST_TEST(!subject.checked(answered(status, errc::unexpected_status)));
        subject.schema_came();
        const bool found = subject.checked(answered(status, errc::unexpected_status));
        BOOST_TEST(found == (status == 404 || status == 405), status);
        BOOST_TEST(subject.polls_schema() == found);
        BOOST_TEST(is_route_missing(status) == found);
    }
}

BOOST_AUTO_TEST_CASE(B33_how_the_rest_of_a_404_can_be_read_does_not_matter) {
    for (const errc error : {errc::response_too_large, errc::connection_lost, errc::timed_out,
                             errc::unsupported_encoding, errc::malformed_response}) {
        polled_route subject{datasource_mode::automatic};
        subject.schema_came();
        BOOST_TEST(subject.checked(answered(404, error)));
    }
}

BOOST_AUTO_TEST_CASE(B33_the_other_modes_stay_as_they_are) {
    for (const datasource_mode mode : {datasource_mode::health, datasource_mode::schema_poll}) {
        polled_route subject{mode};
        const bool schema = mode == datasource_mode::schema_poll;
        subject.schema_came();
        BOOST_TEST(!subject.checked(missing));
        BOOST_TEST((subject.went_over() == route_action::none));
        BOOST_TEST((subject.recovered() == route_action::none));
        BOOST_TEST((subject.woke() == route_action::none));
        BOOST_TEST(subject.polls_schema() == schema);
    }
}

BOOST_AUTO_TEST_CASE(B33_the_route_is_tried_until_it_is_there) {
    polled_route subject = gone_over();
    BOOST_TEST((subject.woke() == route_action::try_health));
    BOOST_TEST((subject.tried(missing) == route_action::wait));
    BOOST_TEST((subject.recovered() == route_action::try_health));
    for (const verdict& other :
         {answered(0, errc::timed_out), answered(401, errc::unauthorized),
          answered(200, errc::not_ok), answered(200, errc::malformed_body),
          answered(503, errc::unexpected_status), answered(405, errc::unexpected_status)}) {
        BOOST_TEST((subject.tried(other) == route_action::wait));
        BOOST_TEST(subject.polls_schema());
        BOOST_TEST((subject.woke() == route_action::try_health));
    }
    BOOST_TEST((subject.tried(well) == route_action::none));
    BOOST_TEST(!subject.polls_schema());
    BOOST_TEST((subject.woke() == route_action::none));
    BOOST_TEST((subject.recovered() == route_action::none));
    // And it may go again.
    BOOST_TEST(subject.checked(missing));
    BOOST_TEST((subject.went_over() == route_action::wait));
}

BOOST_AUTO_TEST_CASE(B9_B33_a_farewell_comes_from_a_route_that_is_there) {
    polled_route subject = gone_over();
    BOOST_TEST((subject.woke() == route_action::try_health));
    BOOST_TEST((subject.tried(answered(503, errc::stopping)) == route_action::none));
    BOOST_TEST(!subject.polls_schema());
}

BOOST_AUTO_TEST_CASE(B33_one_try_at_a_time_and_another_for_a_recovery_meanwhile) {
    polled_route subject = gone_over();
    BOOST_TEST((subject.woke() == route_action::try_health));
    BOOST_TEST((subject.woke() == route_action::none));
    BOOST_TEST((subject.recovered() == route_action::none));
    BOOST_TEST((subject.recovered() == route_action::none));
    BOOST_TEST((subject.tried(missing) == route_action::try_health));
    BOOST_TEST((subject.tried(missing) == route_action::wait));
}

BOOST_AUTO_TEST_SUITE_END()
