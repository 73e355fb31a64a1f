// SPDX-License-Identifier: BSL-1.0
#include <forest/probes.hpp>

#include <archetypes/probe.hpp>
#include <support/virtual_client.hpp>

#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/verdict.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/probe.hpp>
#include <forest/policy/transport.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// What a check asks, and what counts (B24), and servers that warn (B25).

using namespace forest;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

constexpr errc none{};

struct judged_answer {
    int status;
    std::string fields;
    std::string body;
    errc error;
    bool degraded = false;

    friend std::ostream& operator<<(std::ostream& out, const judged_answer& shown) {
        return out << shown.status << ' ' << shown.fields << shown.body;
    }
};

template <typename Probe>
void test_judgement(const Probe& probe, const judged_answer& sample) {
    const verdict result = probe.judge(
        {.status = sample.status, .fields = field_view{sample.fields}, .body = sample.body}, {});
    BOOST_TEST(result.error == (sample.error == none ? std::error_code{} : sample.error));
    BOOST_TEST(result.status == sample.status);
    BOOST_TEST(result.degraded == sample.degraded);
}

const std::string gzip = "Content-Encoding: gzip\r\n";
const std::string envoy = "x-envoy-degraded:\r\n";

const std::vector<judged_answer> health_documents{
    {200, "", R"({"status":"pass"})", none},
    {200, "", R"({"status":"ok"})", none},
    {200, "", R"({"status":"up"})", none},
    {200, "", R"({"status":"UP","components":{"db":{"status":"DOWN"}}})", none}, // Spring
    {200, "", R"({"status":"Pass"})", none},
    {200, "", R"({"status":"warn"})", none, true},
    {299, "", R"({"status":"WARN","output":"disk nearly full"})", none, true},
    {200, envoy, R"({"status":"pass"})", none, true},
    {200, envoy, "", none, true},
    {200, "X-Envoy-Degraded: false\r\n", "", none, true}, // Envoy looks at the name alone.
    {204, "", "", none},
    {200, "", R"({"status":"fail"})", errc::not_ok},
    {200, "", R"({"status":"DOWN"})", errc::not_ok},
    {503, "", R"({"status":"fail"})", errc::not_ok},
    {503, "", R"({"status":"down"})", errc::not_ok},
    {500, "", R"({"status":"warn"})", errc::unexpected_status},
    {503, "", R"({"status":"pass"})", errc::unexpected_status},
    {503, "", "", errc::unexpected_status},
    {404, "", "not found", errc::unexpected_status},
    {301, "", R"({"status":"pass"})", errc::unexpected_status},
    {503, "", R"({"status":"stopping"})", errc::stopping},
    {200, "", R"({"status":"stopping"})", errc::not_ok},
    {200, "", R"({"status":7})", errc::not_ok},
    {200, "", R"({"status":"passing by on a very long way"})", errc::not_ok},
    {200, "", R"({"status":"pass\u0000"})", errc::not_ok},
    {200, "", R"({"status":"fail","status":"pass"})", none},
    {200, "", "{}", errc::not_ok},
    {200, "", "OK", errc::malformed_body},
    {200, "", R"({"status":"pass"} )" + std::string{"x"}, errc::malformed_body},
    {401, "", R"({"status":"pass"})", errc::unauthorized},
    {403, "", "", errc::unauthorized},
    {200, gzip, "\x1f\x8b", errc::unsupported_encoding},
    {503, gzip, "\x1f\x8b", errc::unexpected_status},
};

const std::vector<judged_answer> agents{
    {200, "", R"({"error":null,"message":"Agent is running"})", none},
    {200, "", R"({"message":"Agent is running"})", none},
    {200, "", R"({"message":"Agent is down"})", errc::unexpected_body},
    {200, "", R"({"error":null})", errc::unexpected_body},
    {200, "", R"({"message":true})", errc::unexpected_body},
    {200, "", "Agent is running", errc::malformed_body},
    {404, "", "", errc::unexpected_status},
    {401, "", "", errc::unauthorized},
    {200, gzip, "\x1f\x8b", errc::unsupported_encoding},
};

