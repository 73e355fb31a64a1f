// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/fmt/log_observer.hpp>

#include <forest/adapters/fmt/log_line.hpp>
#include <forest/core/detail/json/health_document_parser.hpp>
#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/health_document.hpp>
#include <forest/core/schema.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace forest;
using namespace forest::detail;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

static_assert(observer<log_observer>);
static_assert(std::default_initializable<log_observer>);

const std::string url_text = "http://localhost:3000/forest/health";
const std::string prefix = "[Health Check] " + url_text + ": ";

std::string text_of(const event& happened) {
    return std::string{log_line{happened}.text()};
}

event event_of(event_kind kind) {
    event made;
    made.kind = kind;
    made.target = url_text;
    made.failure_threshold = 3;
    return made;
}

verdict failure(std::error_code error, int status = 0) {
    verdict made;
    made.error = error;
    made.status = status;
    return made;
}

verdict success(std::string_view version) {
    verdict made;
    made.status = 200;
    const std::string body = R"({"status":"ok","version":)" + json_quote(version) + "}";
    BOOST_TEST_REQUIRE(!forest::detail::parse_health_document(body, made.document));
    return made;
}

// What a line begins with.
std::string prefix_of(event_kind kind) {
    return is_of_schema(kind) ? "[Schema] " + url_text + ": " : prefix;
}

schema schema_of(int collections, std::string_view etag) {
    std::string text = R"({"collections":[)";
    for (int n = 0; n < collections; ++n)
        text.append(n == 0 ? "" : ",").append(R"({"name":"c"})");
    schema made;
    BOOST_TEST_REQUIRE(!schema::parse(text + "]}", made, etag));
    return made;
}

std::string schema_line(event_kind kind, const schema& known, schema_source source) {
    event happened = event_of(kind);
    happened.schema = &known;
    happened.source = source;
    const std::string line = text_of(happened);
    BOOST_TEST_REQUIRE(line.starts_with(prefix_of(kind)));
    return line.substr(prefix_of(kind).size());
}

std::string reloaded(const schema& known) {
    return schema_line(event_kind::schema_reloaded, known, schema_source::server);
}

std::string succeeded_with(std::string_view version) {
    const verdict healthy = success(version);
    event happened = event_of(event_kind::check_succeeded);
    happened.check = &healthy;
    return text_of(happened);
}

struct failed_row {
    errc error;
    int status;
    int failures;
    severity level;
    std::string line;

    friend std::ostream& operator<<(std::ostream& out, const failed_row& shown) {
        return out << shown.line;
    }
};

// What is routine below the threshold is not at it, and nothing else ever is; all is beyond it.
const std::vector<failed_row> failed{
    {errc::connection_lost, 0, 1, severity::debug, "check failed (1/3): connection lost"},
    {errc::connection_refused, 0, 2, severity::debug, "check failed (2/3): connection refused"},
    {errc::timed_out, 0, 2, severity::debug, "check failed (2/3): timed out"},
    {errc::timed_out, 0, 3, severity::warning, "check failed (3/3): timed out"},
    {errc::connection_lost, 0, 3, severity::warning, "check failed (3/3): connection lost"},
    {errc::connection_refused, 0, 4, severity::debug,
     "check failed (4 in a row): connection refused"},
    {errc::resolve_failed, 0, 1, severity::warning, "check failed (1/3): resolve failed"},
    {errc::unreachable, 0, 1, severity::warning, "check failed (1/3): unreachable"},
    {errc::tls_failed, 0, 1, severity::warning, "check failed (1/3): tls failed"},
    {errc::malformed_response, 0, 1, severity::warning, "check failed (1/3): malformed response"},
    {errc::response_too_large, 200, 1, severity::warning,
     "check failed (1/3): response too large, HTTP 200"},
    {errc::unsupported_encoding, 200, 1, severity::warning,
     "check failed (1/3): unsupported encoding, HTTP 200"},
    {errc::unauthorized, 401, 1, severity::warning,
     "check failed (1/3): unauthorized, HTTP 401, no signature was sent"},
    {errc::unauthorized, 403, 2, severity::warning,
     "check failed (2/3): unauthorized, HTTP 403, no signature was sent"},
    {errc::unexpected_status, 500, 1, severity::warning,
     "check failed (1/3): unexpected status, HTTP 500"},
    {errc::malformed_body, 200, 1, severity::warning,
     "check failed (1/3): malformed body, HTTP 200"},
    {errc::not_ok, 200, 1, severity::warning, "check failed (1/3): not ok, HTTP 200"},
    {errc::stopping, 503, 1, severity::warning, "check failed (1/3): stopping, HTTP 503"},
};

