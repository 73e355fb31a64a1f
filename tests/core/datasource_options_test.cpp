// SPDX-License-Identifier: BSL-1.0
#include <forest/core/datasource_options.hpp>

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/polled_route.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <climits>
#include <cstddef>
#include <functional>
#include <limits>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;

namespace {

using namespace forest;
namespace data = boost::unit_test::data;

constexpr duration tick{1};
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t gibibyte = std::size_t{1} << 30U;

datasource_options usual() {
    return {.uri = "http://localhost:3000"};
}

struct ranged {
    std::string member;
    std::function<void(datasource_options&)> change;
    std::error_code fault{}; // none when valid

    friend std::ostream& operator<<(std::ostream& out, const ranged& row) {
        return out << row.member << ": " << row.fault;
    }
};

using settings = datasource_options;

const std::vector<ranged> ranges{
    {"nothing", [](settings&) {}},

    {"interval", [](settings& of) { of.health_check_interval = tick; }},
    {"interval", [](settings& of) { of.health_check_interval = options::duration_max; }},
    {"interval", [](settings& of) { of.health_check_interval = 0s; },
     datasource_errc::invalid_health_check_interval},
    {"interval", [](settings& of) { of.health_check_interval = -1s; },
     datasource_errc::invalid_health_check_interval},
    {"interval", [](settings& of) { of.health_check_interval = options::duration_max + tick; },
     datasource_errc::invalid_health_check_interval},

    {"failures", [](settings& of) { of.health_check_failure_threshold = 1; }},
    {"failures", [](settings& of) { of.health_check_failure_threshold = INT_MAX; }},
    {"failures", [](settings& of) { of.health_check_failure_threshold = 0; },
     datasource_errc::invalid_health_check_failure_threshold},
    {"failures", [](settings& of) { of.health_check_failure_threshold = INT_MIN; },
     datasource_errc::invalid_health_check_failure_threshold},

    {"successes", [](settings& of) { of.health_check_success_threshold = 1; }},
    {"successes", [](settings& of) { of.health_check_success_threshold = 0; },
     datasource_errc::invalid_health_check_success_threshold},

    {"timeout", [](settings& of) { of.health_check_timeout = tick; }},
    {"timeout", [](settings& of) { of.health_check_timeout = options::duration_max; }},
    {"timeout", [](settings& of) { of.health_check_timeout = 0s; },
     datasource_errc::invalid_health_check_timeout},
    {"timeout", [](settings& of) { of.health_check_timeout = duration::max(); },
     datasource_errc::invalid_health_check_timeout},

    {"poll", [](settings& of) { of.schema_poll = 1s; }},
    {"poll", [](settings& of) { of.schema_poll = settings::schema_poll_default; }},
    {"poll", [](settings& of) { of.schema_poll = 3600s; }},
    {"poll", [](settings& of) { of.schema_poll = 999ms; }, datasource_errc::invalid_schema_poll},
    {"poll", [](settings& of) { of.schema_poll = 1s - tick; },
     datasource_errc::invalid_schema_poll},
    {"poll", [](settings& of) { of.schema_poll = 3'600'001ms; },
     datasource_errc::invalid_schema_poll},
    {"poll", [](settings& of) { of.schema_poll = 3600s + tick; },
     datasource_errc::invalid_schema_poll},
    {"poll", [](settings& of) { of.schema_poll = 0s; }, datasource_errc::invalid_schema_poll},
    {"poll", [](settings& of) { of.schema_poll = duration::min(); },
     datasource_errc::invalid_schema_poll},

    {"mode", [](settings& of) { of.mode = datasource_mode::health; }},
    {"mode", [](settings& of) { of.mode = datasource_mode::schema_poll; }},
    {"mode", [](settings& of) { of.mode = datasource_mode{3}; }, datasource_errc::invalid_mode},
    {"poll", // In each mode.
     [](settings& of) {
         of.mode = datasource_mode::health;
         of.schema_poll = 999ms;
     },
     datasource_errc::invalid_schema_poll},

    {"settle", [](settings& of) { of.schema_settle = 0s; }},
    {"settle", [](settings& of) { of.schema_settle = options::duration_max; }},
    {"settle", [](settings& of) { of.schema_settle = -tick; },
     datasource_errc::invalid_schema_settle},
    {"settle", [](settings& of) { of.schema_settle = options::duration_max + tick; },
     datasource_errc::invalid_schema_settle},

    {"schema timeout", [](settings& of) { of.schema_timeout = tick; }},
    {"schema timeout", [](settings& of) { of.schema_timeout = options::duration_max; }},
    {"schema timeout", [](settings& of) { of.schema_timeout = 0s; },
     datasource_errc::invalid_schema_timeout},
    {"schema timeout", [](settings& of) { of.schema_timeout = options::duration_max + tick; },
     datasource_errc::invalid_schema_timeout},

    {"bytes", [](settings& of) { of.schema_bytes_max = 1; }},
    {"bytes", [](settings& of) { of.schema_bytes_max = gibibyte; }},
    {"bytes", [](settings& of) { of.schema_bytes_max = 0; },
     datasource_errc::invalid_schema_bytes_max},
    {"bytes", [](settings& of) { of.schema_bytes_max = gibibyte + 1; },
     datasource_errc::invalid_schema_bytes_max},
    {"bytes", [](settings& of) { of.schema_bytes_max = static_cast<std::size_t>(-1); },
     datasource_errc::invalid_schema_bytes_max},

    {"introspection", [](settings& of) { of.introspection = R"({"collections":[]})"; }},
    {"introspection", [](settings& of) { of.introspection = "\n{\"collections\":[]}\n"; }},
    {"introspection", [](settings& of) { of.introspection = " "; },
     datasource_errc::invalid_introspection},
    {"introspection", [](settings& of) { of.introspection = "schema.json"; },
     datasource_errc::invalid_introspection},
    {"introspection", [](settings& of) { of.introspection = "{}"; },
     datasource_errc::invalid_introspection},
    {"introspection", [](settings& of) { of.introspection = R"({"collections":[{}]})"; },
     datasource_errc::invalid_introspection},

    // These three are reported by the names that they have in `options`, too.
    {"delay", [](settings& of) { of.initial_delay_max = options::duration_max; }},
    {"delay", [](settings& of) { of.initial_delay_max = -tick; }, errc::invalid_initial_delay_max},
    {"jitter", [](settings& of) { of.interval_jitter = 0.5; }},
    {"jitter", [](settings& of) { of.interval_jitter = 0.51; }, errc::invalid_interval_jitter},
    {"jitter", [](settings& of) { of.interval_jitter = nan; }, errc::invalid_interval_jitter},
    {"tolerance", [](settings& of) { of.stall_tolerance = 0s; }},
    {"tolerance", [](settings& of) { of.stall_tolerance = -tick; }, errc::invalid_stall_tolerance},
};

struct address {
    std::string uri;
    std::string target; // of the health route
    std::string text{}; // the whole URL, if it is not the uri and the path

