// SPDX-License-Identifier: BSL-1.0

// B48 on the real route under virtual time: answers that are held until there is news. The server's
// side of B43 (the offer) and B47 (a drain) is here, too.

#include <forest/health_route.hpp>

#include <forest/core/check_report.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/route_check.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <support/held_request.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::held_request;
namespace data = boost::unit_test::data;

namespace {

constexpr std::string_view wait16 = "Prefer: wait=16\r\n";
constexpr std::string_view draft = "Accept: application/health+json\r\n";
constexpr std::string_view ok = R"({"status":"ok","version":"1"})";
constexpr std::string_view failed = R"({"status":"fail","version":"1"})";
constexpr std::string_view stopping = R"({"status":"stopping","version":"1"})";

// A server and a route that holds.
template <typename Server = sim::memory_server>
struct holding {
    explicit holding(const route_options& options = {.version = "1", .hold_max = 30s},
                     route_verifier verify = accept_unsigned)
        : route{std::in_place, server, std::move(verify), options} {}

    held_request ask(std::string_view fields = wait16, const std::optional<ip_address>& peer = {},
                     std::string_view method = "GET") {
        return {server, "/forest/health", fields, peer, method};
    }

    sim::event_queue queue;
    Server server{sim::virtual_clock{queue}};
    std::optional<basic_health_route<Server>> route;
};

ip_address address(std::uint8_t last) {
    return {.bytes = {192, 0, 2, last}};
}

bool refuse(const server_request&) {
    return false;
}

// A server that cannot hold: it passes responders of its own on.
template <bool HasClock>
class plain_server {
public:
    explicit plain_server(sim::virtual_clock clock) : server_{std::move(clock)} {}

    template <typename Handler>
    void get(std::string path, Handler handler) {
        server_.get(std::move(path), [handler](const server_request& request, const auto& respond) {
            handler(request, [respond](const response& answer) { respond(answer); });
        });
    }

    [[nodiscard]] sim::virtual_clock clock() const
        requires(HasClock)
    {
        return server_.clock();
    }

    template <typename... Arguments>
    auto serve(Arguments&&... arguments) {
        return server_.serve(std::forward<Arguments>(arguments)...);
    }

private:
    sim::memory_server server_;
};
static_assert(timed_server<plain_server<true>> && !holding_server<plain_server<true>>);
static_assert(server<plain_server<false>> && !timed_server<plain_server<false>>);

} // namespace

BOOST_AUTO_TEST_SUITE(health_route_hold_test)

BOOST_AUTO_TEST_CASE(B43_a_healthy_answer_to_an_accepted_client_has_the_offer) {
    holding on;
    const held_request plain = on.ask("");
    BOOST_TEST(plain.status() == 200);
    BOOST_TEST(plain.field("Forest-Hold") == "30");
    BOOST_TEST(plain.field("Preference-Applied") == "");
    BOOST_TEST(plain.field("Vary") == "");
    on.route->set_healthy(false);
    BOOST_TEST(on.ask("").status() == 503);
    BOOST_TEST(on.ask("").field("Forest-Hold") == "");
    on.route->drain();
    BOOST_TEST(on.ask("").field("Forest-Hold") == "");
}

BOOST_AUTO_TEST_CASE(B43_a_route_that_does_not_hold_answers_as_ever) {
    holding on{{.version = "1"}};
    const held_request asked = on.ask();
    BOOST_TEST(asked.answer() == "HTTP/1.1 200 OK\r\n"
                                 "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                                 "Content-Type: application/json\r\n"
                                 "Content-Length: 29\r\n"
                                 "Connection: close\r\n"
                                 "Cache-Control: no-store\r\n"
                                 "\r\n" +
                                     std::string{ok});
    BOOST_TEST(asked.answer() == on.ask("").answer());
    BOOST_TEST(on.route->held() == 0U);
}

BOOST_DATA_TEST_CASE(B48_authentication_comes_first, data::make({false, true}), drained) {
    holding on{{.hold_max = 30s}, refuse};
    if (drained)
        on.route->drain();
    const held_request asked = on.ask();
    BOOST_TEST(asked.status() == 401);
    BOOST_TEST(asked.field("Forest-Hold") == "");
    BOOST_TEST(asked.field("Preference-Applied") == "");
    BOOST_TEST(on.route->held() == 0U);
}

