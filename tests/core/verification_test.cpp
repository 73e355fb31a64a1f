// SPDX-License-Identifier: BSL-1.0
#include <forest/core/verification.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <set>
#include <string>
#include <type_traits>

using namespace std::chrono_literals;
using namespace forest;

BOOST_AUTO_TEST_SUITE(verification_test)

BOOST_AUTO_TEST_CASE(it_converts_from_what_verifiers_return_and_to_a_bool) {
    static_assert(std::is_convertible_v<bool, verification>);
    static_assert(std::is_convertible_v<refusal, verification>);
    static_assert(std::is_convertible_v<verification, bool>);
    BOOST_TEST(!verification{});
    BOOST_TEST(verification{true});
    BOOST_TEST(!verification{false});
    BOOST_TEST(verification{refusal::none});
    BOOST_TEST(!verification{refusal::replayed});
    BOOST_TEST((verification{false}.why == refusal::unspecified));
}

BOOST_AUTO_TEST_CASE(each_refusal_has_a_name_and_an_explanation_of_its_own) {
    std::set<std::string> names;
    std::set<std::string> explanations;
    int count = 0;
    for (auto why = refusal::unspecified; why <= refusal::replayed;
         why = static_cast<refusal>(static_cast<int>(why) + 1), ++count) {
        names.insert(std::string{name(why)});
        explanations.insert(std::string{explanation(why)});
        BOOST_TEST(!hint(why).empty());
    }
    BOOST_TEST(count == 9);
    BOOST_TEST(names.size() == 9U);
    BOOST_TEST(explanations.size() == 9U);
    BOOST_TEST(names.count("") == 0U);
    BOOST_TEST(explanations.count("") == 0U);
}

BOOST_AUTO_TEST_CASE(there_is_nothing_to_say_of_what_was_accepted) {
    BOOST_TEST(hint(true).empty());
    BOOST_TEST(name(refusal::none).empty());
    BOOST_TEST(explanation(refusal::none).empty());
}

BOOST_AUTO_TEST_CASE(a_timestamp_outside_says_by_how_much) {
    BOOST_TEST(hint({refusal::timestamp_outside, 412s}) ==
               "the timestamp is 412 s ahead of this clock; check both clocks");
    BOOST_TEST(hint({refusal::timestamp_outside, -301s}) ==
               "the timestamp is 301 s behind this clock; check both clocks");
}

BOOST_AUTO_TEST_CASE(a_forgotten_signature_is_reported_although_the_request_was_accepted) {
    verification accepted{true};
    accepted.replay_forgotten = true;
    BOOST_TEST(accepted);
    BOOST_TEST(hint(accepted).find("replay_entries_max") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