    friend std::ostream& operator<<(std::ostream& out, const address& row) {
        return out << row.uri;
    }
};

const std::vector<address> addresses{
    {"http://localhost:3000", "/forest/health"},
    {"http://localhost:3000/", "/forest/health", "http://localhost:3000/forest/health"},
    {"http://localhost:3000///", "/forest/health", "http://localhost:3000/forest/health"},
    {"http://h:/", "/forest/health", "http://h:/forest/health"},
    {"HTTP://H", "/forest/health"},
    {"https://h:8443", "/forest/health"},
    {"https://h/agents/one", "/agents/one/forest/health"},
    {"https://h/agents/one//", "/agents/one/forest/health", "https://h/agents/one/forest/health"},
    {"http://h//a", "//a/forest/health"},
    {"http://h/%20%7e/a:b@c", "/%20%7e/a:b@c/forest/health"},
    {"http://[::1]:3000", "/forest/health"},
    {"http://[fe80::1]/", "/forest/health", "http://[fe80::1]/forest/health"},
    {"http+unix://%2Frun%2Fa.sock", "/forest/health"},
    {"http+unix://%2Frun%2Fa.sock/base/", "/base/forest/health",
     "http+unix://%2Frun%2Fa.sock/base/forest/health"},
};

struct bad_address {
    std::string uri;
    std::error_code fault;

