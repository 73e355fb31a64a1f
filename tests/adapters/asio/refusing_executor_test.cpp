// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/refusing_executor.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/forest.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

// An executor that wraps another has memory of its own to find for each function, and may not find
// it: nothing hangs for that, and nothing is lost that it takes a moment later.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr int always = std::numeric_limits<int>::max();

struct context {
    asio::io_context io;
    refusal_plan plan;
    asio::any_io_executor executor{refusing_executor{io, plan}};

    void run() {
        io.restart();
        io.run_for(20s);
    }
};

struct noted_task final : detail::serial_task {
    noted_task(std::vector<int>& in, int number) : in_{in}, number_{number} {}
    void perform() override { in_.push_back(number_); }
    void abandon() noexcept override { in_.push_back(-number_); }

private:
    std::vector<int>& in_;
    int number_;
};

template <typename Transport>
Transport make(const asio_clock& clock) {
    if constexpr (std::is_same_v<Transport, pooled_transport>)
        return pooled_transport{asio_connection_pool{clock}};
    else
        return asio_transport{clock};
}

// Clients whose executor refuses one function, or several in a row, at every place.
template <typename Transport>
void start_and_stop(std::uint16_t port) {
    constexpr int places_max = 1000;
    const std::string target = "http://127.0.0.1:" + std::to_string(port) + "/forest/health";
    for (const int row : {1, 5}) {
        bool reached = true;
        for (int place = 0; reached && place < places_max; ++place) {
            asio::io_context io;
            refusal_plan plan;
            const asio_clock clock{refusing_executor{io, plan}};
            int started = 0;
            int ended = 0;
            int succeeded = 0;
            const auto guarded = [](const auto& function) {
                try {
                    function();
                } catch (const std::bad_alloc&) {
                }
            };
            basic_health_client client{
                make<Transport>(clock), clock,       hmac_sha256_signer{"secret"},
                exponential_backoff{},  url{target}, options{.interval = 1ms, .timeout = 100ms}};
            client.on_event([&](const event& happened) {
                started += happened.kind == event_kind::check_started ? 1 : 0;
                succeeded += happened.kind == event_kind::check_succeeded ? 1 : 0;
                ended += happened.check != nullptr ? 1 : 0;
            });
            plan = {.takes = place, .refuses = row};
            guarded([&] { client.start(); });
            guarded([&] {
                while (succeeded < 3 && !io.stopped())
                    io.run_one_for(20s);
            });
            guarded([&] { client.stop(); });
            reached = plan.refuses < row;
            plan = {};
            io.restart();
            io.run_for(20s);
            BOOST_TEST(io.stopped());
            BOOST_TEST(ended <= started);
        }
        BOOST_TEST(!reached);
    }
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(refusing_executor_test, context)

BOOST_AUTO_TEST_CASE(B26_a_mailbox_whose_executor_refuses_a_task_says_so_and_takes_the_next) {
    std::vector<int> done;
    noted_task first{done, 1};
    noted_task second{done, 2};
    detail::task_mailbox mailbox{executor};
    plan.refuses = 1;
    BOOST_TEST(!mailbox.post(first, nullptr));
    BOOST_TEST(mailbox.post(second, nullptr));
    run();
    BOOST_TEST(done == std::vector{2});
    BOOST_TEST(mailbox.post(first, nullptr));
    run();
    BOOST_TEST(done == (std::vector{2, 1}));
}

BOOST_AUTO_TEST_CASE(
    B26_a_mailbox_performs_all_tasks_although_its_executor_refuses_a_further_visit) {
    std::vector<int> done;
    noted_task first{done, 1};
    noted_task second{done, 2};
    noted_task third{done, 3};
    detail::task_mailbox mailbox{executor};
    for (noted_task* const each : {&first, &second, &third})
        BOOST_TEST(mailbox.post(*each, nullptr));
    plan.refuses = always;
    run();
    BOOST_TEST(done == (std::vector{1, 2, 3}));
    BOOST_TEST(!mailbox.post(first, nullptr));
    plan.refuses = 0;
    BOOST_TEST(mailbox.post(second, nullptr));
    run();
    BOOST_TEST(done == (std::vector{1, 2, 3, 2}));
}

BOOST_AUTO_TEST_CASE(B26_a_mailbox_abandons_its_tasks_with_the_executor) {
    std::vector<int> done;
    noted_task first{done, 1};
    noted_task second{done, 2};
    {
        asio::io_context stopped;
        const auto mailbox =
            std::make_shared<detail::task_mailbox>(refusing_executor{stopped, plan});
        BOOST_TEST(mailbox->post(first, mailbox));
        BOOST_TEST(mailbox->post(second, mailbox));
        BOOST_TEST(done.empty());
    }
    BOOST_TEST(done == (std::vector{-1, -2}));
}

BOOST_AUTO_TEST_CASE(B26_cancelling_a_clock_whose_executor_refuses_it_for_long_drops_the_waits) {
    const auto held = std::make_shared<int>();
    asio_clock clock{executor};
    int ended = 0;
    for (int wait = 0; wait < 3; ++wait)
        clock.async_wait(1h, [&ended, held](std::error_code) { ++ended; });
    plan.refuses = always;
    clock.cancel();
    BOOST_TEST(held.use_count() == 1);
    plan.refuses = 0;
    clock.async_wait(0s, [&ended](std::error_code ec) { ended += ec ? 100 : 1; });
    run();
    BOOST_TEST(ended == 1);
}

BOOST_AUTO_TEST_CASE(
    B26_cancelling_a_clock_ends_each_wait_when_its_executor_takes_it_a_moment_later) {
    asio_clock clock{executor};
    int canceled = 0;
    for (int wait = 0; wait < 3; ++wait)
        clock.async_wait(1h, [&](std::error_code ec) {
            canceled += ec == make_error_code(errc::operation_canceled) ? 1 : 0;
        });
    plan.refuses = detail::memory_pauses_max / 10;
    clock.cancel();
    run();
    BOOST_TEST(canceled == 3);
}

BOOST_AUTO_TEST_CASE(B26_a_pool_whose_executor_refuses_a_turn_asks_for_it_again) {
    const running_server server;
    const asio_clock clock{executor};
    pooled_transport transport{asio_connection_pool{clock}};
    request asked;
    asked.target = url{"http://127.0.0.1:" + std::to_string(server.port) + "/forest/health"};
    int answered = 0;
    int canceled = 0;
    const auto on_end = [&](const reply& answer) {
        answered += answer.status == 200 ? 1 : 0;
        canceled += answer.error == errc::operation_canceled ? 1 : 0;
    };
    transport.async_get(asked, 20s, on_end);
    plan.refuses = detail::memory_pauses_max / 10;
    transport.cancel();
    run();
    BOOST_TEST(canceled == 1);
    transport.async_get(asked, 20s, on_end);
    run();
    BOOST_TEST(answered == 1);
}

// Asio itself loses what its executor refuses. The client may check no more, but no call hangs.
BOOST_AUTO_TEST_CASE(B26_no_call_of_a_client_hangs_whatever_its_executor_refuses) {
    const running_server server;
    start_and_stop<asio_transport>(server.port);
    start_and_stop<pooled_transport>(server.port);
}

BOOST_AUTO_TEST_SUITE_END()
