// SPDX-License-Identifier: BSL-1.0

#include <forest/sim/network/memory_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace forest;

namespace {

struct cable {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::memory_server server{clock};
    sim::memory_transport transport{queue, server, 10ms};
    request what{.target = "http://a/x", .fields = {}, .limits = {}};
    int calls = 0;
    std::error_code error;
    int status = 0;
    std::string body;
    steady_time at{};

    void get(duration timeout = 1s) {
        transport.async_get(what, timeout, [this](const reply& answer) {
            ++calls;
            error = answer.error;
            status = answer.status;
            body = std::string{answer.body};
            at = queue.now();
        });
        BOOST_TEST(calls == 0);
        queue.run_for(2s);
        BOOST_TEST(calls == 1);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(memory_transport_test)

BOOST_AUTO_TEST_CASE(an_answer_crosses_the_cable_in_both_directions) {
    cable between;
    between.server.get("/x", [](const server_request&, auto respond) {
        respond(response{.status = 200, .body = "well", .fields = {}});
        respond(response{.status = 500, .body = "twice", .fields = {}});
    });
    between.get();
    BOOST_TEST(!between.error);
    BOOST_TEST(between.status == 200);
    BOOST_TEST(between.body == "well");
    BOOST_TEST((between.at == steady_time{20ms}));
}

BOOST_AUTO_TEST_CASE(a_responder_may_answer_later_and_beyond_the_timeout_nobody_listens) {
    for (const auto& [delay, expected] :
         {std::pair{500ms, errc{}}, std::pair{1500ms, errc::timed_out}}) {
        cable between;
        between.server.get("/x", [&, wait = delay](const server_request&, auto respond) {
            between.queue.after(wait,
                                [respond] { respond(response{.body = "late", .fields = {}}); });
        });
        between.get();
        BOOST_TEST((expected == errc{} ? !between.error : between.error == expected));
    }
}

BOOST_AUTO_TEST_CASE(a_responder_that_is_dropped_answers_500) {
    cable between;
    between.server.get("/x", [](const server_request&, auto) {});
    between.get();
    BOOST_TEST(between.status == 500);
}

BOOST_AUTO_TEST_CASE(an_answer_beyond_the_limits_is_too_large) {
    cable between;
    between.what.limits.body_bytes_max = 3;
    between.server.get("/x", [](const server_request&, auto respond) {
        respond(response{.body = "well", .fields = {}});
    });
    between.get();
    BOOST_TEST((between.error == errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(without_an_answer_the_check_ends_at_its_timeout) {
    cable between;
    std::optional<sim::memory_server::responder> kept;
    between.server.get("/x", [&](const server_request&, auto respond) { kept = respond; });
    between.get();
    BOOST_TEST((between.error == errc::timed_out));
    BOOST_TEST((between.at == steady_time{1s}));
}

BOOST_AUTO_TEST_CASE(cancel_ends_what_is_pending_once_and_is_harmless_otherwise) {
    cable between;
    between.transport.cancel();
    int canceled = 0;
    between.transport.async_get(between.what, 1s, [&](const reply& answer) {
        canceled += answer.error == errc::operation_canceled;
    });
    between.transport.cancel();
    between.transport.cancel();
    BOOST_TEST(canceled == 0);
    between.queue.run_for(2s);
    BOOST_TEST(canceled == 1);
}

BOOST_AUTO_TEST_SUITE_END()
