// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/captured_stderr.hpp>

#include <forest/adapters/asio/failure_reporter.hpp>
#include <forest/forest.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// B16: an exception from a callback that is reported to nobody goes to standard error.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;
constexpr options at_once{.interval = 1ms, .timeout = 5s, .failure_threshold = 1};

auto lines_in(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

struct context {
    asio::io_context io;
    std::string refused = "http://127.0.0.1:" + std::to_string(refused_port()) + "/health";
    captured_stderr captured;

    // Runs until `done()`.
    template <typename Done>
    void run_until(Done done) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (!done() && std::chrono::steady_clock::now() < end)
            io.run_one_for(100ms);
    }
};

event failed(std::string_view what) {
    event result;
    result.kind = event_kind::callback_failed;
    result.target = "http://h/health";
    result.detail = what;
    return result;
}

template <typename Clock>
constexpr bool reports_by_default = requires { Clock::unheard(); };

} // namespace

BOOST_FIXTURE_TEST_SUITE(failure_reporter_test, context)

BOOST_AUTO_TEST_CASE(one_line_a_minute_is_admitted_and_what_comes_between_is_counted) {
    detail::line_limit limit;
    const steady_time start{1h};
    BOOST_TEST((limit.admit(start) == std::optional<std::uint64_t>{0}));
    BOOST_TEST(!limit.admit(start).has_value());
    BOOST_TEST(!limit.admit(start + 30s).has_value());
    BOOST_TEST(!limit.admit(start + 60s - 1ns).has_value());
    BOOST_TEST((limit.admit(start + 60s) == std::optional<std::uint64_t>{3}));
    BOOST_TEST(!limit.admit(start + 61s).has_value());
    BOOST_TEST((limit.admit(start + 1h) == std::optional<std::uint64_t>{1}));
    BOOST_TEST((limit.admit(start + 2h) == std::optional<std::uint64_t>{0}));
}

BOOST_AUTO_TEST_CASE(what_was_thrown_takes_one_line_of_bounded_length) {
    const failure_reporter report;
    report(failed("two\nlines\x1b[31m and " + std::string(5000, 'x')));
    const std::string text = captured.text();
    BOOST_TEST(lines_in(text) == 1);
    BOOST_TEST(text.size() < 1100U);
    BOOST_TEST(contains(text, "forest: "));
    BOOST_TEST(contains(text, "http://h/health"));
    BOOST_TEST(contains(text, "two lines"));
    BOOST_TEST(!contains(text, "\x1b"));
    BOOST_TEST(contains(text, "on_event"));
}

BOOST_AUTO_TEST_CASE(copies_on_many_threads_share_one_line_a_minute) {
    const failure_reporter report;
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n)
        threads.emplace_back([report] {
            for (int each = 0; each < 100; ++each)
                report(failed("again"));
        });
    for (std::thread& each : threads)
        each.join();
    BOOST_TEST(lines_in(captured.text()) == 1);
}

BOOST_AUTO_TEST_CASE(B16_a_callback_that_throws_without_on_event_is_not_missed) {
    int downs = 0;
    health_client client{io.get_executor(), url{refused}, "secret", at_once};
    client.on_server_down([&](const outage&) {
        ++downs;
        throw std::runtime_error{"the pager is broken"};
    });
    client.start();
    run_until([&] { return downs > 0; });
    const std::string text = captured.text();
    BOOST_TEST(lines_in(text) == 1);
    BOOST_TEST(contains(text, "the pager is broken"));
    BOOST_TEST(contains(text, refused));
}

BOOST_AUTO_TEST_CASE(B16_what_is_no_std_exception_is_not_missed) {
    bool called = false;
    health_client client{io.get_executor(), url{refused}, "secret", at_once};
    client.on_server_down([&](const outage&) {
        called = true;
        throw 7;
    });
    client.start();
    run_until([&] { return called; });
    BOOST_TEST(contains(captured.text(), "an exception that is no std::exception"));
}

BOOST_AUTO_TEST_CASE(B16_an_observer_receives_it_and_standard_error_is_not_used) {
    std::string told;
    health_client client{io.get_executor(), url{refused}, "secret", at_once};
    client.on_event([&](const event& happened) {
        if (happened.kind == event_kind::callback_failed)
            told = happened.detail;
    });
    client.on_server_down([](const outage&) { throw std::runtime_error{"the pager is broken"}; });
    client.start();
    run_until([&] { return !told.empty(); });
    BOOST_TEST(told == "the pager is broken");
    BOOST_TEST(captured.text() == "");
}

BOOST_AUTO_TEST_CASE(B16_an_on_event_that_always_throws_is_not_missed) {
    int calls = 0;
    {
        health_client client{io.get_executor(), url{refused}, "secret", at_once};
        client.on_event([&](const event&) {
            ++calls;
            throw std::runtime_error{"no log file"};
        });
        client.start();
        run_until([&] { return calls > 8; });
        BOOST_TEST(lines_in(captured.text()) == 1);
        client.stop();
    }
    BOOST_TEST(contains(captured.text(), "no log file"));
    BOOST_TEST(lines_in(captured.text()) == 1);
}

