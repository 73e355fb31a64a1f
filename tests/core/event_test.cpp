// SPDX-License-Identifier: BSL-1.0

#include <forest/core/event.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <set>
#include <string_view>
#include <vector>

using namespace forest;
namespace data = boost::unit_test::data;

namespace {

struct levelled {
    event_kind kind;
    errc error;
    int failures;
    severity level;
    friend std::ostream& operator<<(std::ostream& out, const levelled& of) {
        return out << name(of.kind) << ' ' << name(of.error) << ' ' << of.failures;
    }
};

// The table of events and levels, with a threshold of 3.
const std::vector<levelled> table{
    {event_kind::started, {}, 0, severity::debug},
    {event_kind::check_started, {}, 0, severity::debug},
    {event_kind::check_succeeded, {}, 0, severity::debug},
    {event_kind::check_inconclusive, errc::timed_out, 0, severity::debug},
    {event_kind::check_inconclusive, errc::resolver_unavailable, 0, severity::warning},
    {event_kind::check_failed, errc::connection_lost, 2, severity::debug},
    {event_kind::check_failed, errc::connection_refused, 1, severity::debug},
    {event_kind::check_failed, errc::timed_out, 2, severity::debug},
    {event_kind::check_failed, errc::connection_lost, 3, severity::warning},
    {event_kind::check_failed, errc::timed_out, 9, severity::debug}, // an outage since the third
    {event_kind::check_failed, errc::unauthorized, 4, severity::debug},
    {event_kind::check_failed, errc::tls_expected, 1, severity::warning},
    {event_kind::check_failed, errc::unexpected_status, 1, severity::warning},
    {event_kind::check_failed, errc::malformed_body, 1, severity::warning},
    {event_kind::check_failed, errc::not_ok, 1, severity::warning},
    {event_kind::check_failed, errc::unauthorized, 1, severity::warning},
    {event_kind::check_failed, errc::tls_failed, 1, severity::warning},
    {event_kind::server_down, errc::timed_out, 3, severity::warning},
    {event_kind::server_up, {}, 0, severity::info},
    {event_kind::callback_failed, {}, 0, severity::error},
    {event_kind::stopping, {}, 0, severity::debug},
    {event_kind::stopped, {}, 0, severity::debug},
    {event_kind::schema_loaded, {}, 0, severity::warning}, // from nowhere
    {event_kind::schema_unchanged, {}, 0, severity::debug},
    {event_kind::schema_reloaded, {}, 0, severity::info},
    {event_kind::schema_failed, errc::malformed_schema, 0, severity::warning},
    {event_kind::schema_failed, errc::connection_refused, 0, severity::warning},
    {event_kind::health_route_missing, errc::unexpected_status, 0, severity::warning},
};

} // namespace

BOOST_AUTO_TEST_SUITE(event_test)

BOOST_DATA_TEST_CASE(each_event_has_its_level, data::make(table), sample) {
    verdict check;
    if (sample.error != errc{})
        check.error = sample.error;
    event happened;
    happened.kind = sample.kind;
    happened.failures = sample.failures;
    happened.failure_threshold = 3;
    happened.check = &check;
    BOOST_TEST((severity_of(happened) == sample.level));
}

BOOST_AUTO_TEST_CASE(a_further_failure_during_an_outage_is_routine_whatever_it_is) {
    for (const errc each : {errc::timed_out, errc::unauthorized, errc::stopping, errc::not_ok}) {
        verdict check;
        check.error = each;
        event happened;
        happened.kind = event_kind::check_failed;
        happened.failures = 1; // after a success that did not end the outage, or a farewell
        happened.failure_threshold = 3;
        happened.check = &check;
        happened.during_outage = true;
        BOOST_TEST((severity_of(happened) == severity::debug));
    }
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_not_the_servers_is_worth_a_warning) {
    event happened;
    happened.kind = event_kind::schema_loaded;
    BOOST_TEST((happened.source == schema_source::none));
    BOOST_TEST((severity_of(happened) == severity::warning));
    happened.source = schema_source::introspection;
    BOOST_TEST((severity_of(happened) == severity::warning));
    happened.source = schema_source::server;
    BOOST_TEST((severity_of(happened) == severity::info));
}

BOOST_AUTO_TEST_CASE(an_event_is_of_the_schema_exactly_if_its_name_says_so) {
    for (const auto& row : table)
        BOOST_TEST(is_of_schema(row.kind) == name(row.kind).starts_with("schema_"), row);
    BOOST_TEST(!is_of_schema(event_kind{99}));
    static_assert(is_of_schema(event_kind::schema_failed));
}

BOOST_AUTO_TEST_CASE(an_event_begins_without_a_schema) {
    const event happened;
    BOOST_TEST((happened.schema == nullptr));
    BOOST_TEST((happened.source == schema_source::none));
}

BOOST_AUTO_TEST_CASE(every_kind_and_every_status_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (const auto& row : table)
        names.insert(name(row.kind));
    BOOST_TEST(names.size() == 15U);
    BOOST_TEST(names.count("") == 0U);
    std::set<std::string_view> statuses;
    for (const target_status each :
         {target_status::unknown, target_status::up, target_status::suspect, target_status::down})
        statuses.insert(name(each));
    BOOST_TEST(statuses.size() == 4U);
    BOOST_TEST(name(event_kind{99}).empty());
    BOOST_TEST(name(target_status{99}).empty());
}

// Only who watches a health route wants to know which peers have one.
BOOST_AUTO_TEST_CASE(the_advice_about_a_missing_route_fits_the_path) {
    verdict check;
    check.error = errc::unexpected_status;
    check.status = 404;
    event happened;
    happened.kind = event_kind::check_failed;
    happened.check = &check;
    const auto names_agents = [&happened](std::string_view path) {
        happened.path = path;
        const std::string_view advice = missing_route_hint(happened);
        BOOST_TEST(advice.starts_with("check the URL"));
        return advice.find("no Ruby or Node agent") != std::string_view::npos;
    };
    BOOST_TEST(names_agents(""));
    BOOST_TEST(names_agents("/forest/health"));
    BOOST_TEST(names_agents("/behind/a/proxy/health"));
    BOOST_TEST(!names_agents("/forest/rpc-schema"));
    BOOST_TEST(!names_agents("/forest"));
    BOOST_TEST(!names_agents("/shop"));
    check.status = 503;
    BOOST_TEST(missing_route_hint(happened).empty());
}

BOOST_AUTO_TEST_SUITE_END()