template <typename Call>
std::error_code code_of(const Call& call) {
    try {
        call();
    } catch (const std::system_error& thrown) {
        return thrown.code();
    }
    return {};
}

request prepared(const auto& probe) {
    request get{.target = "http://shop.example:8080/"};
    probe.prepare(get);
    return get;
}

// A client with a scripted transport, and the kinds of its events except the beginning of checks.
template <typename Probe>
struct probing_client {
    using client_type = basic_health_client<sim::scripted_transport, sim::virtual_clock,
                                            unsigned_requests, exponential_backoff, Probe>;

    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::scripted_transport transport{queue};
    std::vector<event_kind> kinds;
    std::vector<bool> warned; // of the events about a change
    std::optional<client_type> client;

    explicit probing_client(Probe probe, options settings = {}) {
        client.emplace(transport, clock, unsigned_requests{}, exponential_backoff{}, probe,
                       "http://shop.example/", settings, random_generator{1});
        client->on_event([this](const event& happened) {
            if (happened.kind == event_kind::check_started || happened.kind == event_kind::started)
                return;
            kinds.push_back(happened.kind);
            if (happened.kind == event_kind::server_degraded ||
                happened.kind == event_kind::degraded_ended)
                warned.push_back(happened.check != nullptr && happened.check->degraded);
        });
        client->start();
    }
};

struct time_writer {
    static constexpr bool signs_time_alone = true;
    void sign(const request&, wall_time, header_fields& fields) const {
        (void)fields.add("X_SIGNATURE", "s");
    }
};

const sim::scripted_reply pass = sim::answering(200, R"({"status":"pass"})");
const sim::scripted_reply warn = sim::answering(200, R"({"status":"warn"})");
const sim::scripted_reply fail = sim::answering(503, R"({"status":"fail"})");

using kind = event_kind;
using kinds = std::vector<event_kind>;

} // namespace

BOOST_AUTO_TEST_SUITE(probes_test)

BOOST_DATA_TEST_CASE(B24_a_health_document_in_json_is_judged_by_its_status,
                     data::make(health_documents)) {
    test_judgement(probes::health_json{}, sample);
}

BOOST_DATA_TEST_CASE(B24_the_root_of_an_agent_is_judged_by_its_message, data::make(agents)) {
    test_judgement(probes::agent_root{}, sample);
}

BOOST_AUTO_TEST_CASE(B24_a_health_document_keeps_its_version) {
    const verdict result = probes::health_json{}.judge(
        {.status = 200, .body = R"({"status":"pass","version":"2"})"}, {});
    BOOST_TEST(result.version() == "2");
}

BOOST_AUTO_TEST_CASE(B24_a_status_is_judged_alone) {
    const auto one = probes::status(204);
    test_judgement(one, {204, "", "", none});
    test_judgement(one, {200, "", "", errc::unexpected_status});
    test_judgement(one, {204, gzip, "", none});
    test_judgement(one, {204, envoy, "", none, true});
    test_judgement(one, {200, envoy, "", errc::unexpected_status});
    const auto range = probes::status(200, 399);
    test_judgement(range, {200, "", "", none});
    test_judgement(range, {399, "", "", none});
    test_judgement(range, {199, "", "", errc::unexpected_status});
    test_judgement(range, {400, "", "", errc::unexpected_status});
    const auto set = probes::status({{200, 204}, {301, 301}});
    test_judgement(set, {204, "", "", none});
    test_judgement(set, {301, "", "", none});
    test_judgement(set, {205, "", "", errc::unexpected_status});
    test_judgement(set, {401, "", "", errc::unauthorized});
    test_judgement(probes::status(401), {401, "", "", none});
    test_judgement(probes::status(401), {403, "", "", errc::unauthorized});
}