BOOST_DATA_TEST_CASE(B48_an_answer_is_held_for_its_time, data::make({"GET", "HEAD"}), method) {
    holding on;
    const held_request asked = on.ask(wait16, {}, method);
    BOOST_TEST(on.route->held() == 1U);
    on.queue.run_for(15s - 1ns);
    BOOST_TEST(!asked.answered());
    on.queue.run_for(1s + 1ns);
    BOOST_TEST(asked.status() == 200);
    BOOST_TEST(asked.body() == (method == std::string_view{"GET"} ? ok : ""));
    BOOST_TEST(asked.field("Preference-Applied") == "wait=16");
    BOOST_TEST(asked.field("Vary") == "Prefer");
    BOOST_TEST(asked.field("Forest-Hold") == "30");
    BOOST_TEST(asked.field("Cache-Control") == "no-store");
    BOOST_TEST(asked.answers() == 1);
    BOOST_TEST(on.route->held() == 0U);
}

BOOST_AUTO_TEST_CASE(B48_no_answer_is_held_for_longer_than_the_route_allows) {
    holding on{{.version = "1", .hold_max = 30s + 999ms}};
    const held_request asked = on.ask("prefer: respond-async, Wait = \"100\"; foo\r\n");
    on.queue.run_for(28s);
    BOOST_TEST(!asked.answered());
    on.queue.run_for(2s);
    BOOST_TEST(asked.status() == 200);
    BOOST_TEST(asked.field("Preference-Applied") == "wait=30");
}

BOOST_DATA_TEST_CASE(B48_an_unreadable_preference_is_none,
                     data::make({"wait", "wait=0", "wait=-1", "wait=1.5", "wait=x", "hold=5"}),
                     preference) {
    holding on;
    const held_request asked = on.ask(std::string{"Prefer: "} + preference + "\r\n");
    BOOST_TEST(asked.status() == 200);
    BOOST_TEST(asked.field("Preference-Applied") == "");
    BOOST_TEST(asked.field("Forest-Hold") == "30");
}

// Holds that begin together do not end together.
BOOST_AUTO_TEST_CASE(B48_the_ends_of_holds_are_spread) {
    holding on;
    std::vector<held_request> asked;
    for (int count = 0; count < 400; ++count)
        asked.push_back(on.ask());
    on.queue.run_for(15s);
    std::size_t before = on.route->held();
    for (int tenth = 0; tenth < 10; ++tenth) {
        on.queue.run_for(100ms);
        const std::size_t ended = before - on.route->held();
        BOOST_TEST((15U < ended && ended < 80U));
        before = on.route->held();
    }
    BOOST_TEST(before == 0U);
}

BOOST_AUTO_TEST_CASE(B47_a_drain_tells_all_that_wait_before_it_returns) {
    holding on;
    std::vector<held_request> asked;
    for (int count = 0; count < 100; ++count)
        asked.push_back(on.ask(wait16, address(static_cast<std::uint8_t>(count / 10))));
    BOOST_TEST(on.route->held() == 100U);
    on.route->drain();
    BOOST_TEST(on.route->held() == 0U);
    for (const held_request& each : asked) {
        BOOST_TEST(each.status() == 503);
        BOOST_TEST(each.body() == stopping);
        BOOST_TEST(each.field("Preference-Applied") == "wait=16");
        BOOST_TEST(each.field("Forest-Hold") == "");
    }
    BOOST_TEST(on.ask().body() == stopping); // at once
    on.route->drain();
    on.queue.run_for(1h);
    for (const held_request& each : asked)
        BOOST_TEST(each.answers() == 1);
}

BOOST_AUTO_TEST_CASE(B48_a_change_of_the_health_is_told_at_once) {
    holding on;
    const held_request asked = on.ask();
    on.route->set_healthy(true); // That is no change.
    BOOST_TEST(!asked.answered());
    on.route->set_healthy(false);
    BOOST_TEST(asked.status() == 503);
    BOOST_TEST(asked.body() == failed);
    const held_request meanwhile = on.ask(); // There is news already.
    BOOST_TEST(meanwhile.body() == failed);
    on.route->set_healthy(true);
    const held_request later = on.ask();
    BOOST_TEST(!later.answered());
    BOOST_TEST(on.route->held() == 1U);
}

