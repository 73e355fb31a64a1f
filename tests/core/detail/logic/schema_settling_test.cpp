// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/logic/schema_settling.hpp>

#include <forest/core/random.hpp>
#include <forest/core/time.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

namespace data = boost::unit_test::data;
using forest::duration;
using forest::steady_time;
using forest::detail::schema_settling;
using forest::detail::settling_action;
using forest::detail::settling_action_kind;

constexpr duration settle = 60s;

// A content as a letter, served at a second. What is taken over is committed at once.
struct served {
    int second;
    char content;
};

// T taken over, H held, = unchanged, each with the seconds until the next fetch if there are any.
std::string played(const std::vector<served>& all, duration within = settle) {
    schema_settling subject{within};
    std::string text;
    for (const served& each : all) {
        const steady_time now{std::chrono::seconds{each.second}};
        const std::string content(1, each.content);
        const settling_action next = subject.served(content, now);
        text += next.kind == settling_action_kind::unchanged ? "="
                : next.kind == settling_action_kind::hold    ? "H"
                                                             : "T";
        if (next.again > 0s)
            text += std::to_string(next.again / 1s);
        text += ' ';
        if (next.kind == settling_action_kind::take_over)
            subject.commit(content, now);
    }
    text.pop_back();
    return text;
}

struct script {
    std::vector<served> all;
    std::string actions;
    std::string why;

    friend std::ostream& operator<<(std::ostream& out, const script& row) { return out << row.why; }
};