BOOST_AUTO_TEST_CASE(B24_a_server_that_asks_for_another_protocol_is_understood) {
    const std::string nginx = "The plain HTTP request was sent to HTTPS port";
    test_judgement(probes::status(200), {400, "", nginx, errc::tls_expected});
    test_judgement(probes::health_json{}, {400, "", nginx, errc::tls_expected});
    test_judgement(probes::status(400), {400, "", nginx, none});
}

BOOST_AUTO_TEST_CASE(B24_a_body_is_judged_too) {
    auto probe = probes::status(200);
    probe.body_has("in stock");
    test_judgement(probe, {200, "", "3 in stock", none});
    test_judgement(probe, {200, "", "sold out", errc::unexpected_body});
    test_judgement(probe, {200, gzip, "in stock", errc::unsupported_encoding});
    test_judgement(probe, {500, "", "in stock", errc::unexpected_status});
}

BOOST_AUTO_TEST_CASE(B24_a_body_that_is_not_complete_is_not_judged) {
    bool asked = false;
    auto probe = probes::status(200);
    probe.body([&](std::string_view) { return asked = true; });
    const verdict result =
        probe.judge({.error = errc::connection_lost, .status = 200, .body = "in st"}, {});
    BOOST_TEST(result.error == errc::connection_lost);
    BOOST_TEST(!asked);
}

BOOST_AUTO_TEST_CASE(B24_the_errors_of_a_transport_come_before_the_judgement) {
    for (const errc each : {errc::timed_out, errc::connection_refused, errc::response_too_large}) {
        const reply failed{.error = each};
        BOOST_TEST(probes::status(200).judge(failed, {}).error == each);
        BOOST_TEST(probes::health_json{}.judge(failed, {}).error == each);
        BOOST_TEST(probes::agent_root{}.judge(failed, {}).error == each);
    }
    const reply refused{.error = errc::response_too_large, .status = 401};
    BOOST_TEST(probes::status(200).judge(refused, {}).error == errc::unauthorized);
}

BOOST_AUTO_TEST_CASE(B24_a_request_is_prepared_as_its_probe_says) {
    BOOST_TEST(prepared(probes::health{}).fields.text().empty());
    BOOST_TEST(prepared(probes::agent_root{}).method.empty());
    BOOST_TEST(prepared(probes::health_json{}).fields.text() ==
               "Accept: application/health+json, application/json\r\n");
    auto probe = probes::status(200);
    probe.header("Host", "shop.example").header("X-Watch", "").limits({.body_bytes_max = 7});
    BOOST_TEST(prepared(probe).fields.text() == "Host: shop.example\r\nX-Watch: \r\n");
    BOOST_TEST(prepared(probe).limits.body_bytes_max == 7U);
    BOOST_TEST(prepared(probe).method.empty());
    const auto head = probe.method("HEAD");
    BOOST_TEST(prepared(head).method == "HEAD");
    BOOST_TEST(prepared(head).fields.text() == prepared(probe).fields.text());
}

BOOST_AUTO_TEST_CASE(B24_a_probe_says_what_it_needs) {
    static_assert(!needs_of<probes::health>.methods && !needs_of<probes::agent_root>.methods);
    static_assert(!needs_of<probes::basic_status<false>>.methods);
    static_assert(needs_of<probes::basic_status<true>>.methods);
    static_assert(!needs_of<probes::basic_status<true>>.bodies);
    static_assert(abilities_of<sim::scripted_transport>.methods);
}

namespace {

// A message of gRPC, from the bytes of its protobuf.
std::string message_of(std::string_view bytes) {
    std::string message{"\0\0\0\0", 4};
    message += static_cast<char>(bytes.size());
    return message.append(bytes);
}

struct grpc_answer {
    int status;
    std::string fields;
    std::string body;
    std::string trailers;
    errc error;

