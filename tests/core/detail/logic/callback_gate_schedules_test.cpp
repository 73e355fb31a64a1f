// SPDX-License-Identifier: BSL-1.0

// What callbacks_test.cpp tries with threads that happen to meet, in each order in which they can.

#include <support/schedules.hpp>

#include <forest/core/detail/logic/callbacks.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace forest;
using namespace forest::detail;
using forest::tests::try_schedules;

namespace {

// Callbacks, threads that use them, and what was seen. The threads run one at a time, so plain
// members are enough.
struct gate_world {
    callbacks listeners{};
    std::shared_ptr<int> witness = std::make_shared<int>(0); // captured by callbacks
    std::vector<std::function<void()>> threads{};
    int running = 0; // callbacks and farewells
    int called = 0;
    int farewells = 0;
    std::string fault{};

    void expect(bool holds, const char* text) {
        if (!holds && fault.empty())
            fault = text;
    }

    // The body of a callback or a farewell.
    void run_inside() {
        expect(running == 0, "two run at once");
        ++running;
        schedule_point();
        --running;
    }

    void listen(std::function<void()> more = [] {}) {
        listeners.on_event([this, more = std::move(more), held = witness](const event&) {
            expect(farewells == 0, "a callback runs after the farewell");
            ++called;
            run_inside();
            more();
        });
    }

    void report() { listeners.report(event{.kind = event_kind::started}); }

    void close(bool inside = false) {
        listeners.close([this]() noexcept {
            run_inside();
            ++farewells;
        });
        if (inside)
            return;
        expect(running == 0, "close returns while something runs");
        expect(witness.use_count() == 1, "close returns while a callback is kept");
    }
};

template <typename Fill>
auto making(const Fill& fill) {
    return [fill] {
        auto world = std::make_unique<gate_world>();
        fill(*world);
        return world;
    };
}

std::string fault_of(const gate_world& world) {
    return world.fault;
}

} // namespace

BOOST_AUTO_TEST_SUITE(callback_gate_schedules_test)

BOOST_AUTO_TEST_CASE(B14_close_waits_for_the_callback_and_none_runs_after_it) {
    int called = 0;
    const auto tried = try_schedules(3, making([](gate_world& world) {
                                         world.listen();
                                         world.threads = {[&world] {
                                                              world.report();
                                                              world.report();
                                                          },
                                                          [&world] { world.close(); }};
                                     }),
                                     [&](const gate_world& world) -> std::string {
                                         called |= 1 << world.called;
                                         return world.farewells == 1 ? world.fault : "no farewell";
                                     });
    BOOST_TEST(tried.failure == "");
    BOOST_TEST(tried.count > 50);
    BOOST_TEST(called == 7, "closed before, between and after the two");
}

BOOST_AUTO_TEST_CASE(B14_a_callback_that_closes_is_the_last_whoever_else_closes) {
    int outcomes = 0;
    const auto tried = try_schedules(3, making([](gate_world& world) {
                                         world.listen([&world] { world.close(true); });
                                         world.threads = {[&world] {
                                                              world.report();
                                                              world.report();
                                                          },
                                                          [&world] { world.close(); }};
                                     }),
                                     [&](const gate_world& world) -> std::string {
                                         outcomes |= 1 << world.called;
                                         return world.called + world.farewells == 1
                                                    ? world.fault
                                                    : "not one last callback or farewell";
                                     });
    BOOST_TEST(tried.failure == "");
    BOOST_TEST(tried.count > 50);
    BOOST_TEST(outcomes == 3);
}

BOOST_AUTO_TEST_CASE(B13_no_closer_returns_before_the_farewell_and_one_says_it) {
    const auto tried = try_schedules(2, making([](gate_world& world) {
                                         world.listen();
                                         world.threads = {[&world] { world.report(); }};
                                         for (int closers = 0; closers < 2; ++closers)
                                             world.threads.emplace_back([&world] {
                                                 world.close();
                                                 world.expect(world.farewells == 1,
                                                              "close returns before the farewell");
                                             });
                                     }),
                                     fault_of);
    BOOST_TEST(tried.failure == "");
    BOOST_TEST(tried.count > 200);
}

BOOST_AUTO_TEST_CASE(B14_three_closers_and_a_callback_that_closes_all_return) {
    const auto tried =
        try_schedules(1, making([](gate_world& world) {
                          world.listen([&world] { world.close(true); });
                          world.threads = {[&world] { world.report(); }};
                          for (int closers = 0; closers < 3; ++closers)
                              world.threads.emplace_back([&world] { world.close(); });
                      }),
                      [](const gate_world& world) -> std::string {
                          return world.called + world.farewells == 1
                                     ? world.fault
                                     : "not one last callback or farewell";
                      });
    BOOST_TEST(tried.failure == "");
    BOOST_TEST(tried.count > 100);
}

BOOST_AUTO_TEST_CASE(B18_a_callback_that_is_set_during_close_is_not_kept) {
    const auto tried = try_schedules(
        3, making([](gate_world& world) {
            world.threads = {[&world] { world.listen(); },
                             [&world] { world.listeners.close([]() noexcept {}); },
                             [&world] { world.report(); }};
        }),
        [](const gate_world& world) -> std::string {
            return world.witness.use_count() == 1 ? world.fault : "a closed gate keeps a callback";
        });
    BOOST_TEST(tried.failure == "");
    BOOST_TEST(tried.count > 50);
}

// The test of the schedules themselves.
BOOST_AUTO_TEST_CASE(a_lost_update_and_a_lost_wake_up_are_found) {
    struct racing_world {
        std::vector<std::function<void()>> threads{};
        int value = 0;
        std::atomic<unsigned> changes = 0;
    };
    const auto make = [] {
        auto world = std::make_unique<racing_world>();
        const auto increment = [&world = *world] {
            const int seen = world.value;
            schedule_point();
            world.value = seen + 1;
        };
        world->threads = {increment, increment};
        return world;
    };
    const auto lost = try_schedules(1, make, [](const racing_world& world) -> std::string {
        return world.value == 2 ? "" : "lost";
    });
    BOOST_TEST(lost.failure.find("lost in the order") == 0U);
    const auto sleeping = [] {
        auto world = std::make_unique<racing_world>();
        world->threads = {[&world = *world] {
                              if (world.value != 0)
                                  return;
                              schedule_point(); // The change comes here.
                              const unsigned seen = world.changes;
                              schedule_wait(world.changes, seen);
                          },
                          [&world = *world] {
                              world.value = 1;
                              ++world.changes;
                          }};
        return world;
    };
    const auto stuck =
        try_schedules(1, sleeping, [](const racing_world&) { return std::string{}; });
    BOOST_TEST(stuck.failure.find("all threads wait") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
