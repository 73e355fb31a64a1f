// SPDX-License-Identifier: BSL-1.0
#include <sim/broken_models.hpp>
#include <sim/conforming_models.hpp>

#include <forest/core/backoff.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/signer.hpp>
#include <forest/sim/conformance.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace forest;
using namespace forest::tests;
using namespace std::chrono_literals;

namespace {

namespace data = boost::unit_test::data;

using violations = std::vector<conformance::violation>;

void expect_none(const violations& found) {
    for (const auto& each : found)
        BOOST_ERROR(to_string(each));
}

// The fault by its name, and nothing else.
void expect_only(const fault_of_a_model& fault, const violations& found) {
    BOOST_TEST_CONTEXT(fault) {
        BOOST_TEST(found.size() == 1U);
        for (const auto& each : found) {
            BOOST_TEST(each.name == fault.rule, to_string(each));
            BOOST_TEST(!each.explanation.empty());
        }
    }
}

violations check_broken_signer(const fault_of_a_model& fault) {
    return conformance::check_signer([&](std::string_view secret) {
        return broken_signer{secret, fault};
    });
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

// So that what is caught is the fault, and not the model around it.
BOOST_AUTO_TEST_CASE(the_broken_models_are_right_without_a_fault) {
    const fault_of_a_model none;
    expect_none(conformance::check_clock(broken_clocks{none}));
    expect_none(conformance::check_transport(broken_transports{none}));
    expect_none(check_broken_signer(none));
    expect_none(conformance::check_backoff(broken_backoff{none}));
    expect_none(conformance::check_server(broken_servers{none}));
}

BOOST_AUTO_TEST_CASE(the_virtual_clock_conforms_on_whatever_machine) {
    expect_none(conformance::check_clock(virtual_clocks{}));
    for (const int ppm : {-100'000, -99'991, -7, 7, 99'991, 100'000}) {
        virtual_clocks clocks;
        clocks.late = 1s;
        clocks.machine.drift(ppm);
        expect_none(conformance::check_clock(clocks));
    }
    virtual_clocks clocks;
    clocks.late = 1s;
    clocks.machine.swing(10ms, 100ms);
    clocks.machine.jump_wall(1000s);
    clocks.machine.pause(50ms);
    expect_none(conformance::check_clock(clocks));
}

BOOST_AUTO_TEST_CASE(the_transports_of_the_kit_conform) {
    expect_none(conformance::check_transport(memory_transports{}));
    expect_none(conformance::check_transport(network_transports{}));
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
    const auto tests = std::filesystem::path{FOREST_TEST_DATA_DIR}.parent_path();
    std::ifstream page{tests.parent_path() / "docs/reference/conformance.md"};
    BOOST_TEST_REQUIRE(page.is_open());
    std::vector<std::string> listed;
    for (std::string line; std::getline(page, line);)
        for (const std::string policy : {"clock", "transport", "signer", "backoff", "server"})
            if (line.starts_with("| `" + policy + '.'))
                listed.push_back(line);
    std::vector<std::string> expected;
    for (const auto& each : conformance::rules)
        expected.push_back(
            std::string{"| `"}.append(each.name).append("` | ").append(each.promise).append(" |"));
    BOOST_TEST(listed == expected, boost::test_tools::per_element());
}

// A peer that can do nothing must not make a transport look right.
BOOST_AUTO_TEST_CASE(a_harness_that_cannot_answer_is_told) {
    struct useless : broken_transports {
        useless() : broken_transports{{}} {}
        bool plan(const conformance::peer_plan&) { return false; }
    };
    expect_only({"transport.never_called"}, conformance::check_transport(useless{}));
}

BOOST_AUTO_TEST_SUITE_END()
