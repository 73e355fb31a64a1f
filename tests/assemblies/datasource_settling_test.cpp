// SPDX-License-Identifier: BSL-1.0

// A datasource of a server whose answers differ without a change, or change back and forth (B31,
// B36), with a virtual clock.

#include <support/scripted_server.hpp>

#include <forest/core/random.hpp>
#include <forest/datasource.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::tests;
namespace data = boost::unit_test::data;

namespace {

using strings = std::vector<std::string>;

datasource_options polling(duration interval = 10s) {
    return {.mode = datasource_mode::schema_poll, .schema_poll = interval};
}

std::string content(const std::string& name) {
    return schema_text({name}, name);
}

// Two replicas that answer in turn.
struct replicas {
    scripted_server& server;
    std::string first;
    std::string second;
    int answers = 0;

    replicas(scripted_server& behind, std::string one, std::string other)
        : server{behind}, first{std::move(one)}, second{std::move(other)} {
        server.on_schema = [this] { server.schema = ++answers % 2 == 0 ? first : second; };
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(datasource_settling_test)

struct equal_texts {
    const char* what;
    std::string first;
    std::string second;

    friend std::ostream& operator<<(std::ostream& out, const equal_texts& row) {
        return out << row.what;
    }
};

const std::vector<equal_texts> pairs{
    {"etags", R"({"collections":[{"name":"a"}],"etag":"1"})",
     R"({"collections":[{"name":"a"}],"etag":"2"})"},
    {"no etag and one", R"({"collections":[{"name":"a"}]})",
     R"({"collections":[{"name":"a"}],"etag":"2"})"},
    {"order", R"({"collections":[{"name":"a","x":1},{"name":"b"}],"charts":[],"etag":"1"})",
     R"({"charts":[],"collections":[{"name":"b"},{"x":1,"name":"a"}],"etag":"2"})"},
    {"spelling", R"({"collections":[{"name":"a/b","x":[1,10]}],"etag":"1"})",
     R"( { "collections" : [ { "name" : "\u0061\/b" , "x" : [ 1.0 , 1e1 ] } ] , "etag":"2" } )"},
};

BOOST_DATA_TEST_CASE(B31_two_replicas_with_one_content_reload_nothing, data::make(pairs)) {
    followed_server on{polling()};
    replicas behind{on.server, sample.first, sample.second};
    on.start();
    on.queue.run_for(1h);
    BOOST_TEST(on.master.reloads.empty());
    BOOST_TEST(on.master.count(event_kind::schema_loaded) == 1U);
    BOOST_TEST(on.master.count(event_kind::schema_unchanged) == 360U);
    BOOST_TEST(on.server.requests.size() == 361U);
}

BOOST_AUTO_TEST_CASE(B31_an_equal_etag_does_not_hide_another_content) {
    followed_server on{polling()};
    on.start();
    on.server.schema = schema_text({"b"}, "");
    on.queue.run_for(10s);
    BOOST_TEST(on.master.reloads.size() == 1U);
    // The server ignores the condition of the request.
    on.server.schema = R"({"collections":[{"name":"c"}],"etag":"a"})";
    on.queue.run_for(10s);
    BOOST_TEST(on.master.reloads.size() == 2U);
    BOOST_TEST(on.master.datasource.schema()->collections() == strings{"c"});
}

BOOST_DATA_TEST_CASE(B36_a_rolling_deployment_reloads_the_new_content_once,
                     data::make({1, 10, 30, 45, 60}), seconds) {
    followed_server on{polling(std::chrono::seconds{seconds})};
    on.start();
    on.queue.run_for(1min);
    {
        const replicas behind{on.server, content("a"), content("b")};
        on.queue.run_for(2h + std::chrono::seconds{seconds});
    }
    BOOST_TEST(on.master.reloads == strings{"b"});
    on.server.on_schema = nullptr;
    on.server.schema = content("b");
    on.queue.run_for(1h);
    BOOST_TEST(on.master.reloads == strings{"b"});
    BOOST_TEST(on.master.datasource.schema()->etag() == "b");
}

BOOST_AUTO_TEST_CASE(B36_a_deployment_that_is_rolled_back_reloads_the_old_content_once_at_last) {
    followed_server on{polling(10s)};
    on.start();
    {
        const replicas behind{on.server, content("a"), content("b")};
        on.queue.run_for(10min);
    }
    on.server.on_schema = nullptr;
    on.server.schema = content("a");
    on.queue.run_for(50s);
    BOOST_TEST(on.master.reloads == strings{"b"});
    on.queue.run_for(30s);
    BOOST_TEST(on.master.reloads == (strings{"b", "a"}));
    on.queue.run_for(1h);
    BOOST_TEST(on.master.reloads == (strings{"b", "a"}));
}

BOOST_AUTO_TEST_CASE(B36_the_second_fetch_comes_when_it_may_settle_it_and_not_with_the_next_poll) {
    followed_server on{polling(40s)};
    on.start();
    on.server.schema = content("b");
    on.queue.run_for(40s);
    on.server.schema = content("a");
    on.queue.run_for(40s); // 80 s: held
    BOOST_TEST(on.master.reloads == strings{"b"});
    const auto held = on.master.all(event_kind::schema_unchanged).back();
    BOOST_TEST(held.detail == schema_held_hint);
    BOOST_TEST(held.etag == "b");
    on.queue.run_for(59s); // the poll at 120 s is too early
    BOOST_TEST(on.master.reloads == strings{"b"});
    on.queue.run_for(1s);
    BOOST_TEST(on.master.reloads == (strings{"b", "a"}));
    on.queue.run_for(10min);
    BOOST_TEST(on.master.reloads == (strings{"b", "a"}));
    // The polls and one fetch.
    BOOST_TEST(on.server.requests.size() == 1U + (40 + 40 + 60 + 600) / 40 + 1U);
}

// The same where the schema is fetched at recoveries only.
BOOST_AUTO_TEST_CASE(B36_after_a_recovery_the_second_fetch_is_made_without_another_one) {
    followed_server on{{.health_check_interval = 5s, .health_check_failure_threshold = 1}};
    on.start();
    on.server.schema = content("b");
    on.suffer_an_outage();
    on.server.schema = content("a");
    on.suffer_an_outage();
    BOOST_TEST(on.master.reloads == strings{"b"});
    const auto recovered = on.queue.now();
    BOOST_TEST(on.queue.run_until([&] { return on.master.reloads.size() == 2; }, 2min));
    BOOST_TEST((on.queue.now() - recovered == 60s));
    BOOST_TEST(on.master.reloads == (strings{"b", "a"}));
    on.queue.run_for(1h);
    BOOST_TEST(on.server.count(false) == 4U);
}

BOOST_AUTO_TEST_CASE(B36_a_content_that_was_known_longer_ago_is_taken_over_at_once) {
    followed_server on{{}};
    on.start();
    on.server.schema = content("b");
    on.suffer_an_outage();
    on.queue.run_for(61s);
    on.server.schema = content("a");
    on.suffer_an_outage();
    BOOST_TEST(on.master.reloads == (strings{"b", "a"}));
}

BOOST_AUTO_TEST_CASE(B36_with_0_each_content_is_taken_over_at_once) {
    datasource_options settings = polling(10s);
    settings.schema_settle = 0s;
    followed_server on{settings};
    replicas behind{on.server, content("a"), content("b")};
    on.start();
    on.queue.run_for(95s);
    BOOST_TEST(on.master.reloads.size() == 9U);
}

// The answers between the first time and the second.
struct in_between {
    const char* what;
    void (*happens)(followed_server&);
    int seconds; // until the content is taken over, from when it is served alone

    friend std::ostream& operator<<(std::ostream& out, const in_between& row) {
        return out << row.what;
    }
};

const std::vector<in_between> obstacles{
    {"nothing", [](followed_server&) {}, 60},
    {"a 304",
     [](followed_server& on) {
         on.server.schema = content("b");
         on.queue.run_for(10s);
     },
     70},
    {"several 304",
     [](followed_server& on) {
         for (int n = 0; n < 3; ++n) {
             on.server.schema = content("b");
             on.queue.run_for(20s);
             on.server.schema = content("a");
             on.queue.run_for(20s);
         }
     },
     70},
    {"failures",
     [](followed_server& on) {
         on.server.broken = errc::connection_lost;
         on.queue.run_for(25s);
         on.server.broken.reset();
     },
     60},
    {"failures at the time of the second",
     [](followed_server& on) {
         on.queue.run_for(45s);
         on.server.broken = errc::timed_out;
         on.queue.run_for(25s);
         on.server.broken.reset();
     },
     10},
    {"an outage", [](followed_server& on) { on.suffer_an_outage(); }, 60},
    {"an outage at the time of the second",
     [](followed_server& on) {
         on.server.broken = errc::connection_refused;
         on.queue.run_for(10min);
         on.server.broken.reset();
     },
     30},
    {"answers that are no schema",
     [](followed_server& on) {
         on.server.schema = "{}";
         on.queue.run_for(30s);
     },
     60},
};

BOOST_DATA_TEST_CASE(B36_the_last_content_is_reloaded_once_whatever_comes_in_between,
                     data::make(obstacles)) {
    followed_server on{polling(10s)};
    on.start();
    on.server.schema = content("b");
    on.queue.run_for(10s);
    on.server.schema = content("a");
    on.queue.run_for(10s);
    sample.happens(on);
    on.server.schema = content("a");
    const auto begun = on.queue.now();
    BOOST_TEST(on.queue.run_until([&] { return on.master.reloads.size() == 2; }, 10min));
    BOOST_TEST((on.queue.now() - begun <= std::chrono::seconds{sample.seconds}));
    on.queue.run_for(1h);
    BOOST_TEST(on.master.reloads == (strings{"b", "a"}));
    BOOST_TEST(on.master.datasource.schema()->etag() == "a");
}

BOOST_DATA_TEST_CASE(B32_B36_a_reload_that_throws_is_tried_again_with_the_next_poll,
                     data::make({false, true}), held) {
    followed_server on{polling(10s)};
    int throwing = 2;
    strings calls;
    on.master.datasource.on_reload([&](const schema& next) {
        calls.push_back(next.etag());
        if (next.etag() == (held ? "a" : "b") && throwing-- > 0)
            throw std::runtime_error("busy");
    });
    on.start();
    on.server.schema = content("b");
    on.queue.run_for(held ? 10s : 30s);
    on.server.schema = content("a");
    on.queue.run_for(10min);
    BOOST_TEST(calls == (held ? strings{"b", "a", "a", "a"} : strings{"b", "b", "b", "a"}));
    BOOST_TEST(on.master.datasource.schema()->etag() == "a");
    BOOST_TEST(on.master.count(event_kind::callback_failed) == 2U);
}

BOOST_AUTO_TEST_CASE(B36_a_change_that_the_application_refused_and_the_server_took_back_is_none) {
    followed_server on{polling(10s)};
    on.master.datasource.on_reload([](const schema&) { throw std::runtime_error("never"); });
    on.start();
    on.server.schema = content("b");
    on.queue.run_for(30s);
    on.server.schema = content("a");
    on.queue.run_for(10min);
    BOOST_TEST(on.master.count(event_kind::callback_failed) == 3U);
    BOOST_TEST(on.master.datasource.schema()->etag() == "a");
}

BOOST_AUTO_TEST_CASE(B36_an_introspection_counts_as_known) {
    datasource_options settings = polling(10s);
    settings.introspection = content("i");
    followed_server on{settings};
    on.server.broken = errc::connection_refused;
    on.start();
    on.server.broken.reset();
    on.queue.run_for(10s);
    BOOST_TEST(on.master.reloads == strings{"a"});
    on.server.schema = content("i");
    on.queue.run_for(20s);
    BOOST_TEST(on.master.reloads == strings{"a"});
    on.queue.run_for(1min);
    BOOST_TEST(on.master.reloads == (strings{"a", "i"}));
    BOOST_TEST((on.master.datasource.source() == schema_source::server));
}

// In each mode, with answers that change at random: a content that is served from some moment on is
// known at last, and the known content is never reloaded.
BOOST_DATA_TEST_CASE(B36_the_last_content_served_is_known_at_last, data::make({0, 1, 2, 3}),
                     number) {
    const std::vector<datasource_options> modes{
        polling(5s), polling(37s), polling(600s), {.health_check_interval = 5s}};
    const datasource_options& settings = modes[static_cast<std::size_t>(number)];
    random_generator random{static_cast<std::uint64_t>(number)};
    for (int round = 0; round < 30; ++round) {
        followed_server on{settings, number == 3 ? 404 : 200};
        on.start();
        if (number == 3)
            on.queue.run_for(10s);
        const auto name = [&] { return std::string(1, static_cast<char>('a' + random() % 3)); };
        for (int n = 0; n < 40; ++n) {
            on.server.schema = content(name());
            on.server.broken = random() % 8 == 0 ? std::optional{errc::timed_out} : std::nullopt;
            on.queue.run_for(std::chrono::seconds{random() % 60});
        }
        on.server.broken.reset();
        const std::string last = name();
        on.server.schema = content(last);
        on.queue.run_for(1h);
        BOOST_TEST(on.master.datasource.schema()->etag() == last);
        for (std::size_t n = 1; n < on.master.reloads.size(); ++n)
            BOOST_TEST(on.master.reloads[n] != on.master.reloads[n - 1]);
    }
}

BOOST_AUTO_TEST_SUITE_END()
