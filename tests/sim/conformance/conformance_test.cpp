// SPDX-License-Identifier: BSL-1.0
#include <sim/conformance/broken_models.hpp>
#include <sim/conformance/conforming_models.hpp>

#include <forest/core/backoff.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/signer.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace forest;
using namespace forest::detail;
using namespace forest::tests;
using namespace std::chrono_literals;

namespace {

namespace data = boost::unit_test::data;

using violations = std::vector<conformance::violation>;

void expect_none(const violations& found) {
    for (const auto& each : found)
        BOOST_ERROR(to_string(each));
}

// It fits on one line, and is no longer than the limit.
void expect_readable(const conformance::violation& found) {
    BOOST_TEST(!found.explanation.empty());
    BOOST_TEST(found.explanation.size() <= conformance::explanation_bytes_max);
    BOOST_TEST(std::all_of(found.explanation.begin(), found.explanation.end(),
                           [](char byte) {
                               return static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f;
                           }),
               found.explanation);
}

// The violation of the planted fault, and no other.
void expect_only(const fault_of_a_model& fault, const violations& found) {
    BOOST_TEST_CONTEXT(fault) {
        BOOST_TEST(found.size() == 1U);
        for (const auto& each : found) {
            BOOST_TEST(each.name == fault.rule, to_string(each));
            expect_readable(each);
        }
    }
}

violations check_broken_signer(const fault_of_a_model& fault) {
    return conformance::check_signer(
        [&](std::string_view secret) { return broken_signer{secret, fault}; });
}

} // namespace

BOOST_AUTO_TEST_SUITE(conformance_test)

BOOST_DATA_TEST_CASE(a_broken_clock_is_caught, data::make(faults_of("clock")), fault) {
    expect_only(fault, conformance::check_clock(broken_clocks{fault}));
}

BOOST_DATA_TEST_CASE(a_broken_transport_is_caught, data::make(faults_of("transport")), fault) {
    expect_only(fault, conformance::check_transport(broken_transports{fault}));
}

BOOST_DATA_TEST_CASE(a_broken_signer_is_caught, data::make(faults_of("signer")), fault) {
    expect_only(fault, check_broken_signer(fault));
}

BOOST_DATA_TEST_CASE(a_broken_backoff_is_caught, data::make(faults_of("backoff")), fault) {
    expect_only(fault, conformance::check_backoff(broken_backoff{fault}));
}

BOOST_DATA_TEST_CASE(a_broken_server_is_caught, data::make(faults_of("server")), fault) {
    expect_only(fault, conformance::check_server(broken_servers{fault}));
}

BOOST_DATA_TEST_CASE(a_broken_resolver_is_caught, data::make(faults_of("resolver")), fault) {
    expect_only(fault, conformance::check_resolver(broken_resolvers{fault}));
}

// Otherwise the batteries might catch the model and not its fault.
BOOST_AUTO_TEST_CASE(the_broken_models_conform_without_a_fault) {
    const fault_of_a_model none;
    expect_none(conformance::check_clock(broken_clocks{none}));
    expect_none(conformance::check_transport(broken_transports{none}));
    expect_none(check_broken_signer(none));
    expect_none(conformance::check_backoff(broken_backoff{none}));
    expect_none(conformance::check_server(broken_servers{none}));
    expect_none(conformance::check_resolver(broken_resolvers{none}));
}

BOOST_AUTO_TEST_CASE(the_virtual_clock_conforms_on_every_host) {
    expect_none(conformance::check_clock(virtual_clocks{}));
    for (const int ppm : {-100'000, -99'991, -7, 7, 99'991, 100'000}) {
        virtual_clocks clocks;
        clocks.late = 1s;
        clocks.host.drift(ppm);
        expect_none(conformance::check_clock(clocks));
    }
    virtual_clocks clocks;
    clocks.late = 1s;
    clocks.host.swing(10ms, 100ms);
    clocks.host.jump_wall(1000s);
    clocks.host.pause(50ms);
    expect_none(conformance::check_clock(clocks));
}

