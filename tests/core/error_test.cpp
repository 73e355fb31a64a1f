// SPDX-License-Identifier: BSL-1.0

#include <forest/core/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace forest;

namespace {

std::vector<errc> all_errors() {
    std::vector<errc> all;
    for (int value = 1; value <= static_cast<int>(errc::held_answer_late); ++value)
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

BOOST_AUTO_TEST_CASE(B28_what_is_wrong_with_a_check_of_a_route_is_an_invalid_argument) {
    for (const errc each : {errc::check_name_invalid, errc::check_function_missing,
                            errc::invalid_check_deadline, errc::invalid_check_cache_for}) {
        const std::error_code ec = each;
        BOOST_TEST((ec == condition::invalid_argument));
        BOOST_TEST(!(ec == condition::check_failed));
        BOOST_TEST(ec.message().find("check") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_schema_is_an_answer_that_cannot_be_understood) {
    const std::error_code ec = errc::malformed_schema;
    BOOST_TEST(name(errc::malformed_schema) == "malformed_schema");
    BOOST_TEST((ec == condition::bad_answer && ec == condition::check_failed));
    BOOST_TEST(!(ec == condition::unhealthy || ec == condition::no_connection));
    BOOST_TEST(ec.message().find("collections") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_protocol_is_an_answer_that_cannot_be_understood_and_says_what_to_do) {
    const std::map<errc, std::string_view> advice{{errc::tls_expected, "https://"},
                                                  {errc::plain_http_expected, "http://"},
                                                  {errc::http2_only, "enable HTTP/1.1"},
                                                  {errc::other_protocol, "check the port"}};
    for (const auto& [code, what_to_do] : advice) {
        const std::error_code ec = code;
        BOOST_TEST((ec == condition::bad_answer && ec == condition::check_failed));
        BOOST_TEST(ec.message().find(what_to_do) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_name_of_a_code_is_a_label) {
    for (const errc each : all_errors()) {
        const std::string_view label = name(make_error_code(each));
        BOOST_TEST(label == name(each));
        BOOST_TEST(label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
                   std::string_view::npos);
    }
    BOOST_TEST(name(std::error_code{}).empty());
    BOOST_TEST(name(std::error_code{0, error_category()}).empty());
    BOOST_TEST(name(make_error_code(errc{9999})) == "unknown");
    BOOST_TEST(name(std::make_error_code(std::errc::timed_out)) == "generic");
    BOOST_TEST(name(std::error_code{111, std::system_category()}) == "system");
}

// A label that was released stays. A new code adds a line, and no line is changed.
BOOST_AUTO_TEST_CASE(the_numbers_and_names_of_errors_do_not_change) {
    const std::vector<std::string_view> released{
        "resolve_failed",
        "connection_refused",
        "unreachable",
        "timed_out",
        "tls_failed",
        "connection_lost",
        "malformed_response",
        "response_too_large",
        "unsupported_encoding",
        "unauthorized",
        "unexpected_status",
        "malformed_body",
        "malformed_schema",
        "not_ok",
        "stopping",
        "operation_canceled",
        "local_resources_exhausted",
        "invalid_interval",
        "invalid_timeout",
        "invalid_failure_threshold",
        "invalid_success_threshold",
        "invalid_initial_delay_max",
        "invalid_interval_jitter",
        "invalid_stall_tolerance",
        "invalid_backoff",
        "invalid_tick",
        "invalid_checks_in_flight_max",
        "invalid_connections_per_second_max",
        "url_malformed",
        "url_scheme_unsupported",
        "url_userinfo_refused",
        "url_host_missing",
        "url_port_invalid",
        "url_too_long",
        "secret_missing",
        "header_invalid",
        "header_too_large",
        "tls_configuration_invalid",
        "verifier_missing",
        "hash_missing",
        "path_invalid",
        "address_in_use",
        "listen_failed",
        "tls_expected",
        "plain_http_expected",
        "http2_only",
        "other_protocol",
        "resolver_unavailable",
        "invalid_doubt_max",
        "url_host_not_ascii",
        "url_zone_invalid",
        "unexpected_body",
        "probe_failed",
        "expected_status_invalid",
        "method_invalid",
        "service_unknown",
        "check_name_invalid",
        "check_function_missing",
        "invalid_check_deadline",
        "invalid_check_cache_for",
        "invalid_hold_max",
        "invalid_held_max",
        "invalid_held_per_address_max",
        "invalid_hold",
        "invalid_confirm_after",
        "too_many_held",
        "too_few_descriptors",
        "held_answer_late",
    };
    BOOST_TEST_REQUIRE(released.size() == all_errors().size());
    for (std::size_t index = 0; index < released.size(); ++index)
        BOOST_TEST(name(errc{static_cast<int>(index) + 1}) == released[index]);
}

BOOST_AUTO_TEST_CASE(B42_B52_what_is_wrong_with_holding_is_an_invalid_argument) {
    for (const errc each : {errc::invalid_hold, errc::invalid_confirm_after, errc::invalid_held_max,
                            errc::too_many_held, errc::too_few_descriptors}) {
        const std::error_code ec = each;
        BOOST_TEST((ec == condition::invalid_argument));
        BOOST_TEST(!(ec == condition::check_failed));
        BOOST_TEST(ec.message().find("options") != std::string::npos);
    }
    const std::error_code late = errc::held_answer_late;
    BOOST_TEST(!(late == condition::invalid_argument || late == condition::check_failed));
}

BOOST_AUTO_TEST_CASE(every_group_has_a_name) {
    BOOST_TEST(name(condition::no_connection) == "no_connection");
    BOOST_TEST(name(condition::bad_answer) == "bad_answer");
    BOOST_TEST(name(condition::unhealthy) == "unhealthy");
    BOOST_TEST(name(condition::check_failed) == "check_failed");
    BOOST_TEST(name(condition::invalid_argument) == "invalid_argument");
    BOOST_TEST(name(condition{99}).empty());
}

BOOST_AUTO_TEST_CASE(a_missing_hash_is_an_invalid_argument) {
    const std::error_code ec = errc::hash_missing;
    BOOST_TEST(name(errc::hash_missing) == "hash_missing");
    BOOST_TEST((ec == condition::invalid_argument));
    BOOST_TEST(!(ec == condition::check_failed));
    BOOST_TEST(ec.message().find("sha1_hex") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_host_says_how_to_write_it) {
    for (const errc each : {errc::url_host_not_ascii, errc::url_zone_invalid}) {
        const std::error_code ec = each;
        BOOST_TEST((ec == condition::invalid_argument));
        BOOST_TEST(!(ec == condition::check_failed));
    }
    BOOST_TEST(explanation(errc::url_host_not_ascii).find("xn--") != std::string_view::npos);
    BOOST_TEST(explanation(errc::url_zone_invalid).find("%25") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(the_errors_of_probes_are_in_their_groups) {
    for (const errc each : {errc::unexpected_body, errc::service_unknown})
        BOOST_TEST((make_error_code(each) == condition::unhealthy &&
                    make_error_code(each) == condition::check_failed));
    for (const errc each : {errc::expected_status_invalid, errc::method_invalid})
        BOOST_TEST((make_error_code(each) == condition::invalid_argument &&
                    make_error_code(each) != condition::check_failed));
    // It says nothing about the server.
    BOOST_TEST((make_error_code(errc::probe_failed) != condition::check_failed &&
                make_error_code(errc::probe_failed) != condition::invalid_argument));
}

BOOST_AUTO_TEST_CASE(what_this_machine_lacks_is_no_failure_of_a_check) {
    const std::error_code ec = errc::local_resources_exhausted;
    BOOST_TEST(name(errc::local_resources_exhausted) == "local_resources_exhausted");
    BOOST_TEST(!(ec == condition::check_failed || ec == condition::invalid_argument));
    for (const char* const advice : {"ulimit -n", "ip_local_port_range"})
        BOOST_TEST(ec.message().find(advice) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_service_that_does_not_answer_is_no_failure_of_a_check) {
    const std::error_code ec = errc::resolver_unavailable;
    BOOST_TEST(!(ec == condition::check_failed || ec == condition::no_connection));
    BOOST_TEST(ec.message().find("/etc/resolv.conf") != std::string::npos);
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

BOOST_AUTO_TEST_CASE(unauthorized_says_whether_a_signature_was_sent_and_names_the_usual_causes) {
    const std::string sent{explanation(errc::unauthorized, true)};
    for (const char* const cause :
         {"a signature was sent", "secret", "clocks", "underscores", "--header-style"})
        BOOST_TEST(sent.find(cause) != std::string::npos, cause);
    const std::string none{explanation(errc::unauthorized, false)};
    BOOST_TEST(none.find("no signature was sent") != std::string::npos);
    const std::string either = make_error_code(errc::unauthorized).message();
    for (const char* const cause : {"secret", "clocks", "underscores", "--header-style"})
        BOOST_TEST(either.find(cause) != std::string::npos, cause);
    for (const bool any : {false, true})
        BOOST_TEST(explanation(errc::timed_out, any) == explanation(errc::timed_out));
}

BOOST_AUTO_TEST_SUITE_END()