    friend std::ostream& operator<<(std::ostream& out, const grpc_answer& shown) {
        return out << shown.status << ' ' << shown.fields << shown.trailers;
    }
};

const std::string fine = "grpc-status: 0\r\n";
const std::string serving = message_of("\x08\x01");

const std::vector<grpc_answer> grpc_answers{
    {200, "", serving, fine, none},
    {200, "", serving, "grpc-message:\r\nGRPC-Status: 0\r\n", none},
    {200, "", message_of(std::string_view{"\x12\x02hi\x08\x01", 6}), fine, none}, // a new field
    {200, "",
     message_of("\x1d"
                "abcd\x21"
                "abcdefgh\x08\x01"),
     fine, none},
    {200, "", message_of("\x08\x02"), fine, errc::not_ok},
    {200, "", message_of("\x08\x03"), fine, errc::service_unknown},
    {200, "", message_of(std::string_view{"\x08\x81\x80\x00", 4}), fine,
     none},                                        // 1, in more bytes than it needs
    {200, "", message_of(""), fine, errc::not_ok}, // UNKNOWN
    {200, "", message_of("\x08"), fine, errc::malformed_body},
    {200, "", message_of("\x0a\x05hi"), fine, errc::malformed_body},
    {200, "", message_of("\x0b"), fine, errc::malformed_body},
    {200, "", message_of("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), fine,
     errc::malformed_body},
    {200, "", std::string{"\x01\0\0\0\x02\x08\x01", 7}, fine, errc::malformed_body},
    {200, "", std::string{"\0\0\0\0\x03\x08\x01", 7}, fine, errc::malformed_body},
    {200, "", serving + "x", fine, errc::malformed_body},
    {200, "", "", fine, errc::malformed_body},
    {200, "", serving, "", errc::malformed_body},
    {200, "grpc-status: 5\r\n", "", "", errc::service_unknown},
    {200, "", "", "grpc-status: 12\r\n", errc::service_unknown},
    {200, "", "", "grpc-status: 14\r\n", errc::not_ok},
    {200, "", "", "grpc-status: 16\r\n", errc::unauthorized},
    {200, "", "", "grpc-status: 7\r\n", errc::unauthorized},
    {200, "", "<html>", "", errc::malformed_body},
    {404, "", "", "", errc::unexpected_status},
    {401, "", "", "", errc::unauthorized},
};

} // namespace

BOOST_DATA_TEST_CASE(B24_the_health_service_of_grpc_is_judged_by_its_message,
                     data::make(grpc_answers)) {
    const verdict result = probes::grpc_health{}.judge({.status = sample.status,
                                                        .fields = field_view{sample.fields},
                                                        .body = sample.body,
                                                        .trailers = field_view{sample.trailers}},
                                                       {});
    BOOST_TEST(result.error == (sample.error == none ? std::error_code{} : sample.error));
}

BOOST_AUTO_TEST_CASE(B24_a_request_to_the_health_service_of_grpc_has_the_name_of_the_service) {
    const std::string target = "http://shop.example:50051/grpc.health.v1.Health/Check";
    BOOST_TEST(url{target}.target() == probes::grpc_health::path);
    request get{.target = target};
    probes::grpc_health{"shop"}.prepare(get);
    BOOST_TEST(get.target.text() == target);
    BOOST_TEST(get.method == "POST");
    BOOST_TEST(get.body == message_of("\x0a\x04shop"));
    BOOST_TEST(get.fields.text() == "Content-Type: application/grpc\r\nTE: trailers\r\n");
    get.fields.clear();
    probes::grpc_health{"shop"}.prepare(get); // for the next check
    BOOST_TEST(get.body == message_of("\x0a\x04shop"));

    request whole{.target = target};
    probes::grpc_health{}.prepare(whole);
    BOOST_TEST(whole.body == message_of(""));

    request long_name{.target = target};
    probes::grpc_health{std::string(200, 's')}.prepare(long_name);
    BOOST_TEST(long_name.body.substr(0, 8) == (std::string{"\0\0\0\0\xcb\x0a\xc8\x01", 8}));
}

BOOST_AUTO_TEST_CASE(bad_input_has_a_name_of_its_own) {
    for (const auto& [first, last] :
         {std::pair{99, 99}, {600, 600}, {200, 199}, {-200, 200}, {200, 2000}, {0, 0}})
        BOOST_TEST(code_of([&] { (void)probes::status(first, last); }) ==
                   errc::expected_status_invalid);
    BOOST_TEST(code_of([] { (void)probes::status({}); }) == errc::expected_status_invalid);
    auto probe = probes::status(200);
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"X", "a\r\nY: b"},
                                                          {"X", "a\n"},
                                                          {"X Y", "a"},
                                                          {"", "a"},
                                                          {"X:", "a"},
                                                          {"connection", "close"},
                                                          {"Content-Length", "3"},
                                                          {"Transfer-Encoding", "chunked"}})
        BOOST_TEST(code_of([&] { probe.header(name, value); }) == errc::header_invalid);
    BOOST_TEST(code_of([&] { probe.header("X", std::string(5000, 'x')); }) ==
               errc::header_too_large);
    BOOST_TEST(prepared(probe).fields.text().empty()); // nothing was kept of it
    for (const std::string name : {"", "GET POST", "HE\rAD", "CONNECT"})
        BOOST_TEST(code_of([&] { (void)probe.method(name); }) == errc::method_invalid);
    BOOST_TEST(code_of([&] { (void)probe.method(std::string(33, 'M')); }) == errc::method_invalid);
    BOOST_TEST(code_of([&] { probe.method("HEAD").body_has("x"); }) == errc::method_invalid);
    probe.body_has("x");
    BOOST_TEST(code_of([&] { (void)probe.method("HEAD"); }) == errc::method_invalid);
}