BOOST_AUTO_TEST_CASE(the_transports_of_the_kit_conform) {
    expect_none(conformance::check_transport(memory_transports{}));
    expect_none(conformance::check_transport(network_transports{}));
    expect_none(conformance::check_transport(stepwise_transports{}));
}

BOOST_AUTO_TEST_CASE(the_scripted_transport_conforms) {
    expect_none(conformance::check_transport(scripted_transports{}));
}

BOOST_AUTO_TEST_CASE(the_signers_without_a_package_conform) {
    expect_none(conformance::check_signer(
        [](std::string_view secret) { return sim::quick_signer{secret}; }));
    expect_none(conformance::check_signer([](std::string_view) { return unsigned_requests{}; }));
}

BOOST_AUTO_TEST_CASE(the_backoffs_conform) {
    expect_none(conformance::check_backoff(constant_backoff{}));
    expect_none(conformance::check_backoff(exponential_backoff{}));
    expect_none(conformance::check_backoff(
        exponential_backoff{.maximum = duration::max(), .may_exceed_interval = true}));
}

BOOST_AUTO_TEST_CASE(the_server_of_the_kit_conforms) {
    expect_none(conformance::check_server(sim_server{}));
}

BOOST_AUTO_TEST_CASE(names_are_unique_and_each_promise_is_a_sentence) {
    std::set<std::string_view> names;
    for (const auto& each : conformance::rules) {
        BOOST_TEST(names.insert(each.name).second, each.name);
        BOOST_TEST(each.promise.ends_with('.'), each.name);
    }
}

BOOST_AUTO_TEST_CASE(the_reference_lists_every_rule_and_no_other) {
    std::ifstream page{FOREST_SOURCE_DIR "/docs/reference/conformance.md"};
    BOOST_TEST_REQUIRE(page.is_open());
    std::vector<std::string> listed;
    for (std::string line; std::getline(page, line);)
        for (const std::string policy :
             {"clock", "transport", "signer", "backoff", "server", "resolver"})
            if (line.starts_with("| `" + policy + '.'))
                listed.push_back(line);
    std::vector<std::string> expected;
    for (const auto& each : conformance::rules)
        expected.push_back(
            std::string{"| `"}.append(each.name).append("` | ").append(each.promise).append(" |"));
    BOOST_TEST(listed == expected, boost::test_tools::per_element());
}

// RFC 9110, 5.3: a server that keeps fields in a map cannot have another order.
BOOST_AUTO_TEST_CASE(fields_of_different_names_may_come_in_any_order) {
    expect_none(conformance::check_transport(broken_transports{{"transport.fields_changed", 1}}));
    expect_none(conformance::check_transport(broken_transports{{"transport.wrong_fields", 1}}));
    expect_none(conformance::check_server(broken_servers{{"server.fields_lost", 1}}));
    expect_none(conformance::check_server(broken_servers{{"server.wrong_fields", 1}}));
}

struct explanation_row {
    fault_of_a_model fault;
    const char* part;
};

std::ostream& operator<<(std::ostream& out, const explanation_row& row) {
    return out << row.fault;
}