// No request comes while answers are held, so the route itself repeats the checks.
BOOST_AUTO_TEST_CASE(B48_a_check_that_fails_is_told_at_once) {
    holding on;
    int runs = 0;
    bool good = true;
    on.route->add_check("db",
                        [&](const check_report& report) {
                            ++runs;
                            report(good);
                        },
                        {.cache_for = 5s});
    const held_request asked = on.ask();
    BOOST_TEST(runs == 1);
    on.queue.run_for(7s);
    BOOST_TEST(runs == 2);
    BOOST_TEST(!asked.answered());
    good = false;
    on.queue.run_for(3s - 1ns);
    BOOST_TEST(!asked.answered());
    on.queue.run_for(1ns);
    BOOST_TEST(runs == 3);
    BOOST_TEST(asked.body() == failed);
    on.queue.run_for(1h);
    BOOST_TEST(runs == 3); // Nobody waits any more.
}

BOOST_AUTO_TEST_CASE(B48_a_check_that_hangs_is_told_at_its_deadline) {
    holding on;
    std::vector<check_report> reports;
    on.route->add_check("db", [&](check_report report) { reports.push_back(std::move(report)); },
                        {.deadline = 2s, .cache_for = 1s});
    const held_request asked = on.ask(); // The first run is under way.
    on.queue.run_for(1s);
    BOOST_TEST_REQUIRE(reports.size() == 1U);
    reports[0](true);
    BOOST_TEST(!asked.answered());
    on.queue.run_for(1s);
    BOOST_TEST(reports.size() == 2U);
    on.queue.run_for(2s - 1ns);
    BOOST_TEST(!asked.answered());
    on.queue.run_for(1ns);
    BOOST_TEST(asked.body() == failed);
    BOOST_TEST(on.route->held() == 0U);
}

// Results are not kept at all, but held answers do not make a busy loop of them.
BOOST_AUTO_TEST_CASE(B48_checks_are_repeated_each_second_at_most) {
    holding on;
    int runs = 0;
    on.route->add_check("db",
                        [&](const check_report& report) {
                            ++runs;
                            report(true);
                        },
                        {.cache_for = 0s});
    const held_request asked = on.ask();
    on.queue.run_for(10s + 500ms);
    BOOST_TEST(runs == 11);
    BOOST_TEST(!asked.answered());
}

BOOST_AUTO_TEST_CASE(B48_a_check_that_is_added_later_counts) {
    holding on;
    const held_request asked = on.ask();
    on.route->add_check("db", [](const check_report& report) { report(false); });
    BOOST_TEST(asked.body() == failed);
}

BOOST_AUTO_TEST_CASE(B48_a_warning_is_told_to_those_that_see_it) {
    holding on;
    check_status status = check_status::pass;
    on.route->add_check("db",
                        [&](const check_report& report) { report(check_result{status, "slow"}); },
                        {.cache_for = 1s});
    const held_request plain = on.ask();
    const held_request document = on.ask(std::string{wait16}.append(draft));
    on.queue.run_for(2s);
    BOOST_TEST(on.route->held() == 2U);
    status = check_status::warn;
    on.queue.run_for(1s);
    BOOST_TEST(!plain.answered());
    BOOST_TEST(document.status() == 200);
    BOOST_TEST(document.field("Content-Type") == "application/health+json");
    BOOST_TEST(document.body().starts_with(R"({"status":"warn")"));
}

BOOST_AUTO_TEST_CASE(B48_beyond_the_places_an_answer_comes_at_once_and_without_the_offer) {
    holding on{{.version = "1", .hold_max = 30s, .held_max = 3, .held_per_address_max = 2}};
    const held_request first = on.ask(wait16, address(1));
    const held_request second = on.ask(wait16, address(1));
    const held_request of_the_same = on.ask(wait16, address(1));
    BOOST_TEST(of_the_same.body() == ok);
    BOOST_TEST(of_the_same.field("Forest-Hold") == "");
    BOOST_TEST(of_the_same.field("Preference-Applied") == "");
    BOOST_TEST(on.ask("", address(1)).field("Forest-Hold") == "");
    BOOST_TEST(on.ask("", address(2)).field("Forest-Hold") == "30");
    const held_request third = on.ask(wait16, address(2));
    BOOST_TEST(!third.answered());
    const held_request of_another = on.ask(wait16, address(3));
    BOOST_TEST(of_another.body() == ok);
    BOOST_TEST(of_another.field("Forest-Hold") == "");
    on.queue.run_for(16s);
    BOOST_TEST(third.field("Forest-Hold") == "30"); // There are places again.
    BOOST_TEST(!on.ask(wait16, address(1)).answered());
}