    friend std::ostream& operator<<(std::ostream& out, const bad_address& row) {
        return out << row.uri;
    }
};

const std::vector<bad_address> bad_addresses{
    {"http://h?a=b", datasource_errc::invalid_uri},
    {"http://h/a?", datasource_errc::invalid_uri},
    {"http://h/?/", datasource_errc::invalid_uri},
    {"http://h#a", datasource_errc::invalid_uri},
    {"http://h/a#", datasource_errc::invalid_uri},
    {"?", datasource_errc::invalid_uri},
    {"", errc::url_scheme_unsupported},
    {"/", errc::url_scheme_unsupported},
    {"localhost:3000", errc::url_scheme_unsupported},
    {"ws://h", errc::url_scheme_unsupported},
    {"http:/h", errc::url_scheme_unsupported},
    {"http://", errc::url_host_missing},
    {"http:///", errc::url_host_missing},
    {"http:////", errc::url_host_missing},
    {"https://", errc::url_host_missing},
    {"http+unix://", errc::url_host_missing},
    {"http+unix:///", errc::url_host_missing},
    {"http://:3000/", errc::url_host_missing},
    {"http://user@h", errc::url_userinfo_refused},
    {"http://user:secret@h/", errc::url_userinfo_refused},
    {"http://h:0", errc::url_port_invalid},
    {"http://h:65536/", errc::url_port_invalid},
    {"http://h:3000x", errc::url_port_invalid},
    {"http+unix://%2Fa:80", errc::url_port_invalid},
    {" http://h", errc::url_malformed},
    {"http://h/ ", errc::url_malformed},
    {"http://h/a b", errc::url_malformed},
    {"http://h/a\r\nX: y", errc::url_malformed},
    {std::string{"http://h\0", 9}, errc::url_malformed},
    {"http://h/%", errc::url_malformed}, // An escape that the path appended would complete is none.
    {"http://h/%2", errc::url_malformed},
    {"http://[::1", errc::url_malformed},
};

std::vector<datasource_errc> all_errors() {
    std::vector<datasource_errc> all;
    for (int value = 1; value <= static_cast<int>(datasource_errc::invalid_schema_settle); ++value)
        all.push_back(datasource_errc{value});
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(datasource_options_test)

BOOST_AUTO_TEST_CASE(B35_the_defaults_are_those_of_the_plan) {
    const datasource_options defaults;
    BOOST_TEST(defaults.uri == "");
    BOOST_TEST(defaults.auth_secret == "");
    BOOST_TEST(defaults.introspection == "");
    BOOST_TEST((defaults.health_check_interval == 30s));
    BOOST_TEST(defaults.health_check_failure_threshold == 3);
    BOOST_TEST(defaults.health_check_success_threshold == 1);
    BOOST_TEST((defaults.health_check_timeout == 5s));
    BOOST_TEST((defaults.mode == datasource_mode::automatic));
    BOOST_TEST(!defaults.schema_poll.has_value());
    BOOST_TEST((defaults.schema_settle == 60s));
    BOOST_TEST((datasource_options::schema_poll_default == 600s));
    BOOST_TEST((defaults.schema_timeout == 30s));
    BOOST_TEST(defaults.schema_bytes_max == 16U * 1024U * 1024U);
    BOOST_TEST((defaults.initial_delay_max == 0s));
    BOOST_TEST(defaults.interval_jitter == 0.0);
    BOOST_TEST((defaults.stall_tolerance == 2s));
    BOOST_TEST(datasource_options::health_path == "/forest/health");
    BOOST_TEST(datasource_options::schema_path == "/forest/rpc-schema");
}

BOOST_AUTO_TEST_CASE(only_the_uri_has_no_default_that_can_be_used) {
    BOOST_TEST((datasource_options{}.validate() == errc::url_scheme_unsupported));
    // Whether a secret is needed is for the signer to say.
    BOOST_TEST(!usual().validate());
}

BOOST_DATA_TEST_CASE(validate_names_the_member_at_fault, data::make(ranges)) {
    datasource_options given = usual();
    sample.change(given);
    BOOST_TEST(given.validate() == sample.fault);
}

BOOST_DATA_TEST_CASE(it_names_the_same_when_the_schema_is_polled, data::make(ranges)) {
    datasource_options given = usual();
    given.schema_poll = 600s;
    sample.change(given);
    BOOST_TEST(given.validate() == sample.fault);
}

BOOST_DATA_TEST_CASE(a_path_is_appended_to_the_base, data::make(addresses)) {
    const datasource_options given{.uri = sample.uri};
    BOOST_TEST(!given.validate());
    url parsed;
    BOOST_TEST_REQUIRE(!given.parse_url(datasource_options::health_path, parsed));
    BOOST_TEST(parsed.target() == sample.target);
    BOOST_TEST(parsed.text() ==
               (sample.text.empty() ? sample.uri + "/forest/health" : sample.text));
    BOOST_TEST((parsed == url{parsed.text()}));
    url schema_url;
    BOOST_TEST_REQUIRE(!given.parse_url(datasource_options::schema_path, schema_url));
    BOOST_TEST(
        schema_url.target() ==
        sample.target.substr(0, sample.target.size() - datasource_options::health_path.size()) +
            "/forest/rpc-schema");
    BOOST_TEST(schema_url.host_header() == parsed.host_header());
    BOOST_TEST(schema_url.socket_path() == parsed.socket_path());
}

BOOST_DATA_TEST_CASE(a_uri_that_cannot_be_used_is_refused_and_changes_nothing,
                     data::make(bad_addresses)) {
    const datasource_options given{.uri = sample.uri};
    BOOST_TEST(given.validate() == sample.fault);
    for (const std::string_view path :
         {datasource_options::health_path, datasource_options::schema_path}) {
        url before = "http://before/";
        BOOST_TEST(given.parse_url(path, before) == sample.fault);
        BOOST_TEST(before.text() == "http://before/");
    }
}

BOOST_AUTO_TEST_CASE(a_uri_may_be_too_long_only_when_the_longer_path_is_appended) {
    const std::string begin = "http://h/";
    const auto of_size = [&](std::size_t size) {
        return datasource_options{.uri = begin + std::string(size - begin.size(), 'a')};
    };
    const std::size_t longest = url::text_bytes_max - datasource_options::schema_path.size();
    BOOST_TEST(!of_size(longest).validate());
    BOOST_TEST((of_size(longest + 1).validate() == errc::url_too_long));

    url parsed = "http://before/";
    BOOST_TEST(!of_size(longest + 4).parse_url(datasource_options::health_path, parsed));
    BOOST_TEST(parsed.text().size() == url::text_bytes_max);
    parsed = "http://before/";
    BOOST_TEST((of_size(longest + 5).parse_url(datasource_options::health_path, parsed) ==
                errc::url_too_long));
    BOOST_TEST(parsed.text() == "http://before/");
    BOOST_TEST((of_size(url::text_bytes_max + 1).validate() == errc::url_too_long));
}

BOOST_AUTO_TEST_CASE(the_health_route_is_polled_with_the_options_of_the_checks) {
    const options polled = datasource_options{.health_check_interval = 7s,
                                              .health_check_failure_threshold = 4,
                                              .health_check_success_threshold = 2,
                                              .health_check_timeout = 3s,
                                              .schema_timeout = 20s,
                                              .initial_delay_max = 6s,
                                              .interval_jitter = 0.25,
                                              .stall_tolerance = 8s}
                               .polling();
    BOOST_TEST((polled.interval == 7s));
    BOOST_TEST((polled.timeout == 3s));
    BOOST_TEST(polled.failure_threshold == 4);
    BOOST_TEST(polled.success_threshold == 2);
    BOOST_TEST((polled.initial_delay_max == 6s));
    BOOST_TEST(polled.interval_jitter == 0.25);
    BOOST_TEST((polled.stall_tolerance == 8s));
}

BOOST_AUTO_TEST_CASE(B33_the_schema_is_polled_at_its_own_interval_and_timeout) {
    const options polled = datasource_options{.mode = datasource_mode::schema_poll,
                                              .health_check_interval = 7s,
                                              .health_check_failure_threshold = 4,
                                              .health_check_success_threshold = 2,
                                              .health_check_timeout = 3s,
                                              .schema_poll = 60s,
                                              .schema_timeout = 20s,
                                              .initial_delay_max = 6s,
                                              .interval_jitter = 0.25,
                                              .stall_tolerance = 8s}
                               .polling();
    BOOST_TEST((polled.interval == 60s));
    BOOST_TEST((polled.timeout == 20s));
    BOOST_TEST(polled.failure_threshold == 4);
    BOOST_TEST(polled.success_threshold == 2);
    BOOST_TEST((polled.initial_delay_max == 6s));
    BOOST_TEST(polled.interval_jitter == 0.25);
    BOOST_TEST((polled.stall_tolerance == 8s));
}

BOOST_AUTO_TEST_CASE(B33_without_an_interval_of_its_own_the_schema_is_polled_as_the_checks_are) {
    const auto interval = [](duration checks) {
        const datasource_options given{.health_check_interval = checks};
        BOOST_TEST((given.polling().interval == checks));
        BOOST_TEST((given.schema_polling().timeout == 30s));
        return given.schema_polling().interval;
    };
    BOOST_TEST((interval(30s) == 30s));
    BOOST_TEST((interval(20ms) == 1s));
    BOOST_TEST((interval(2h) == 2h));
    const datasource_options own{.health_check_interval = 9s, .schema_poll = 5s};
    BOOST_TEST((own.schema_polling().interval == 5s));
    BOOST_TEST((own.polling().interval == 9s));
}

BOOST_DATA_TEST_CASE(what_validate_accepts_the_polling_accepts_too, data::make(ranges)) {
    datasource_options given = usual();
    sample.change(given);
    if (!sample.fault) {
        BOOST_TEST(!given.polling().validate());
        BOOST_TEST(!given.schema_polling().validate());
    }
}

BOOST_AUTO_TEST_CASE(B4_the_worst_case_is_the_larger_one_of_both_routes) {
    const auto bound = [](datasource_options of) { return worst_case_detection(of); };
    BOOST_TEST((bound({}) == detection_bound{36s, 126s}));
    BOOST_TEST((bound({.mode = datasource_mode::health}) == detection_bound{36s, 51s}));
    BOOST_TEST((bound({.schema_poll = 600s}) == detection_bound{606s, 696s}));
    BOOST_TEST((bound({.mode = datasource_mode::health, .schema_poll = 600s}) ==
                detection_bound{36s, 51s}));
    BOOST_TEST((bound({.mode = datasource_mode::schema_poll, .schema_poll = 600s}) ==
                detection_bound{606s, 696s}));
    // Of each the larger one.
    BOOST_TEST((bound({.health_check_interval = 60s,
                       .health_check_failure_threshold = 1,
                       .health_check_timeout = 1s,
                       .schema_poll = 5s,
                       .schema_timeout = 50s}) == detection_bound{60s, 100s}));
    // By the backoff given.
    BOOST_TEST((worst_case_detection(datasource_options{}, constant_backoff{}) ==
                detection_bound{90s, 180s}));
    // A braced list is one of `options`, as ever.
    BOOST_TEST((worst_case_detection({.interval_jitter = 0.0}) == detection_bound{36s, 51s}));
#if !defined(__clang__) // whose std::string of g++ 12 is no constant
    static_assert(worst_case_detection(datasource_options{.schema_timeout = 5s}) ==
                  detection_bound{36s, 51s});
#endif
    static_assert(larger({1s, 2s}, {2s, 1s}) == detection_bound{2s, 2s});
}

BOOST_AUTO_TEST_CASE(every_mode_has_a_name_of_its_own) {
    BOOST_TEST(name(datasource_mode::automatic) == "automatic");
    BOOST_TEST(name(datasource_mode::health) == "health");
    BOOST_TEST(name(datasource_mode::schema_poll) == "schema_poll");
    BOOST_TEST(name(datasource_mode{3}).empty());
    BOOST_TEST((datasource_mode{} == datasource_mode::automatic));
}

BOOST_AUTO_TEST_CASE(every_error_is_a_sentence_about_its_member) {
    const std::vector<std::string> members{"uri",
                                           "introspection",
                                           "health_check_interval",
                                           "health_check_failure_threshold",
                                           "health_check_success_threshold",
                                           "health_check_timeout",
                                           "schema_poll",
                                           "schema_timeout",
                                           "schema_bytes_max",
                                           "mode",
                                           "schema_settle"};
    BOOST_TEST_REQUIRE(members.size() == all_errors().size());
    std::set<std::string> messages;
    for (const datasource_errc each : all_errors()) {
        const std::error_code ec = each;
        const std::string begin =
            "datasource_options." + members[static_cast<std::size_t>(each) - 1] + " must be ";
        BOOST_TEST(ec.message().substr(0, begin.size()) == begin);
        BOOST_TEST(ec.category().name() == std::string{"forest.datasource"});
        BOOST_TEST(name(ec) == "invalid_" + members[static_cast<std::size_t>(each) - 1]);
        messages.insert(ec.message());
    }
    BOOST_TEST(messages.size() == all_errors().size());
    BOOST_TEST(make_error_code(datasource_errc{99}).message() == "unknown error");
    BOOST_TEST(make_error_code(datasource_errc{}).message() == "unknown error");
    BOOST_TEST(name(make_error_code(datasource_errc{99})) == "unknown");
}

BOOST_AUTO_TEST_CASE(its_errors_are_those_of_nobody_else) {
    for (const datasource_errc each : all_errors()) {
        const std::error_code ec = each;
        BOOST_TEST(!!ec);
        BOOST_TEST(!(ec == errc{static_cast<int>(each)}));
        BOOST_TEST(!(ec == condition::check_failed));
    }
}

BOOST_AUTO_TEST_SUITE_END()