const std::vector<explanation_row> explanation_rows{
    {{"transport.fields_changed"},
     R"(expected "X_TIMESTAMP: 2026-01-01T00:00:00.000Z", got "x_timestamp: 2026-01-01t00)"},
    {{"transport.fields_changed", 2},
     R"(expected "X-Twice: 2" and "X-Twice: 1", got "X-Twice: 1" and "X-Twice: 2")"},
    {{"transport.wrong_fields"},
     R"(the peer sent 200 with a body of 33 bytes: expected "X-Answer: one" and )"
     R"("x-answer: two, three", got "X-Answer: one")"},
    {{"transport.wrong_status"},
     "sent 302 with a body of 9 bytes: expected the status 302, got 200"},
    {{"transport.wrong_body"},
     R"(sent 200 with a body of 256 bytes: expected a body of 256 bytes, got 0 bytes; )"
     R"(from byte 0 on expected "\x00\x01\x02)"},
    {{"transport.wrong_body"}, "\"... (256 bytes), got its end"},
    {{"transport.chunks_not_decoded"}, "sent 200 with a body of 256 bytes in chunks: "},
    {{"transport.answer_lost"}, "sent 401 with a body of 24 bytes, and the reply was errc::"},
    {{"transport.wrong_error"},
     "the peer accepted no connection: expected errc::connection_refused, got errc::unreachable"},
    {{"transport.failure_hidden"}, "the peer closed the connection in the middle of its answer: "},
    {{"transport.timed_out_early"}, "the peer accepted the connection, and sent nothing: "},
    {{"transport.reply_dangles"}, "point into memory that is free already"},
    {{"transport.reply_dangles", 2}, "only its beginning differs, as in memory that was freed"},
    {{"server.fields_lost"}, R"(expected "X-Twice: 2" and "X-Twice: 1", got "X-Twice: 2")"},
    {{"server.wrong_status"},
     "the responder was given 401 with 2 bytes: expected the status 401, got 403"},
    {{"server.wrong_body"},
     "the responder was given 200 with 200000 bytes: expected a body of 200000 bytes, got 65536"},
    {{"server.wrong_content_type"},
     R"(expected "Content-Type: text/conformance", got "Content-Type: text/html")"},
    {{"server.head_fields_differ"},
     R"(HEAD was answered without fields of GET: expected "Content-Length: 4", got none)"},
    {{"server.malformed_answer"}, R"(this is no answer: "HTTP/1.1 200\n)"},
};

BOOST_DATA_TEST_CASE(an_explanation_has_what_was_tried_and_what_is_missing_or_different,
                     data::make(explanation_rows), row) {
    const violations found = row.fault.rule.starts_with("server")
                                 ? conformance::check_server(broken_servers{row.fault})
                                 : conformance::check_transport(broken_transports{row.fault});
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found.front().explanation.find(row.part) != std::string::npos,
               found.front().explanation);
}

BOOST_AUTO_TEST_CASE(the_message_of_an_exception_is_escaped_and_shortened) {
    struct talkative {
        duration operator()(int, duration) const {
            throw std::runtime_error{
                "a\nb\x1b[31m\r\t\x7f \xff\xc3 caf\xc3\xa9 \xc2\x85\xe2\x80\xa8"
                "\xe2\x80\xae" +
                std::string(5000, 'x')};
        }
    };
    const violations found = conformance::check_backoff(talkative{});
    BOOST_TEST_REQUIRE(found.size() == 1U);
    const std::string& explanation = found.front().explanation;
    const std::string begin =
        "a\\nb\\x1b[31m\\r\\t\\x7f \\xff\\xc3 caf\xc3\xa9 \\xc2\\x85\\xe2\\x80\\xa8"
        "\\xe2\\x80\\xaexxx";
    BOOST_TEST(explanation.substr(0, begin.size()) == begin);
    BOOST_TEST(explanation.size() == conformance::explanation_bytes_max);
    BOOST_TEST(explanation.ends_with("xxx..."));
    BOOST_TEST(conformance::detail::say(conformance::detail::quoted{"\"\\\""}) == R"("\"\\\"")");
    // Cut between characters, not within one.
    const std::string accents = std::string(conformance::quoted_bytes_max - 1, 'x') + "\xc3\xa9";
    BOOST_TEST(conformance::detail::say(conformance::detail::quoted{accents}) ==
               "\"" + accents.substr(0, conformance::quoted_bytes_max - 1) + "\"... (61 bytes)");
}