BOOST_AUTO_TEST_CASE(B48_a_client_that_goes_away_frees_its_place_at_once) {
    holding on{{.version = "1", .hold_max = 30s, .held_max = 1}};
    int reported = 0;
    on.route->on_answer([&](const route_answer&) { ++reported; });
    for (int round = 0; round < 3; ++round) {
        const held_request asked = on.ask(wait16, address(1));
        BOOST_TEST(on.route->held() == 1U);
        asked.leave();
        BOOST_TEST(on.route->held() == 0U);
        BOOST_TEST(!asked.answered());
    }
    on.route->drain();
    BOOST_TEST(reported == 0); // Nobody got an answer.
}

BOOST_AUTO_TEST_CASE(B48_an_answer_that_the_server_wants_now_is_early_and_without_the_offer) {
    holding on;
    const held_request asked = on.ask();
    asked.answer_now();
    BOOST_TEST(asked.status() == 200);
    BOOST_TEST(asked.body() == ok);
    BOOST_TEST(asked.field("Forest-Hold") == "");
    BOOST_TEST(asked.field("Preference-Applied") == "wait=16");
    BOOST_TEST(on.route->held() == 0U);
    asked.answer_now();
    BOOST_TEST(asked.answers() == 1);
}

BOOST_AUTO_TEST_CASE(B48_a_server_that_cannot_answer_later_never_offers) {
    const auto answers_at_once = [](auto&& on) {
        const held_request asked = on.ask();
        BOOST_TEST(asked.status() == 200);
        BOOST_TEST(asked.field("Forest-Hold") == "");
        BOOST_TEST(asked.field("Preference-Applied") == "");
        BOOST_TEST(on.route->held() == 0U);
    };
    answers_at_once(holding<plain_server<true>>{});
    answers_at_once(holding<plain_server<false>>{});
}

BOOST_AUTO_TEST_CASE(B48_a_held_answer_is_reported_when_it_is_sent) {
    holding on{{.version = "1", .hold_max = 30s},
               [](const server_request&) { return verification{true}; }};
    std::vector<std::string> lines;
    on.route->on_answer([&](const route_answer& answer) {
        BOOST_TEST(!!answer.verified);
        lines.push_back(std::string{answer.path} + ' ' + std::to_string(answer.status));
    });
    const held_request asked = on.ask();
    BOOST_TEST(lines.empty());
    on.route->drain();
    BOOST_TEST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(lines[0] == "/forest/health 503");
}

BOOST_AUTO_TEST_CASE(B48_held_answers_are_sent_after_the_route_object_is_gone) {
    holding on;
    const held_request asked = on.ask();
    on.route.reset();
    on.queue.run_for(16s);
    BOOST_TEST(asked.body() == ok);
}

BOOST_AUTO_TEST_CASE(B48_a_server_that_goes_drops_what_is_held) {
    sim::event_queue queue;
    auto server = std::make_unique<sim::memory_server>(sim::virtual_clock{queue});
    basic_health_route route{*server, accept_unsigned, {.hold_max = 30s}};
    const held_request asked{*server, "/forest/health", wait16};
    BOOST_TEST(route.held() == 1U);
    server.reset();
    BOOST_TEST(route.held() == 0U);
    BOOST_TEST(asked.status() == 500);
    route.set_healthy(false);
    route.drain();
    queue.run_for(1h);
    BOOST_TEST(asked.answers() == 1);
}

BOOST_AUTO_TEST_CASE(B48_options_out_of_their_range_have_a_named_error) {
    const auto error_of = [](const route_options& options) -> std::error_code {
        try {
            const holding on{options};
            return {};
        } catch (const std::system_error& thrown) {
            return thrown.code();
        }
    };
    BOOST_TEST(!error_of({.hold_max = 240s}));
    BOOST_TEST((error_of({.hold_max = 240s + 1ns}) == errc::invalid_hold_max));
    BOOST_TEST((error_of({.hold_max = 999ms}) == errc::invalid_hold_max));
    BOOST_TEST((error_of({.hold_max = -1s}) == errc::invalid_hold_max));
    BOOST_TEST((error_of({.hold_max = 30s, .held_max = 0}) == errc::invalid_held_max));
    BOOST_TEST((error_of({.hold_max = 30s, .held_per_address_max = 0}) ==
                errc::invalid_held_per_address_max));
}

BOOST_AUTO_TEST_SUITE_END()