struct plain_row {
    event_kind kind;
    severity level;
    std::string line;

    friend std::ostream& operator<<(std::ostream& out, const plain_row& shown) {
        return out << shown.line;
    }
};

// Also what is said when an event comes without its particulars.
const std::vector<plain_row> plain{
    {event_kind::started, severity::debug, "polling started"},
    {event_kind::check_started, severity::debug, "check 7 begins"},
    {event_kind::check_succeeded, severity::debug, "check succeeded"},
    {event_kind::check_failed, severity::warning, "check failed (3/3)"},
    {event_kind::check_inconclusive, severity::debug,
     "check inconclusive, this process was stalled"},
    {event_kind::server_down, severity::warning, "server is down"},
    {event_kind::server_up, severity::info, "server is back online"},
    {event_kind::callback_failed, severity::error, "callback failed: no pager"},
    {event_kind::stopping, severity::debug, "polling stopping"},
    {event_kind::stopped, severity::debug, "polling stopped"},
    {event_kind::schema_loaded, severity::warning,
     "no schema: it could not be fetched, and there is no introspection"},
    {event_kind::schema_unchanged, severity::debug, "schema unchanged: no pager"},
    {event_kind::schema_reloaded, severity::info, "schema changed and reloaded"},
    {event_kind::schema_failed, severity::warning, "schema could not be fetched"},
};

struct recording {
    std::vector<std::pair<severity, std::string>> lines;

    auto sink() {
        return [this](severity level, std::string_view line) { lines.emplace_back(level, line); };
    }
};

struct length_row {
    duration length;
    std::string shown;

    friend std::ostream& operator<<(std::ostream& out, const length_row& row) {
        return out << row.shown;
    }
};