BOOST_AUTO_TEST_CASE(B16_an_on_event_that_throws_on_the_last_event_is_not_missed) {
    bool started = false;
    health_client client{io.get_executor(), url{refused}, "secret", at_once};
    client.on_event([&](const event& happened) {
        started = true;
        if (happened.kind == event_kind::stopped)
            throw std::runtime_error{"no farewell"};
    });
    client.start();
    run_until([&] { return started; });
    BOOST_TEST(captured.text() == "");
    client.stop();
    BOOST_TEST(contains(captured.text(), "no farewell"));
}

BOOST_AUTO_TEST_CASE(B16_each_client_has_a_limit_of_its_own) {
    int downs = 0;
    const auto throwing = [&](const outage&) {
        ++downs;
        throw std::runtime_error{"broken"};
    };
    health_client one{io.get_executor(), url{refused}, "secret", at_once};
    health_client other{io.get_executor(), url{refused}, "secret", at_once};
    one.on_server_down(throwing);
    other.on_server_down(throwing);
    one.start();
    other.start();
    run_until([&] { return downs == 2; });
    BOOST_TEST(lines_in(captured.text()) == 2);
}

BOOST_AUTO_TEST_CASE(B16_the_default_can_be_replaced_and_switched_off) {
    std::vector<std::string> told;
    int downs = 0;
    const auto throwing = [&](const outage&) {
        ++downs;
        throw std::runtime_error{"broken"};
    };
    health_client replaced{io.get_executor(), url{refused}, "secret", at_once};
    replaced.on_server_down(throwing);
    replaced.on_unheard([&](const event& happened) { told.emplace_back(happened.detail); });
    health_client silent{io.get_executor(), url{refused}, "secret", at_once};
    silent.on_server_down(throwing);
    silent.on_unheard({});
    health_client hopeless{io.get_executor(), url{refused}, "secret", at_once};
    hopeless.on_server_down(throwing);
    hopeless.on_unheard([](const event&) { throw std::runtime_error{"that, too"}; });
    for (health_client* each : {&replaced, &silent, &hopeless})
        each->start();
    run_until([&] { return downs == 3; });
    BOOST_TEST(told == std::vector<std::string>{"broken"}, boost::test_tools::per_element());
    BOOST_TEST(captured.text() == "");
}

BOOST_AUTO_TEST_CASE(B16_the_targets_of_a_fleet_share_one_line_a_minute) {
    int downs = 0;
    health_fleet fleet{io.get_executor(), "secret"};
    fleet.on_server_down([&](target_id, const outage&) {
        ++downs;
        throw std::runtime_error{"broken"};
    });
    for (int n = 0; n < 3; ++n)
        fleet.add(url{refused}, {.interval = 10ms, .failure_threshold = 1});
    fleet.start();
    run_until([&] { return downs == 3; });
    BOOST_TEST(lines_in(captured.text()) == 1);
}

BOOST_AUTO_TEST_CASE(B16_the_threads_of_a_sharded_fleet_share_one_line_a_minute) {
    std::atomic<int> downs = 0;
    {
        sharded_fleet<health_fleet> fleet{4, [](const asio::any_io_executor& executor) {
                                              return health_fleet{executor, "secret"};
                                          }};
        fleet.on_server_down([&](target_id, const outage&) {
            ++downs;
            throw std::runtime_error{"broken"};
        });
        for (int n = 0; n < 16; ++n)
            fleet.add(url{"http://127.0.0." + std::to_string(n + 1) + ":" +
                          std::to_string(url{refused}.port()) + "/"},
                      {.interval = 10ms, .failure_threshold = 1});
        fleet.start();
        run_until([&] { return downs == 16; });
    }
    BOOST_TEST(downs == 16);
    BOOST_TEST(lines_in(captured.text()) == 1);
}

BOOST_AUTO_TEST_CASE(B16_a_datasource_does_the_same) {
    int downs = 0;
    datasource_options settings;
    settings.uri = refused.substr(0, refused.find("/health"));
    settings.auth_secret = "secret";
    settings.health_check_failure_threshold = 1;
    datasource source{io.get_executor(), settings};
    source.on_server_down([&](const outage&) {
        ++downs;
        throw std::runtime_error{"broken"};
    });
    source.start();
    run_until([&] { return downs > 0; });
    BOOST_TEST(lines_in(captured.text()) == 1);
}

BOOST_AUTO_TEST_CASE(simulations_write_nothing) {
    BOOST_TEST(reports_by_default<asio_clock>);
    BOOST_TEST(!reports_by_default<sim::virtual_clock>);
}

BOOST_AUTO_TEST_SUITE_END()