BOOST_AUTO_TEST_CASE(B24_a_probe_that_throws_is_no_failure_of_the_server) {
    auto probe = probes::status(200);
    probe.body([](std::string_view) -> bool { throw std::runtime_error{"a defect"}; });
    probing_client tested{probe, {.interval = 30s, .failure_threshold = 1}};
    tested.queue.run_for(100s);
    BOOST_TEST((tested.kinds == kinds(4, kind::check_inconclusive))); // at 0, 30, 60 and 90 s
    BOOST_TEST((tested.client->status() == target_status::unknown));
}

BOOST_AUTO_TEST_CASE(B24_a_client_sends_what_its_probe_has_prepared) {
    auto probe = probes::status(200);
    probe.header("Host", "shop.example");
    probing_client tested{probe.method("HEAD")};
    tested.queue.run_for(31s);
    BOOST_TEST_REQUIRE(tested.transport.requests().size() == 2U);
    for (const auto& each : tested.transport.requests()) {
        BOOST_TEST(each.method == "HEAD");
        BOOST_TEST(each.fields == "Host: shop.example\r\n");
    }
}

BOOST_AUTO_TEST_CASE(B24_a_fleet_signs_behind_the_fields_of_its_probe) {
    sim::event_queue queue;
    const sim::virtual_clock clock{queue};
    sim::scripted_transport transport{queue};
    auto probe = probes::status(200);
    probe.header("Host", "shop.example");
    basic_health_fleet fleet{[&] { return transport; }, clock, time_writer{}, exponential_backoff{},
                             probe};
    std::vector<bool> signature_sent;
    fleet.on_event([&](const event& happened) {
        if (happened.kind == kind::check_succeeded)
            signature_sent.push_back(happened.check->signature_sent);
    });
    fleet.add("http://shop.example/");
    fleet.start();
    queue.run_for(70s);
    BOOST_TEST_REQUIRE(transport.requests().size() >= 2U);
    for (const auto& each : transport.requests())
        BOOST_TEST(each.fields == "Host: shop.example\r\nX_SIGNATURE: s\r\n");
    BOOST_TEST(signature_sent == std::vector<bool>(transport.requests().size(), true),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B24_an_unsigned_request_with_fields_of_its_probe_is_not_taken_for_signed) {
    sim::event_queue queue;
    const sim::virtual_clock clock{queue};
    sim::scripted_transport transport{queue};
    auto probe = probes::status(200);
    probe.header("X-Watch", "1");
    basic_health_fleet fleet{[&] { return transport; }, clock, unsigned_requests{},
                             exponential_backoff{}, probe};
    int checks = 0;
    fleet.on_event([&](const event& happened) {
        if (happened.kind != kind::check_succeeded)
            return;
        ++checks;
        BOOST_TEST(!happened.check->signature_sent);
    });
    fleet.add("http://shop.example/");
    fleet.start();
    queue.run_for(60s);
    BOOST_TEST(checks > 0);
}

BOOST_AUTO_TEST_CASE(B25_a_warning_is_a_success_and_one_event_for_each_change) {
    probing_client tested{probes::health_json{}};
    tested.transport.then(pass).then(warn, 2).then(pass, 2);
    tested.transport.otherwise(warn);
    tested.queue.run_for(151s); // six checks
    BOOST_TEST((tested.kinds ==
                kinds{kind::check_succeeded, kind::check_succeeded, kind::server_degraded,
                      kind::check_succeeded, kind::check_succeeded, kind::degraded_ended,
                      kind::check_succeeded, kind::check_succeeded, kind::server_degraded}));
    BOOST_TEST(tested.warned == (std::vector{true, false, true}), boost::test_tools::per_element());
    BOOST_TEST((tested.client->status() == target_status::up));
}

BOOST_AUTO_TEST_CASE(B25_a_server_may_be_degraded_from_the_first_check) {
    probing_client tested{probes::health_json{}};
    tested.transport.otherwise(warn);
    tested.queue.run_for(31s);
    BOOST_TEST((tested.kinds ==
                kinds{kind::check_succeeded, kind::server_degraded, kind::check_succeeded}));
}

BOOST_AUTO_TEST_CASE(B25_a_warning_resets_the_count_of_failures) {
    probing_client tested{probes::health_json{}, {.failure_threshold = 3}};
    for (int times = 0; times < 3; ++times)
        tested.transport.then(fail, 2).then(warn);
    tested.queue.run_for(120s);
    BOOST_TEST((std::count(tested.kinds.begin(), tested.kinds.end(), kind::server_down) == 0));
    BOOST_TEST((std::count(tested.kinds.begin(), tested.kinds.end(), kind::server_degraded) == 1));
}

BOOST_AUTO_TEST_CASE(B25_a_warning_ends_an_outage_and_an_outage_ends_a_warning) {
    probing_client tested{probes::health_json{}, {.failure_threshold = 1}};
    tested.transport.then(warn).then(fail).then(warn).then(fail);
    tested.transport.otherwise(pass);
    tested.queue.run_for(70s);
    const kinds expected{kind::check_succeeded, kind::server_degraded, kind::check_failed,
                         kind::server_down,     kind::check_succeeded, kind::server_up,
                         kind::server_degraded, kind::check_failed,    kind::server_down,
                         kind::check_succeeded, kind::server_up};
    BOOST_TEST_REQUIRE(tested.kinds.size() >= expected.size());
    tested.kinds.resize(expected.size());
    BOOST_TEST((tested.kinds == expected));
}

BOOST_AUTO_TEST_CASE(B25_a_warning_below_the_success_threshold_is_reported_when_the_server_is_up) {
    probing_client tested{probes::health_json{}, {.failure_threshold = 1, .success_threshold = 2}};
    tested.transport.then(fail);
    tested.transport.otherwise(warn);
    tested.queue.run_for(40s);
    const kinds expected{kind::check_failed,    kind::server_down, kind::check_succeeded,
                         kind::check_succeeded, kind::server_up,   kind::server_degraded};
    tested.kinds.resize(std::min(tested.kinds.size(), expected.size()));
    BOOST_TEST((tested.kinds == expected));
}

BOOST_AUTO_TEST_SUITE_END()