const std::vector<length_row> lengths{
    {0ns, "0.0s"},        {99ms, "0.0s"},
    {100ms, "0.1s"},      {12'345ms, "12.3s"},
    {59'999ms, "59.9s"},  {60s, "1m 0s"},
    {125'900ms, "2m 5s"}, {3599s, "59m 59s"},
    {1h, "1h 0m 0s"},     {26h + 3min + 4s, "26h 3m 4s"},
};

struct foreign_row {
    std::string said;
    std::string written;

    friend std::ostream& operator<<(std::ostream& out, const foreign_row& shown) {
        return out << shown.written;
    }
};

const std::vector<foreign_row> foreign{
    {"1.16.10", "1.16.10"},
    {"1.0-β-日本-🦊", "1.0-β-日本-🦊"},
    {"a\nb", "a\\x0ab"},
    {"a\r\n[Health Check] server is back online",
     "a\\x0d\\x0a[Health Check] server is back online"},
    {"\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"},
    {std::string{"a\0b", 3}, "a\\x00b"},
    {"\x7f\t\b", "\\x7f\\x09\\x08"},
    {"C1: \xc2\x9b"
     "2J \xc2\x80 \xc2\x9f",
     "C1: \\xc2\\x9b2J \\xc2\\x80 \\xc2\\x9f"},
    {"no C1: \xc2\xa0", "no C1: \xc2\xa0"},
    {"{} {0} %s %n", "{} {0} %s %n"},
};

BOOST_AUTO_TEST_SUITE(log_observer_test)

BOOST_DATA_TEST_CASE(each_kind_has_its_line_and_level, data::make(plain)) {
    recording log;
    basic_log_observer observer{severity::debug, log.sink()};
    event happened = event_of(sample.kind);
    happened.attempt = 7;
    happened.failures = 3;
    happened.detail = "no pager";
    observer.on_event(happened);
    BOOST_TEST_REQUIRE(log.lines.size() == 1U);
    BOOST_TEST((log.lines.front().first == sample.level));
    BOOST_TEST(log.lines.front().second == prefix_of(sample.kind) + sample.line);
}

BOOST_DATA_TEST_CASE(B5_a_failed_check_is_logged_with_its_reason, data::make(failed)) {
    recording log;
    basic_log_observer observer{severity::debug, log.sink()};
    const verdict result = failure(sample.error, sample.status);
    event happened = event_of(event_kind::check_failed);
    happened.failures = sample.failures;
    happened.check = &result;
    observer.on_event(happened);
    BOOST_TEST_REQUIRE(log.lines.size() == 1U);
    BOOST_TEST((log.lines.front().first == sample.level));
    BOOST_TEST(log.lines.front().second == prefix + sample.line);
}

BOOST_AUTO_TEST_CASE(a_succeeded_check_is_logged_with_its_version) {
    BOOST_TEST(succeeded_with("1.16.10") == prefix + "check succeeded (version 1.16.10)");
    BOOST_TEST(succeeded_with("") == prefix + "check succeeded");
}

BOOST_AUTO_TEST_CASE(B12_an_inconclusive_check_says_whose_fault_it_may_be) {
    const verdict result = failure(errc::timed_out);
    event happened = event_of(event_kind::check_inconclusive);
    happened.check = &result;
    BOOST_TEST(text_of(happened) ==
               prefix + "check inconclusive, this process was stalled: timed out");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_down_is_logged_with_number_and_reason) {
    outage of;
    of.failures = 3;
    of.last_error = errc::connection_refused;
    event happened = event_of(event_kind::server_down);
    happened.outage = &of;
    BOOST_TEST(text_of(happened) ==
               prefix + "server is down (after 3 failures, connection refused): nothing listens at "
                        "the address; is the server running?");
    of.failures = 1;
    of.last_error = errc::stopping;
    of.last_status = 503;
    BOOST_TEST(text_of(happened) ==
               prefix + "server is down (after 1 failure, stopping, HTTP 503): the server "
                        "announced that it is stopping");
}

BOOST_AUTO_TEST_CASE(B11_a_refused_signature_stays_visible_in_the_outage) {
    outage of;
    of.failures = 3;
    of.last_error = errc::timed_out;
    of.unauthorized = true;
    event happened = event_of(event_kind::server_down);
    happened.outage = &of;
    BOOST_TEST(text_of(happened) ==
               prefix + "server is down (after 3 failures, timed out, unauthorized before): no "
                        "complete answer within the timeout");
    of.last_error = errc::unauthorized;
    of.last_status = 401;
    BOOST_TEST(text_of(happened) ==
               prefix + "server is down (after 3 failures, unauthorized, HTTP 401): no signature "
                        "was sent, and the server asks for one; give the secret that the server "
                        "has");
    of.signature_sent = true;
    BOOST_TEST(text_of(happened) ==
               prefix + "server is down (after 3 failures, unauthorized, HTTP 401): a signature "
                        "was sent, and the server refused it; check the secret on both sides, both "
                        "clocks, and whether a proxy drops field names with underscores "
                        "(--header-style dash)");
}

BOOST_AUTO_TEST_CASE(B11_clock_skew_is_logged_in_words) {
    verdict result = failure(errc::unauthorized, 401);
    result.signature_sent = true;
    result.clock_skew = 75s;
    event happened = event_of(event_kind::check_failed);
    happened.failures = 1;
    happened.check = &result;
    BOOST_TEST(text_of(happened) == prefix + "check failed (1/3): unauthorized, HTTP 401, a "
                                             "signature was sent; the server's clock is 75 s "
                                             "ahead");
    result.clock_skew = -3600s;
    BOOST_TEST(text_of(happened) == prefix + "check failed (1/3): unauthorized, HTTP 401, a "
                                             "signature was sent; the server's clock is 3600 s "
                                             "behind");

    outage of;
    of.failures = 3;
    of.last_error = errc::connection_lost;
    of.clock_skew = 75s;
    event down = event_of(event_kind::server_down);
    down.outage = &of;
    BOOST_TEST(text_of(down).ends_with("; the server's clock is 75 s ahead"));

    verdict healthy = success("2");
    healthy.clock_skew = 40s;
    event well = event_of(event_kind::check_succeeded);
    well.check = &healthy;
    BOOST_TEST(text_of(well) ==
               prefix + "check succeeded (version 2); the server's clock is 40 s ahead");
}

BOOST_DATA_TEST_CASE(a_recovery_is_logged_with_the_length_of_the_outage, data::make(lengths)) {
    outage of;
    of.ended_after = sample.length;
    event happened = event_of(event_kind::server_up);
    happened.outage = &of;
    BOOST_TEST(text_of(happened) == prefix + "server is back online (after " + sample.shown + ")");
}

BOOST_AUTO_TEST_CASE(an_error_of_another_category_is_logged_by_its_number) {
    const verdict result = failure(std::make_error_code(std::errc::permission_denied));
    event happened = event_of(event_kind::check_failed);
    happened.failures = 1;
    happened.check = &result;
    BOOST_TEST(text_of(happened) ==
               prefix + "check failed (1/3): generic error " +
                   std::to_string(static_cast<int>(std::errc::permission_denied)));
    outage of;
    of.failures = 1;
    of.last_error = result.error;
    event down = event_of(event_kind::server_down);
    down.outage = &of;
    BOOST_TEST(text_of(down).find("generic error") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_schema_is_logged_with_its_size_and_its_etag) {
    BOOST_TEST(reloaded(schema_of(0, "")) == "schema changed and reloaded (0 collections)");
    BOOST_TEST(reloaded(schema_of(1, "")) == "schema changed and reloaded (1 collection)");
    BOOST_TEST(reloaded(schema_of(2, "7ec21c29")) ==
               "schema changed and reloaded (2 collections, etag 7ec21c29)");
    BOOST_TEST(reloaded(schema_of(50'000, "a")) ==
               "schema changed and reloaded (50000 collections, etag a)");
}

BOOST_AUTO_TEST_CASE(B33_a_missing_route_is_logged_with_its_path_and_the_way_out) {
    verdict check;
    check.status = 404;
    check.error = errc::unexpected_status;
    event happened;
    happened.target = url_text;
    happened.check = &check;
    happened.path = "/forest/health";
    happened.failures = 1;
    happened.failure_threshold = 3;
    happened.kind = event_kind::health_route_missing;
    happened.detail = health_route_missing_hint;
    BOOST_TEST(log_line{happened}.text() == prefix +
                                                "the server has no /forest/health (HTTP 404): " +
                                                std::string{health_route_missing_hint});
    happened.detail = {};
    const std::string way_out{missing_route_hint(happened)};
    for (const int status : {404, 405}) {
        check.status = status;
        const std::string http = "unexpected status, HTTP " + std::to_string(status);
        happened.kind = event_kind::check_failed;
        BOOST_TEST(log_line{happened}.text() ==
                   prefix + "check failed (1/3): " + http +
                       "; the server has no /forest/health: " + way_out);
        outage of;
        of.failures = 3;
        of.last_error = errc::unexpected_status;
        of.last_status = status;
        happened.kind = event_kind::server_down;
        happened.outage = &of;
        BOOST_TEST(
            log_line{happened}.text().ends_with("the server has no /forest/health: " + way_out));
        happened.outage = nullptr;
    }
    happened.kind = event_kind::schema_failed;
    happened.path = "/base/forest/rpc-schema";
    BOOST_TEST(log_line{happened}.text().ends_with(
        "the server has no /base/forest/rpc-schema: check the URL, and that an agent answers "
        "there"));
    check.status = 500;
    BOOST_TEST(log_line{happened}.text().ends_with("unexpected status, HTTP 500"));
}

BOOST_AUTO_TEST_CASE(B30_the_first_schema_is_logged_with_its_source) {
    const auto loaded = [](const schema& known, schema_source source) {
        return schema_line(event_kind::schema_loaded, known, source);
    };
    BOOST_TEST(loaded(schema_of(2, "7ec21c29"), schema_source::server) ==
               "schema loaded (2 collections, etag 7ec21c29)");
    BOOST_TEST(loaded(schema_of(1, ""), schema_source::introspection) ==
               "schema taken from the introspection (1 collection)");
    BOOST_TEST(loaded(schema{}, schema_source::none) ==
               "no schema: it could not be fetched, and there is no introspection");
}

BOOST_AUTO_TEST_CASE(a_schema_from_the_server_is_no_warning) {
    recording log;
    basic_log_observer observer{severity::info, log.sink()};
    event happened = event_of(event_kind::schema_loaded);
    for (const schema_source each :
         {schema_source::server, schema_source::introspection, schema_source::none}) {
        happened.source = each;
        observer.on_event(happened);
    }
    BOOST_TEST_REQUIRE(log.lines.size() == 3U);
    BOOST_TEST((log.lines[0].first == severity::info));
    BOOST_TEST((log.lines[1].first == severity::warning));
    BOOST_TEST((log.lines[2].first == severity::warning));
    BOOST_TEST(log.lines[0].second == prefix_of(event_kind::schema_loaded) + "schema loaded");
}

BOOST_AUTO_TEST_CASE(B31_an_unchanged_schema_is_logged_without_its_size_and_etag) {
    BOOST_TEST(schema_line(event_kind::schema_unchanged, schema_of(2, "7ec21c29"),
                           schema_source::server) == "schema unchanged");
}

BOOST_AUTO_TEST_CASE(a_schema_that_could_not_be_fetched_is_logged_with_the_reason) {
    const auto text = [](const verdict& result) {
        const schema known = schema_of(2, "7ec21c29");
        event happened = event_of(event_kind::schema_failed);
        happened.check = &result;
        happened.schema = &known;
        happened.source = schema_source::server;
        return text_of(happened);
    };
    const std::string begin =
        prefix_of(event_kind::schema_failed) + "schema could not be fetched: ";
    BOOST_TEST(text(failure(errc::connection_refused)) == begin + "connection refused");
    BOOST_TEST(text(failure(errc::malformed_schema, 200)) == begin + "malformed schema, HTTP 200");
    BOOST_TEST(text(failure(errc::response_too_large, 200)) ==
               begin + "response too large, HTTP 200");
    verdict refused = failure(errc::unauthorized, 403);
    refused.clock_skew = -60s;
    BOOST_TEST(text(refused) ==
               begin + "unauthorized, HTTP 403, no signature was sent; the server's clock is 60 s "
                       "behind");
}

BOOST_AUTO_TEST_CASE(a_reload_that_failed_is_a_callback_that_failed) {
    event happened = event_of(event_kind::callback_failed);
    const schema known = schema_of(1, "a");
    happened.schema = &known;
    happened.source = schema_source::server;
    happened.detail = "no table";
    const std::string line{log_line{happened}.text()};
    BOOST_TEST(line.rfind("[Schema] ", 0) == 0U);
    BOOST_TEST(line.ends_with(": callback failed: no table"));
}

BOOST_DATA_TEST_CASE(an_etag_cannot_break_the_line_or_steer_the_terminal, data::make(foreign)) {
    const schema known = schema_of(1, sample.said);
    const std::string contents = " (1 collection, etag " + sample.written + ")";
    BOOST_TEST(reloaded(known) == "schema changed and reloaded" + contents);
    BOOST_TEST(schema_line(event_kind::schema_loaded, known, schema_source::server) ==
               "schema loaded" + contents);
}

BOOST_AUTO_TEST_CASE(an_etag_that_is_too_long_is_cut_with_its_line) {
    const std::string line = reloaded(schema_of(1, std::string(10'000, 'e')));
    BOOST_TEST(line.size() + prefix_of(event_kind::schema_reloaded).size() == log_line::bytes_max);
    BOOST_TEST(line.starts_with("schema changed and reloaded (1 collection, etag eee"));
}

BOOST_DATA_TEST_CASE(a_version_cannot_break_the_line_or_steer_the_terminal, data::make(foreign)) {
    BOOST_TEST(succeeded_with(sample.said) ==
               prefix + "check succeeded (version " + sample.written + ")");
}

BOOST_DATA_TEST_CASE(what_a_callback_threw_cannot_either, data::make(foreign)) {
    event happened = event_of(event_kind::callback_failed);
    happened.detail = sample.said;
    BOOST_TEST(text_of(happened) == prefix + "callback failed: " + sample.written);
}

BOOST_AUTO_TEST_CASE(no_control_byte_gets_through) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string said{'<', static_cast<char>(byte), '>'};
        event happened = event_of(event_kind::callback_failed);
        happened.detail = said;
        const std::string line = text_of(happened);
        const bool printable = 0x20 <= byte && byte < 0x7f;
        BOOST_TEST((line.find(said) != std::string::npos) == printable, "byte " << byte);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_utf_8_is_escaped) {
    event happened = event_of(event_kind::callback_failed);
    happened.detail = "\xff \xc3( \xe2\x82";
    BOOST_TEST(text_of(happened) == prefix + "callback failed: \\xff \\xc3( \\xe2\\x82");
}

BOOST_AUTO_TEST_CASE(the_target_is_written_with_the_same_care) {
    event happened = event_of(event_kind::started);
    happened.target = "http://a/\n";
    BOOST_TEST(text_of(happened) == "[Health Check] http://a/\\x0a: polling started");
}

BOOST_AUTO_TEST_CASE(a_line_that_is_too_long_is_cut_after_a_whole_character) {
    for (const std::string& character : {std::string{"x"}, std::string{"é"}, std::string{"🦊"}}) {
        std::string said;
        while (said.size() < 2 * log_line::bytes_max)
            said += character;
        event happened = event_of(event_kind::callback_failed);
        happened.detail = said;
        const std::string line = text_of(happened);
        BOOST_TEST(line.size() <= log_line::bytes_max);
        BOOST_TEST(line.size() > log_line::bytes_max - character.size());
        BOOST_TEST(line.ends_with(character));
    }
}

BOOST_AUTO_TEST_CASE(the_longest_url_leaves_room_for_what_is_said_about_it) {
    const std::string longest(2048, 'u');
    const verdict healthy = success(std::string(health_document::version_bytes_max, '\x01'));
    event happened = event_of(event_kind::check_succeeded);
    happened.target = longest;
    happened.check = &healthy;
    BOOST_TEST(text_of(happened).ends_with("\\x01)"));
}

BOOST_AUTO_TEST_CASE(the_default_level_tells_what_someone_should_know) {
    recording log;
    basic_log_observer observer{severity::info, log.sink()};
    for (const plain_row& each : plain) {
        log.lines.clear();
        event happened = event_of(each.kind);
        happened.failures = 3;
        observer.on_event(happened);
        BOOST_TEST(log.lines.empty() == (each.level == severity::debug));
    }
}

struct minimum_row {
    severity minimum;
    std::size_t lines;

    friend std::ostream& operator<<(std::ostream& out, const minimum_row& shown) {
        return out << shown.lines << " lines";
    }
};

BOOST_DATA_TEST_CASE(the_minimum_is_an_option,
                     data::make(std::vector<minimum_row>{{severity::debug, 4},
                                                         {severity::info, 3},
                                                         {severity::warning, 2},
                                                         {severity::error, 1}})) {
    recording log;
    basic_log_observer observer{sample.minimum, log.sink()};
    for (const event_kind kind : {event_kind::started, event_kind::server_up,
                                  event_kind::server_down, event_kind::callback_failed})
        observer.on_event(event_of(kind));
    BOOST_TEST(log.lines.size() == sample.lines);
}

BOOST_AUTO_TEST_CASE(what_a_sink_throws_is_dropped) {
    int calls = 0;
    basic_log_observer observer{severity::debug, [&](severity, std::string_view) {
                                    ++calls;
                                    throw std::runtime_error("the disk is full");
                                }};
    observer.on_event(event_of(event_kind::server_down));
    observer.on_event(event_of(event_kind::server_up));
    BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(a_sink_may_be_one_that_can_only_be_moved) {
    auto lines = std::make_unique<std::vector<std::string>>();
    const auto& kept = *lines;
    basic_log_observer observer{
        severity::debug,
        [owned = std::move(lines)](severity, std::string_view line) { owned->emplace_back(line); }};
    static_assert(!std::copy_constructible<decltype(observer)>);
    observer.on_event(event_of(event_kind::stopped));
    BOOST_TEST_REQUIRE(kept.size() == 1U);
    BOOST_TEST(kept.front() == prefix + "polling stopped");
}

// Takes what is written to the standard error stream while it lives; as much as a pipe holds.
class captured_stderr {
public:
    captured_stderr() {
        std::fflush(stderr);
        BOOST_TEST_REQUIRE(::pipe(ends_) == 0);
        ::dup2(ends_[1], STDERR_FILENO);
        ::close(ends_[1]);
    }

    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;

    ~captured_stderr() {
        restore();
        ::close(kept_);
        ::close(ends_[0]);
    }

    std::string text() {
        restore(); // The last writing end is closed by this, so that reading ends.
        std::string read;
        char bytes[4096];
        for (ssize_t size = 0; (size = ::read(ends_[0], bytes, sizeof bytes)) > 0;)
            read.append(bytes, static_cast<std::size_t>(size));
        return read;
    }

private:
    void restore() {
        std::fflush(stderr);
        ::dup2(kept_, STDERR_FILENO);
    }

    int kept_ = ::dup(STDERR_FILENO);
    int ends_[2] = {-1, -1};
};

BOOST_AUTO_TEST_CASE(log_observer_writes_whole_lines_to_the_standard_error_stream) {
    captured_stderr captured;
    log_observer observer;
    observer.on_event(event_of(event_kind::started)); // Below the default level.
    observer.on_event(event_of(event_kind::server_up));
    observer.on_event(event_of(event_kind::server_down));
    BOOST_TEST(captured.text() == prefix + "server is back online\n" + prefix + "server is down\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
