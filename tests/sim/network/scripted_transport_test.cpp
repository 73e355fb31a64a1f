// SPDX-License-Identifier: BSL-1.0
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;

namespace {

// A transport, and the results of its requests: `200 body`, or the name of the error.
struct scripted {
    sim::event_queue queue;
    sim::scripted_transport transport{queue};
    header_fields fields;
    message_limits limits;
    std::vector<std::string> results;
    std::vector<duration> ended;

    void send(duration timeout = 1s) {
        const request asked{.target = "http://a/x", .fields = fields, .limits = limits};
        transport.async_get(asked, timeout, [this](const reply& given) {
            results.push_back(given.error
                                  ? std::string{name(given.error)}
                                  : std::to_string(given.status) + " " + std::string{given.body});
            ended.push_back(queue.now().time_since_epoch());
        });
    }

    std::string get(duration timeout = 1s) {
        send(timeout);
        queue.run_for(timeout);
        return results.back();
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(scripted_transport_test)

BOOST_AUTO_TEST_CASE(replies_come_in_the_order_of_the_script_and_then_the_default_one) {
    scripted on;
    on.transport.then(sim::answering(500, "ill"))
        .then(sim::silent())
        .otherwise(sim::failing(errc::tls_failed));
    BOOST_TEST(on.get() == "500 ill");
    BOOST_TEST(on.get() == "timed_out");
    BOOST_TEST(on.get() == "tls_failed");
    BOOST_TEST(on.get() == "tls_failed");
}

BOOST_AUTO_TEST_CASE(a_reply_may_be_repeated_and_the_default_one_is_healthy) {
    scripted on;
    on.transport.then(sim::stopping(), 2);
    BOOST_TEST(on.get() == "503 {\"status\":\"stopping\"}");
    BOOST_TEST(on.get() == "503 {\"status\":\"stopping\"}");
    BOOST_TEST(on.get() == "200 {\"status\":\"ok\",\"version\":\"1.0\"}");
}

BOOST_AUTO_TEST_CASE(a_reply_comes_after_its_latency_and_never_within_the_call) {
    scripted on;
    on.transport.then(sim::healthy()).then(sim::healthy(20ms)).then(sim::healthy(1001ms));
    on.send();
    BOOST_TEST(on.results.empty());
    on.queue.run_for(0s);
    BOOST_TEST(on.results.size() == 1U);
    BOOST_TEST(on.get().starts_with("200"));
    BOOST_TEST((on.ended.back() == 20ms));
    BOOST_TEST(on.get() == "timed_out"); // a millisecond after the timeout
    BOOST_TEST((on.ended.back() == 2s));
}

BOOST_AUTO_TEST_CASE(a_reply_has_its_fields_and_the_time_that_it_took) {
    scripted on;
    on.transport.then({.body = "x", .fields = "ETag: \"a\"\r\n", .latency = 5ms});
    std::string etag;
    std::optional<duration> total;
    const request asked{.target = "http://a/x", .fields = {}, .limits = {}};
    on.transport.async_get(asked, 1s, [&](const reply& given) {
        etag = given.fields.find("etag").value_or("");
        total = given.timings.total;
    });
    on.queue.run_for(1s);
    BOOST_TEST(etag == "\"a\"");
    BOOST_TEST((total == 5ms));
}

BOOST_AUTO_TEST_CASE(an_answer_beyond_the_limits_is_too_large) {
    scripted on;
    on.limits.body_bytes_max = 3;
    on.transport.then(sim::answering(200, "well")).then(sim::answering(200, "ill"));
    BOOST_TEST(on.get() == "response_too_large");
    BOOST_TEST(on.get() == "200 ill");
}

BOOST_AUTO_TEST_CASE(a_copy_shares_the_script_and_the_record) {
    scripted on;
    sim::scripted_transport copy = on.transport;
    copy.then(sim::answering(404, ""));
    BOOST_TEST(!on.fields.add("X-A", "1"));
    BOOST_TEST(on.get(3s) == "404 ");
    BOOST_TEST_REQUIRE(copy.requests().size() == 1U);
    const sim::recorded_request& first = copy.requests().front();
    BOOST_TEST((first.at == steady_time{}));
    BOOST_TEST(first.target == "http://a/x");
    BOOST_TEST(first.fields == "X-A: 1\r\n");
    BOOST_TEST((first.timeout == 3s));
    BOOST_TEST(!first.fresh_connection);
}

BOOST_AUTO_TEST_CASE(cancel_ends_a_request_once_and_is_harmless_without_one) {
    scripted on;
    on.transport.cancel();
    on.send();
    BOOST_TEST(on.transport.in_flight() == 1);
    on.transport.cancel();
    on.transport.cancel();
    BOOST_TEST(on.results.empty());
    on.queue.run_for(2s);
    BOOST_TEST((on.results == std::vector<std::string>{"operation_canceled"}));
    BOOST_TEST(on.transport.in_flight() == 0);
    BOOST_TEST(on.get().starts_with("200"));
    BOOST_TEST(on.transport.in_flight_max() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
