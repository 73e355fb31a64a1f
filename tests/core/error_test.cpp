// SPDX-License-Identifier: BSL-1.0

#include <forest/core/error.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <system_error>
#include <vector>

using namespace forest;

namespace {

std::vector<errc> all_errors() {
    std::vector<errc> all;
    for (int value = 1; value <= static_cast<int>(errc::listen_failed); ++value)
        all.push_back(errc{value});
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(error_test)

BOOST_AUTO_TEST_CASE(every_error_has_a_name_and_an_explanation_of_its_own) {
    std::set<std::string_view> names;
    std::set<std::string> messages;
    for (const errc each : all_errors()) {
        BOOST_TEST(!name(each).empty());
        names.insert(name(each));
        messages.insert(make_error_code(each).message());
    }
    BOOST_TEST(names.size() == all_errors().size());
    BOOST_TEST(messages.size() == all_errors().size());
    BOOST_TEST(messages.count("unknown error") == 0U);
    BOOST_TEST(name(errc{9999}).empty());
    BOOST_TEST(make_error_code(errc{9999}).message() == "unknown error");
    BOOST_TEST(error_category().name() == std::string{"forest"});
}

BOOST_AUTO_TEST_CASE(every_failure_of_a_check_belongs_to_exactly_one_group) {
    for (const errc each : all_errors()) {
        const std::error_code ec = each;
        const int groups = (ec == condition::no_connection) + (ec == condition::bad_answer) +
                           (ec == condition::unhealthy);
        BOOST_TEST((ec == condition::check_failed) == is_check_failure(each));
        BOOST_TEST(groups == (is_check_failure(each) ? 1 : 0));
    }
}

BOOST_AUTO_TEST_CASE(an_invalid_argument_is_no_failure_of_a_check) {
    BOOST_TEST((make_error_code(errc::invalid_timeout) == condition::invalid_argument));
    BOOST_TEST((make_error_code(errc::url_port_invalid) == condition::invalid_argument));
    BOOST_TEST(!(make_error_code(errc::timed_out) == condition::invalid_argument));
    BOOST_TEST(!(make_error_code(errc::operation_canceled) == condition::check_failed));
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_schema_is_an_answer_that_cannot_be_understood) {
    const std::error_code ec = errc::malformed_schema;
    BOOST_TEST(name(errc::malformed_schema) == "malformed_schema");
    BOOST_TEST((ec == condition::bad_answer && ec == condition::check_failed));
    BOOST_TEST(!(ec == condition::unhealthy || ec == condition::no_connection));
    BOOST_TEST(ec.message().find("collections") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_hash_is_an_invalid_argument) {
    const std::error_code ec = errc::hash_missing;
    BOOST_TEST(name(errc::hash_missing) == "hash_missing");
    BOOST_TEST((ec == condition::invalid_argument));
    BOOST_TEST(!(ec == condition::check_failed));
    BOOST_TEST(ec.message().find("sha1_hex") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_this_machine_lacks_is_no_failure_of_a_check) {
    const std::error_code ec = errc::local_resources_exhausted;
    BOOST_TEST(name(errc::local_resources_exhausted) == "local_resources_exhausted");
    BOOST_TEST(!(ec == condition::check_failed || ec == condition::invalid_argument));
    for (const char* const advice : {"ulimit -n", "ip_local_port_range"})
        BOOST_TEST(ec.message().find(advice) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(codes_of_other_categories_match_no_condition) {
    const std::error_code foreign{static_cast<int>(errc::timed_out), std::generic_category()};
    BOOST_TEST(!(foreign == condition::check_failed));
    BOOST_TEST(!(foreign == errc::timed_out));
    BOOST_TEST(!(std::error_code{} == condition::check_failed));
}

BOOST_AUTO_TEST_CASE(conditions_say_what_they_mean) {
    for (const condition each :
         {condition::no_connection, condition::bad_answer, condition::unhealthy,
          condition::check_failed, condition::invalid_argument})
        BOOST_TEST(make_error_condition(each).message() != "unknown condition");
    BOOST_TEST(make_error_condition(condition{99}).message() == "unknown condition");
    BOOST_TEST(make_error_condition(condition::unhealthy).category().name() ==
               std::string{"forest.condition"});
    BOOST_TEST(!(make_error_code(errc::timed_out) == condition{99}));
}

BOOST_AUTO_TEST_SUITE_END()