BOOST_AUTO_TEST_CASE(progress_is_reported_before_each_scenario) {
    const auto expect_steps = [](const auto& check, std::size_t at_least) {
        std::vector<conformance::progress> reported;
        const violations found =
            check([&reported](const conformance::progress& next) { reported.push_back(next); });
        BOOST_TEST(found.empty());
        BOOST_TEST(reported.size() >= at_least);
        for (std::size_t index = 0; index < reported.size(); ++index) {
            BOOST_TEST(reported[index].number == index + 1);
            BOOST_TEST(reported[index].count == reported.size());
            BOOST_TEST(!reported[index].scenario.empty());
        }
    };
    using conformance::progress_callback;
    expect_steps(
        [](const progress_callback& on_progress) {
            return conformance::check_clock(virtual_clocks{}, on_progress);
        },
        15);
    expect_steps(
        [](const progress_callback& on_progress) {
            return conformance::check_transport(memory_transports{}, on_progress);
        },
        22);
    expect_steps(
        [](const progress_callback& on_progress) {
            return conformance::check_server(sim_server{}, on_progress);
        },
        10);
    expect_steps(
        [](const progress_callback& on_progress) {
            return conformance::check_signer([](std::string_view) { return unsigned_requests{}; },
                                             on_progress);
        },
        2);
    expect_steps(
        [](const progress_callback& on_progress) {
            return conformance::check_backoff(constant_backoff{}, on_progress);
        },
        2);
    // An exception of the callback ends the battery, and no handler is called after that.
    BOOST_CHECK_THROW((void)conformance::check_transport(memory_transports{},
                                                         [](const conformance::progress& next) {
                                                             if (next.number == 3)
                                                                 throw std::runtime_error{"enough"};
                                                         }),
                      std::runtime_error);
}

// This one multiplies without a check, as a backoff of a user may for the values that clients use.
BOOST_AUTO_TEST_CASE(a_backoff_is_called_only_with_values_that_a_client_uses) {
    struct linear {
        duration operator()(int failures, duration interval) const {
            BOOST_REQUIRE(failures >= 1);
            BOOST_REQUIRE(failures <= conformance::backoff_failures_max);
            BOOST_REQUIRE((interval > duration::zero()));
            BOOST_REQUIRE((interval <= options::duration_max));
            BOOST_REQUIRE((interval <= duration::max() / failures));
            return failures * interval;
        }
    };
    expect_none(conformance::check_backoff(linear{}));
}

// Counts calls, because a busy host allows only very loose limits of time.
BOOST_AUTO_TEST_CASE(a_backoff_that_takes_long_is_called_less_often) {
    static int calls;
    static int most;
    struct slow {
        duration operator()(int failures, duration interval) const {
            ++calls;
            most = std::max(most, failures);
            const auto end =
                std::chrono::steady_clock::now() + std::chrono::microseconds{failures} * 20;
            while (std::chrono::steady_clock::now() < end)
                ;
            return interval;
        }
    };
    const auto began = std::chrono::steady_clock::now();
    calls = most = 0;
    expect_none(conformance::check_backoff(slow{}));
    BOOST_TEST(calls > 0);
    BOOST_TEST(most < 10'000);
    BOOST_TEST((std::chrono::steady_clock::now() - began < 5s));

    struct asleep {
        duration operator()(int, duration interval) const {
            ++calls;
            const auto end = std::chrono::steady_clock::now() + 350ms;
            while (std::chrono::steady_clock::now() < end)
                ;
            return interval;
        }
    };
    calls = 0;
    expect_none(conformance::check_backoff(asleep{}));
    BOOST_TEST(calls <= 2);
}

// A peer that can do nothing must not make a transport look right.
BOOST_AUTO_TEST_CASE(a_harness_whose_peer_cannot_answer_is_reported) {
    struct useless : broken_transports {
        useless() : broken_transports{{}} {}
        bool plan(const conformance::peer_plan&) { return false; }
    };
    expect_only({"transport.never_called"}, conformance::check_transport(useless{}));
}

BOOST_AUTO_TEST_SUITE_END()