const std::vector<script> scripts{
    {{{0, 'a'}, {1, 'b'}, {2, 'c'}}, "T T T", "new contents are taken over at once"},
    {{{0, 'a'}, {1, 'a'}, {500, 'a'}}, "T = =", "the known one is none"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}}, "T T H60", "the one before has to come again"},
    {{{0, 'a'}, {9, 'b'}, {69, 'a'}},
     "T T H60",
     "if it was known within that time, the end included"},
    {{{0, 'a'}, {9, 'b'}, {70, 'a'}}, "T T T", "but not if that is longer ago"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}, {70, 'a'}}, "T T H60 T", "when it does, it is taken over"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}, {40, 'a'}, {69, 'a'}, {70, 'a'}},
     "T T H60 H30 H1 T",
     "but not before"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}, {5000, 'a'}}, "T T H60 T", "or whenever it comes again"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}, {70, 'a'}, {71, 'b'}, {131, 'b'}},
     "T T H60 T H60 T",
     "and then it is the other one that has to come again"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}, {20, 'b'}, {30, 'a'}, {70, 'a'}, {90, 'a'}},
     "T T H60 =60 H60 H20 T",
     "the known one in between restarts the time"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}, {70, 'b'}, {130, 'b'}},
     "T T H60 =60 =",
     "and is looked at once more"},
    {{{0, 'a'}, {9, 'b'}, {10, 'a'}, {70, 'b'}, {130, 'a'}, {190, 'a'}},
     "T T H60 =60 H60 T",
     "since the other one may stay"},
    {{{0, 'a'}, {9, 'b'}, {50, 'a'}, {100, 'b'}, {150, 'a'}, {200, 'b'}, {250, 'a'}},
     "T T H60 =60 H60 =60 H60",
     "replicas in turn reload nothing for as long as it takes"},
    {{{0, 'a'}, {9, 'b'}, {50, 'a'}, {115, 'b'}, {180, 'a'}, {245, 'b'}, {310, 'a'}},
     "T T H60 =60 H60 =60 H60",
     "and neither when each fetch takes 5 s"},
    {{{0, 'a'}, {1, 'b'}, {2, 'c'}, {3, 'a'}, {4, 'b'}, {64, 'b'}},
     "T T T H60 H60 T",
     "of several the last one counts"},
    {{{0, 'a'}, {1, 'b'}, {2, 'a'}, {3, 'c'}, {4, 'a'}, {64, 'a'}},
     "T T H60 T H60 T",
     "a new one is taken over, whatever was held"},
    {{{0, 'a'}, {1, 'b'}, {2, 'c'}, {3, 'd'}, {4, 'e'}, {5, 'a'}},
     "T T T T T H60",
     "four are remembered"},
    {{{0, 'a'}, {1, 'b'}, {2, 'c'}, {3, 'd'}, {4, 'e'}, {5, 'f'}, {6, 'a'}, {7, 'c'}},
     "T T T T T T T H60",
     "and no more"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(schema_settling_test)

BOOST_DATA_TEST_CASE(B36_each_content_has_its_action, data::make(scripts)) {
    BOOST_TEST(played(sample.all) == sample.actions);
}

BOOST_AUTO_TEST_CASE(B36_without_a_time_each_content_is_taken_over_at_once) {
    BOOST_TEST(played({{0, 'a'}, {1, 'b'}, {1, 'a'}, {1, 'b'}, {1, 'b'}}, 0s) == "T T T T =");
}

BOOST_AUTO_TEST_CASE(B36_what_was_not_committed_may_be_taken_over_at_the_next_time) {
    schema_settling subject{settle};
    const auto at = [](int second) { return steady_time{std::chrono::seconds{second}}; };
    subject.commit("a", at(0));
    BOOST_TEST((subject.served("b", at(1)).kind == settling_action_kind::take_over));
    BOOST_TEST((subject.served("b", at(2)).kind == settling_action_kind::take_over));
    subject.commit("b", at(2));
    BOOST_TEST((subject.served("a", at(3)).kind == settling_action_kind::hold));
    for (const int second : {63, 64, 65})
        BOOST_TEST((subject.served("a", at(second)).kind == settling_action_kind::take_over));
    BOOST_TEST(subject.known() == "b");
    // A 304 is the known one, too.
    BOOST_TEST((subject.served_known().again == settle));
    BOOST_TEST((subject.served_known().again == 0s));
    BOOST_TEST((subject.served("a", at(66)).kind == settling_action_kind::hold));
}

BOOST_AUTO_TEST_CASE(B36_the_time_runs_from_when_the_application_had_the_next_one) {
    schema_settling subject{settle};
    const auto at = [](int second) { return steady_time{std::chrono::seconds{second}}; };
    subject.commit("a", at(0));
    BOOST_TEST((subject.served("b", at(1)).kind == settling_action_kind::take_over));
    subject.commit("b", at(100)); // A reload may take its time.
    BOOST_TEST((subject.served("a", at(160)).kind == settling_action_kind::hold));
}

// Whatever was served before, what is served from some moment on is the known one at last, it is
// taken over once, and nothing else is.
BOOST_AUTO_TEST_CASE(B36_the_last_content_is_taken_over_once) {
    forest::random_generator random{20261129};
    std::size_t taken_over = 0;
    for (int round = 0; round < 20'000; ++round) {
        schema_settling subject{settle};
        steady_time now{};
        subject.commit("a", now);
        const auto serve = [&](const std::string& content) {
            const settling_action next = subject.served(content, now);
            const bool takes = next.kind == settling_action_kind::take_over;
            if (takes)
                subject.commit(content, now);
            taken_over += takes ? 1 : 0;
            return takes;
        };
        for (auto count = random() % 20; count > 0; --count) {
            now += std::chrono::seconds{random() % 100};
            serve(std::string(1, static_cast<char>('a' + random() % 3)));
        }
        const std::string last(1, static_cast<char>('a' + random() % 3));
        const bool known = subject.known() == last;
        int reloads = 0;
        for (int count = 0; count < 20; ++count) {
            now += 10s;
            reloads += serve(last) ? 1 : 0;
        }
        BOOST_REQUIRE(subject.known() == last);
        BOOST_REQUIRE(reloads == (known ? 0 : 1));
    }
    BOOST_TEST(taken_over > 10'000U);
}

BOOST_AUTO_TEST_CASE(what_is_not_needed_any_more_is_freed) {
    schema_settling subject{settle};
    const auto at = [](int second) { return steady_time{std::chrono::seconds{second}}; };
    subject.commit("a", at(0));
    subject.commit("b", at(1));
    subject.forget(at(61));
    BOOST_TEST((subject.served("a", at(61)).kind == settling_action_kind::hold));
    subject.forget(at(242));
    BOOST_TEST((subject.served("a", at(241)).kind == settling_action_kind::take_over));
}

BOOST_AUTO_TEST_SUITE_END()
