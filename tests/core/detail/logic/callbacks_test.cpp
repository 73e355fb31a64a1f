// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/callbacks.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace forest;
using namespace forest::detail;

namespace {

event of(event_kind kind) {
    event happened;
    happened.kind = kind;
    return happened;
}

// A callback of the owner's, beside those that `callbacks` knows.
struct owner {
    callbacks listeners{};
    shared_callback<std::string> slot{};

    void set(std::function<void(const std::string&)> callback) {
        listeners.set(slot, std::move(callback));
    }

    bool call(const std::string& argument) {
        event during = of(event_kind::schema_reloaded);
        during.target = "http://localhost:3000";
        during.source = schema_source::server;
        return listeners.call(slot, argument, during);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(callbacks_test)

BOOST_AUTO_TEST_CASE(an_event_that_nobody_receives_need_not_be_described) {
    forest::detail::callbacks listeners;
    listeners.on_server_down([](const forest::outage&) {});
    BOOST_TEST(!listeners.receives(forest::event_kind::check_started));
    BOOST_TEST(listeners.receives(forest::event_kind::server_down));
    BOOST_TEST(listeners.receives(forest::event_kind::server_up));
    listeners.on_event([](const forest::event&) {});
    BOOST_TEST(listeners.receives(forest::event_kind::check_started));
    listeners.on_event({});
    BOOST_TEST(!listeners.receives(forest::event_kind::check_started));
}

BOOST_AUTO_TEST_CASE(B14_close_waits_for_the_callback_that_is_running_on_another_thread) {
    callbacks listeners;
    std::latch inside{1};
    std::atomic<bool> finished = false;
    listeners.on_event([&](const event&) {
        inside.count_down();
        for (int n = 0; n < 1000; ++n)
            std::this_thread::yield();
        finished = true;
    });
    std::thread caller{[&] { listeners.report(of(event_kind::started)); }};
    inside.wait();
    listeners.close([] {});
    BOOST_TEST(finished);
    caller.join();
}

BOOST_AUTO_TEST_CASE(B14_close_from_inside_returns_at_once_and_nothing_is_reported_after_it) {
    callbacks listeners;
    int told = 0;
    int farewells = 0;
    listeners.on_event([&](const event&) {
        ++told;
        listeners.close([&] { ++farewells; });
    });
    listeners.report(of(event_kind::started));
    listeners.report(of(event_kind::started));
    BOOST_TEST(told == 1);
    BOOST_TEST(farewells == 0);
    BOOST_TEST(listeners.closed());
}

BOOST_AUTO_TEST_CASE(B13_ten_threads_close_and_one_says_farewell) {
    callbacks listeners;
    std::atomic<int> farewells = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 10; ++n)
        threads.emplace_back([&] {
            listeners.report(of(event_kind::check_started));
            listeners.close([&] { ++farewells; });
        });
    for (auto& each : threads)
        each.join();
    BOOST_TEST(farewells == 1);
}

BOOST_AUTO_TEST_CASE(closing_again_inside_the_farewell_returns) {
    callbacks listeners;
    std::vector<event_kind> told;
    listeners.on_event([&](const event& happened) {
        told.push_back(happened.kind);
        listeners.close([] { BOOST_ERROR("a second farewell"); });
    });
    listeners.close([&] { listeners.report_last(of(event_kind::stopped)); });
    BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_farewell_callback_that_throws_harms_nobody) {
    callbacks listeners;
    listeners.on_event([](const event&) { throw std::runtime_error("x"); });
    listeners.close([&] { listeners.report_last(of(event_kind::stopped)); });
    BOOST_TEST(listeners.closed());
}

BOOST_AUTO_TEST_CASE(B14_no_closer_returns_while_the_last_words_are_said) {
    for (int round = 0; round < 200; ++round) {
        callbacks listeners;
        std::latch inside{1};
        std::atomic<bool> running = false;
        std::atomic<int> returned_too_early = 0;
        listeners.on_event([&](const event&) {
            running = true;
            inside.count_down();
            std::this_thread::yield();
            running = false;
        });
        std::vector<std::thread> threads;
        threads.emplace_back([&] { listeners.report(of(event_kind::started)); });
        inside.wait();
        for (int n = 0; n < 3; ++n)
            threads.emplace_back([&] {
                listeners.close([&]() noexcept {
                    running = true;
                    for (int turn = 0; turn < 20; ++turn)
                        std::this_thread::yield();
                    running = false;
                });
                returned_too_early += running;
            });
        for (auto& each : threads)
            each.join();
        BOOST_TEST(returned_too_early == 0);
    }
}

BOOST_AUTO_TEST_CASE(B14_a_callback_that_closes_is_the_last_even_if_another_thread_closes_too) {
    callbacks listeners;
    std::latch inside{1};
    std::latch closing{1};
    std::atomic<int> farewells = 0;
    listeners.on_event([&](const event&) {
        inside.count_down();
        closing.wait();
        while (!listeners.closed())
            std::this_thread::yield();
        listeners.close([&]() noexcept { ++farewells; });
    });
    std::thread caller{[&] { listeners.report(of(event_kind::started)); }};
    inside.wait();
    std::thread closer{[&] {
        closing.count_down();
        listeners.close([&]() noexcept { ++farewells; });
    }};
    caller.join();
    closer.join();
    BOOST_TEST(farewells == 0);
}

BOOST_AUTO_TEST_CASE(what_callbacks_hold_is_gone_when_close_returns) {
    const auto witness = std::make_shared<int>(0);
    callbacks listeners;
    std::latch inside{1};
    listeners.on_event([&, witness](const event&) {
        listeners.on_event({}); // The call alone holds the capture from here.
        inside.count_down();
        for (int n = 0; n < 100; ++n)
            std::this_thread::yield();
    });
    listeners.on_server_up([witness](const outage&) {});
    std::thread caller{[&] { listeners.report(of(event_kind::started)); }};
    inside.wait();
    listeners.close([]() noexcept {});
    BOOST_TEST(witness.use_count() == 1);
    caller.join();
    listeners.on_server_down([witness](const outage&) {});
    BOOST_TEST(witness.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(B16_a_callback_of_the_owners_is_called_and_may_be_missing) {
    owner mine;
    BOOST_TEST(mine.call("nobody listens"));
    std::vector<std::string> told;
    mine.set([&](const std::string& argument) { told.push_back(argument); });
    BOOST_TEST(mine.call("first"));
    BOOST_TEST(mine.call("second"));
    BOOST_TEST((told == std::vector<std::string>{"first", "second"}));
    mine.set({});
    BOOST_TEST(mine.call("third"));
    BOOST_TEST(told.size() == 2U);
}

BOOST_AUTO_TEST_CASE(B16_its_exception_is_reported_as_an_event_like_the_one_it_was_called_for) {
    owner mine;
    std::vector<std::string> told;
    mine.listeners.on_event([&](const event& happened) {
        BOOST_TEST((happened.kind == event_kind::callback_failed));
        BOOST_TEST(happened.target == "http://localhost:3000");
        BOOST_TEST((happened.source == schema_source::server));
        told.emplace_back(happened.detail);
    });
    mine.set([](const std::string& argument) { throw std::runtime_error(argument); });
    BOOST_TEST(!mine.call("no reload"));
    mine.set([](const std::string&) { throw 7; });
    BOOST_TEST(!mine.call(""));
    BOOST_TEST(
        (told == std::vector<std::string>{"no reload", "an exception that is no std::exception"}));
    mine.set([](const std::string&) {});
    BOOST_TEST(mine.call(""));
    BOOST_TEST(told.size() == 2U);
}

// Each member is empty unless the table in docs/reference/events.md says otherwise.
BOOST_AUTO_TEST_CASE(B16_a_callback_that_fails_is_no_result_of_a_check) {
    callbacks listeners;
    int failures = 0;
    const auto empty = [&](const event& happened) {
        BOOST_TEST((happened.kind == event_kind::callback_failed));
        BOOST_TEST((happened.check == nullptr));
        BOOST_TEST(happened.path.empty());
        BOOST_TEST((happened.outage == nullptr));
        BOOST_TEST(happened.failures == 3);
        ++failures;
    };
    listeners.on_event([&](const event& happened) {
        if (happened.kind != event_kind::callback_failed)
            throw std::runtime_error("x");
        empty(happened);
    });
    listeners.on_server_down([](const outage&) { throw std::runtime_error("y"); });
    const verdict judged;
    const outage began;
    listeners.report({.kind = event_kind::server_down,
                      .target = "http://localhost:3000",
                      .path = "/forest/health",
                      .failures = 3,
                      .check = &judged,
                      .outage = &began});
    BOOST_TEST(failures == 2);
    // Also for the last resort.
    listeners.on_event([](const event&) { throw std::runtime_error("z"); });
    listeners.on_unheard(empty);
    listeners.report({.kind = event_kind::check_failed,
                      .path = "/forest/health",
                      .failures = 3,
                      .check = &judged});
    BOOST_TEST(failures == 3);
    listeners.close([&]() noexcept {
        listeners.report_last({.kind = event_kind::stopping, .failures = 3, .check = &judged});
    });
    BOOST_TEST(failures == 4);
}

BOOST_AUTO_TEST_CASE(B16_it_makes_no_difference_that_nobody_receives_the_report) {
    owner mine;
    mine.set([](const std::string&) { throw std::runtime_error("x"); });
    BOOST_TEST(!mine.call(""));
    mine.listeners.on_event([](const event&) { throw std::runtime_error("y"); });
    BOOST_TEST(!mine.call(""));
}

BOOST_AUTO_TEST_CASE(B14_a_closed_gate_lets_no_callback_of_the_owners_pass) {
    owner mine;
    int calls = 0;
    mine.set([&](const std::string&) { ++calls; });
    mine.listeners.close([]() noexcept {});
    BOOST_TEST(!mine.call("too late"));
    BOOST_TEST(calls == 0);
}

BOOST_AUTO_TEST_CASE(B14_a_callback_of_the_owners_that_closes_is_the_last) {
    owner mine;
    int calls = 0;
    int events = 0;
    mine.listeners.on_event([&](const event&) { ++events; });
    mine.set([&](const std::string&) {
        ++calls;
        mine.listeners.close([]() noexcept { BOOST_ERROR("a farewell"); });
        throw std::runtime_error("reported to nobody");
    });
    BOOST_TEST(!mine.call(""));
    BOOST_TEST(!mine.call("again"));
    BOOST_TEST(calls == 1);
    BOOST_TEST(events == 0);
}

BOOST_AUTO_TEST_CASE(B14_close_waits_for_a_callback_of_the_owners_on_another_thread) {
    owner mine;
    std::latch inside{1};
    std::atomic<bool> finished = false;
    mine.set([&](const std::string&) {
        inside.count_down();
        for (int n = 0; n < 1000; ++n)
            std::this_thread::yield();
        finished = true;
    });
    std::thread caller{[&] { (void)mine.call(""); }};
    inside.wait();
    mine.listeners.close([]() noexcept {});
    BOOST_TEST(finished);
    caller.join();
}

BOOST_AUTO_TEST_CASE(a_callback_of_the_owners_may_replace_itself_and_a_closed_gate_keeps_none) {
    const auto witness = std::make_shared<int>(0);
    owner mine;
    mine.set([&mine, witness](const std::string&) { mine.set({}); });
    BOOST_TEST(witness.use_count() == 2);
    BOOST_TEST(mine.call(""));
    BOOST_TEST(witness.use_count() == 1);
    mine.set([witness](const std::string&) {});
    mine.listeners.close([]() noexcept {});
    mine.set({}); // The owner's to drop.
    BOOST_TEST(witness.use_count() == 1);
    mine.set([witness](const std::string&) {});
    BOOST_TEST(witness.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(B7_B8_those_of_a_fleet_receive_the_target_of_the_outage) {
    callbacks listeners;
    std::vector<std::string> told;
    const outage of_it{.id = 3};
    const auto note = [&](const char* what, target_id whose, const outage& which) {
        BOOST_TEST(&which == &of_it);
        told.push_back(what + std::to_string(static_cast<int>(whose)));
    };
    listeners.on_event([&](const event& happened) { note("event", happened.id, of_it); });
    listeners.on_server_down(
        [&](target_id whose, const outage& which) { note("down", whose, which); });
    listeners.on_server_up([&](target_id whose, const outage& which) { note("up", whose, which); });
    for (const event_kind kind : {event_kind::server_down, event_kind::server_up}) {
        event happened = of(kind);
        happened.id = target_id{7};
        happened.outage = &of_it;
        listeners.report(happened);
    }
    BOOST_TEST((told == std::vector<std::string>{"event7", "down7", "event7", "up7"}));
}

BOOST_AUTO_TEST_CASE(a_listener_to_outages_receives_no_event_that_nobody_wants_any_more) {
    callbacks listeners;
    bool wanted = true;
    int outages = 0;
    listeners.on_event([&](const event&) { wanted = false; });
    listeners.on_server_down([&](const outage&) { ++outages; });
    listeners.on_server_up([&](const outage&) { ++outages; });
    const outage of_it;
    for (const event_kind kind : {event_kind::server_down, event_kind::server_up}) {
        event happened = of(kind);
        happened.outage = &of_it;
        wanted = true;
        listeners.report(happened, [&] { return wanted; });
    }
    BOOST_TEST(outages == 0);
}

BOOST_AUTO_TEST_CASE(B16_an_empty_callback_of_a_fleet_unsets_and_one_of_a_client_replaces) {
    callbacks listeners;
    int calls = 0;
    event happened = of(event_kind::server_down);
    const outage of_it;
    happened.outage = &of_it;
    listeners.on_server_down([&](target_id, const outage&) { ++calls; });
    listeners.on_server_down(std::function<void(target_id, const outage&)>{});
    listeners.report(happened);
    BOOST_TEST(calls == 0);
    listeners.on_server_down([&](target_id, const outage&) { ++calls; });
    listeners.on_server_down([&](const outage&) { calls += 10; });
    listeners.report(happened);
    BOOST_TEST(calls == 10);
}

BOOST_AUTO_TEST_SUITE_END()
