// SPDX-License-Identifier: BSL-1.0

// B51 on the real route under virtual time: a 304 that is held until there is another schema.

#include <forest/schema_route.hpp>

#include <forest/adapters/openssl/sha1.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <support/held_request.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::held_request;

namespace {

const std::string bare = R"({"collections":[]})";
const std::string shop = R"({"collections":[{"name":"product"}]})";

struct holding {
    explicit holding(const schema_route_options& options = {.hold_max = 30s},
                     route_verifier verify = accept_unsigned)
        : route{server, std::move(verify), sha1_hex, bare, options} {}

    held_request ask(const std::string& etag, std::string_view fields = "Prefer: wait=16\r\n",
                     const std::optional<ip_address>& peer = {}) {
        std::string lines{fields};
        if (!etag.empty())
            lines.append("If-None-Match: ").append(etag).append("\r\n");
        return {server, "/forest/rpc-schema", lines, peer};
    }

    held_request ask() { return ask(route.etag()); }

    void replace(const std::string& text) { BOOST_TEST(!route.replace(text)); }

    sim::event_queue queue;
    sim::memory_server server{sim::virtual_clock{queue}};
    basic_schema_route<sim::memory_server> route;
};

} // namespace

BOOST_AUTO_TEST_SUITE(schema_route_hold_test)

BOOST_AUTO_TEST_CASE(B51_answers_have_the_offer) {
    holding on;
    const held_request first = on.ask("", "");
    BOOST_TEST(first.status() == 200);
    BOOST_TEST(first.field("Forest-Hold") == "30");
    BOOST_TEST(first.field("Preference-Applied") == "");
    const held_request again = on.ask(on.route.etag(), "");
    BOOST_TEST(again.status() == 304);
    BOOST_TEST(again.field("Forest-Hold") == "30");
    BOOST_TEST(again.field("ETag") == '"' + on.route.etag() + '"');
}

BOOST_AUTO_TEST_CASE(B51_a_route_that_does_not_hold_answers_as_ever) {
    holding on{schema_route_options{}};
    const held_request asked = on.ask();
    BOOST_TEST(asked.answer() == "HTTP/1.1 304 Not Modified\r\n"
                                 "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                                 "Connection: close\r\n"
                                 "ETag: \"" +
                                     on.route.etag() +
                                     "\"\r\n"
                                     "Cache-Control: private, no-cache\r\n"
                                     "\r\n");
    BOOST_TEST(on.route.held() == 0U);
}

BOOST_AUTO_TEST_CASE(B51_a_304_is_held_for_its_time) {
    holding on;
    const held_request asked = on.ask();
    BOOST_TEST(on.route.held() == 1U);
    on.queue.run_for(15s - 1ns);
    BOOST_TEST(!asked.answered());
    on.queue.run_for(1s + 1ns);
    BOOST_TEST(asked.status() == 304);
    BOOST_TEST(asked.field("Preference-Applied") == "wait=16");
    BOOST_TEST(asked.field("Vary") == "Prefer");
    BOOST_TEST(asked.field("Forest-Hold") == "30");
    BOOST_TEST(on.route.held() == 0U);
}

BOOST_AUTO_TEST_CASE(B51_a_replaced_schema_is_sent_at_once) {
    holding on;
    std::vector<held_request> asked;
    for (int count = 0; count < 50; ++count)
        asked.push_back(on.ask());
    on.replace(shop);
    for (const held_request& each : asked) {
        BOOST_TEST(each.status() == 200);
        BOOST_TEST(each.field("ETag") == '"' + on.route.etag() + '"');
        BOOST_TEST(each.field("Preference-Applied") == "wait=16");
        BOOST_TEST(each.body().starts_with(R"({"collections":[{"name":"product"}],"etag":)"));
        BOOST_TEST(each.answers() == 1);
    }
    BOOST_TEST(on.route.held() == 0U);
}

BOOST_AUTO_TEST_CASE(B51_the_same_schema_once_more_is_no_news) {
    holding on;
    const held_request asked = on.ask();
    on.replace(bare);
    BOOST_TEST(!asked.answered());
    BOOST_TEST((on.route.replace("no schema") == errc::malformed_body));
    BOOST_TEST(!asked.answered());
    on.replace(shop);
    BOOST_TEST(asked.status() == 200);
}

// The client has one that is not served any more, or none.
BOOST_AUTO_TEST_CASE(B51_only_a_client_that_has_the_schema_waits) {
    holding on;
    for (const held_request& asked : {on.ask(""), on.ask("\"another\"")}) {
        BOOST_TEST(asked.status() == 200);
        BOOST_TEST(asked.field("Preference-Applied") == "wait=16");
    }
    const std::string old = on.route.etag();
    on.replace(shop);
    BOOST_TEST(on.ask(old).status() == 200);
    BOOST_TEST(!on.ask().answered());
}

BOOST_AUTO_TEST_CASE(B51_an_unsigned_request_is_not_held) {
    holding on{{.hold_max = 30s}, [](const server_request&) { return false; }};
    const held_request asked = on.ask();
    BOOST_TEST(asked.status() == 401);
    BOOST_TEST(asked.field("Forest-Hold") == "");
}

BOOST_AUTO_TEST_CASE(B51_a_drain_is_told_at_once) {
    holding on;
    const held_request asked = on.ask();
    on.route.drain();
    BOOST_TEST(asked.status() == 503);
    BOOST_TEST(asked.body() == R"({"status":"stopping"})");
    BOOST_TEST(asked.field("Forest-Hold") == "");
    BOOST_TEST(on.ask().status() == 503);
    BOOST_TEST(on.route.held() == 0U);
}

BOOST_AUTO_TEST_CASE(B51_beyond_the_places_an_answer_comes_at_once_and_without_the_offer) {
    holding on{{.hold_max = 30s, .held_max = 1}};
    const held_request first = on.ask();
    const held_request second = on.ask();
    BOOST_TEST(second.status() == 304);
    BOOST_TEST(second.field("Forest-Hold") == "");
    BOOST_TEST(second.field("Preference-Applied") == "");
    first.leave();
    BOOST_TEST(on.route.held() == 0U);
    BOOST_TEST(!on.ask().answered());
}

BOOST_AUTO_TEST_CASE(B51_an_answer_that_the_server_wants_now_is_early_and_without_the_offer) {
    holding on;
    const held_request asked = on.ask();
    asked.answer_now();
    BOOST_TEST(asked.status() == 304);
    BOOST_TEST(asked.field("Forest-Hold") == "");
    BOOST_TEST(asked.field("Preference-Applied") == "wait=16");
}

BOOST_AUTO_TEST_CASE(B51_options_out_of_their_range_have_a_named_error) {
    const auto error_of = [](const schema_route_options& options) -> std::error_code {
        try {
            const holding on{options};
            return {};
        } catch (const std::system_error& thrown) {
            return thrown.code();
        }
    };
    BOOST_TEST((error_of({.hold_max = 241s}) == errc::invalid_hold_max));
    BOOST_TEST((error_of({.hold_max = 30s, .held_max = 0}) == errc::invalid_held_max));
    BOOST_TEST((error_of({.hold_max = 30s, .held_per_address_max = 0}) ==
                errc::invalid_held_per_address_max));
}

BOOST_AUTO_TEST_SUITE_END()
