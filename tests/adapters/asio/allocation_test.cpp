// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/replaced_memory.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/fmt/log_observer.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/health_route.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// B18: in the steady state a check allocates nothing in the library. Counted below operator new, at
// malloc, because Asio and OpenSSL go there directly.

#ifndef FOREST_TEST_MALLOC_IS_TAKEN

using namespace forest;
using namespace forest::detail;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr int warm_up_checks = 10;
constexpr int counted_checks = 50;

// OpenSSL 3 copies the state of a hash through its own heap, which no caller can prevent. That is
// counted apart.
struct apart {
    void sign(const request& what, wall_time at, header_fields& fields) {
        const bool was_counting = counting;
        counting = false;
        signer.sign(what, at, fields);
        counting = was_counting;
    }

    hmac_sha256_signer signer{"secret"};
};

struct measurement {
    int succeeded = 0;
    std::size_t allocations = 0;
};

using transports = std::tuple<asio_transport, pooled_transport>;

template <typename Transport>
Transport make(const asio_clock& clock, const transport_options& settings) {
    if constexpr (std::is_same_v<Transport, pooled_transport>)
        return pooled_transport{asio_connection_pool{clock, settings}};
    else
        return asio_transport{clock, settings};
}

// Runs a client against a server on another thread; counts what this thread allocates in the checks
// after the first few.
template <typename Transport>
measurement measure(const std::string& target, const transport_options& settings) {
    asio::io_context io;
    const asio_clock clock{io.get_executor()};
    basic_health_client client{
        make<Transport>(clock, settings),        clock, apart{}, exponential_backoff{}, url{target},
        options{.interval = 1ms, .timeout = 20s}};
    measurement result;
    std::size_t logged = 0;
    basic_log_observer log{severity::debug,
                           [&](severity, std::string_view line) { logged += line.size(); }};
    client.on_server_down([](const outage&) {});
    client.on_server_up([](const outage&) {});
    client.on_event([&](const event& happened) {
        log.on_event(happened);
        if (happened.kind != event_kind::check_succeeded)
            return;
        if (++result.succeeded == warm_up_checks)
            counting = true;
        if (result.succeeded == warm_up_checks + counted_checks) {
            counting = false;
            client.stop();
        }
    });
    allocations = 0;
    client.start();
    io.run_for(60s);
    counting = false;
    result.allocations = allocations;
    BOOST_TEST(logged > 0U);
    return result;
}

// The surroundings of a fleet when only its own allocations are counted: the test lets time pass,
// and then checks end. Nothing here allocates after its first growth.
struct bare_world {
    using wait_handler = unique_function<void(std::error_code)>;
    using reply_handler = unique_function<void(const reply&)>;

    steady_time now{};
    steady_time due{};
    wait_handler waiting;
    std::vector<wait_handler> canceled;
    std::vector<reply_handler> asked;
    std::size_t answered = 0;

    bare_world() {
        canceled.reserve(1000);
        asked.reserve(1000);
    }

    // Every seventh check fails.
    void pass(duration span) {
        now += span;
        for (wait_handler& each : canceled)
            each(make_error_code(errc::operation_canceled));
        canceled.clear();
        std::swap(ending_, asked);
        for (reply_handler& each : ending_) {
            reply answer;
            answer.status = ++answered % 7 == 0 ? 500 : 200;
            answer.body = R"({"status":"ok"})";
            each(answer);
        }
        ending_.clear();
        if (waiting && due <= now)
            std::exchange(waiting, {})(std::error_code{});
    }

private:
    std::vector<reply_handler> ending_ = [] {
        std::vector<reply_handler> room;
        room.reserve(1000);
        return room;
    }();
};

struct bare_clock {
    bare_world* in;

    [[nodiscard]] wall_time now() const {
        return wall_time{std::chrono::floor<std::chrono::milliseconds>(in->now.time_since_epoch())};
    }
    [[nodiscard]] steady_time steady_now() const { return in->now; }

    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        in->due = in->now + delay;
        in->waiting = std::forward<Handler>(handler);
    }
    void cancel() {
        if (in->waiting)
            in->canceled.push_back(std::move(in->waiting));
    }
};

struct bare_transport {
    bare_world* in;

    template <typename Handler>
    void async_get(const request&, duration, Handler&& handler) {
        in->asked.emplace_back(std::forward<Handler>(handler));
    }
    void cancel() {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(allocation_test)

BOOST_AUTO_TEST_CASE(allocations_are_counted) {
    allocations = 0;
    counting = true;
    // Volatile, because a compiler may leave out an allocation that nobody looks at.
    int* volatile one = new int{1};
    char* volatile two = new char[1000];
    void* volatile three = std::aligned_alloc(64, 64);
    counting = false;
    delete one;
    delete[] two;
    std::free(three);
    BOOST_TEST(allocations == 3U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B18_a_steady_check_on_a_fresh_connection_allocates_nothing, Transport,
                              transports) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    const measurement result = measure<Transport>(server.url(), {});
    BOOST_TEST(result.succeeded == warm_up_checks + counted_checks);
    BOOST_TEST(server.accepted() == warm_up_checks + counted_checks);
    BOOST_TEST(result.allocations == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B18_a_steady_check_on_a_kept_connection_allocates_nothing, Transport,
                              transports) {
    bad_peer server{answering(std::string{healthy_answer})};
    const measurement result = measure<Transport>(server.url(), {.reuse_connections = true});
    BOOST_TEST(result.succeeded == warm_up_checks + counted_checks);
    BOOST_TEST(server.accepted() == 1);
    BOOST_TEST(result.allocations == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B18_B19_a_steady_check_of_a_name_that_is_known_allocates_nothing,
                              Transport, transports) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    const std::string address = server.url();
    const measurement result =
        measure<Transport>("http://localhost" + address.substr(address.rfind(':')), {});
    BOOST_TEST(result.succeeded == warm_up_checks + counted_checks);
    BOOST_TEST(result.allocations == 0U);
}

// Some are answered, some refused, and some time out.
BOOST_AUTO_TEST_CASE(B18_many_checks_at_a_time_over_one_pool_allocate_nothing) {
    constexpr std::size_t at_a_time = 60;
    constexpr std::size_t warm_up = 600;
    constexpr std::size_t counted = 600;
    bad_peer server{answering_once(std::string{healthy_answer})};
    bad_peer mute{[](peer_connection& client) { client.wait_for_close(); }};
    const std::string targets[] = {
        server.url(), "http://127.0.0.1:" + std::to_string(refused_port()) + "/", mute.url()};
    asio::io_context io;
    const asio_connection_pool pool{asio_clock{io.get_executor()}};
    std::vector<pooled_transport> all;
    std::vector<request> asked(at_a_time);
    std::size_t ended = 0;
    const std::function<void(std::size_t)> check = [&](std::size_t index) {
        const duration timeout = index % 3 == 2 ? duration{10ms} : duration{20s};
        all[index].async_get(asked[index], timeout, [&check, &ended, index](const reply&) {
            counting = ++ended >= warm_up && ended < warm_up + counted;
            if (ended < warm_up + counted)
                check(index);
        });
    };
    allocations = 0;
    for (std::size_t index = 0; index < at_a_time; ++index) {
        all.emplace_back(pool);
        asked[index].target = targets[index % std::size(targets)];
    }
    for (std::size_t index = 0; index < at_a_time; ++index)
        check(index);
    io.run_for(60s);
    counting = false;
    BOOST_TEST(ended == warm_up + counted + at_a_time - 1);
    BOOST_TEST(allocations == 0U);
}

// With targets that wait for their turn, and some that fail, go down and come back.
BOOST_AUTO_TEST_CASE(B18_the_steady_checks_of_a_fleet_allocate_nothing) {
    bare_world world;
    basic_health_fleet<bare_transport, bare_clock, unsigned_requests, exponential_backoff> fleet{
        [&] { return bare_transport{&world}; },
        bare_clock{&world},
        unsigned_requests{},
        exponential_backoff{},
        {.checks_in_flight_max = 40, .connections_per_second_max = 4000}};
    std::size_t told = 0;
    fleet.on_event([&](const event&) { ++told; });
    fleet.on_server_down([&](target_id, const outage&) { ++told; });
    fleet.on_server_up([&](target_id, const outage&) { ++told; });
    for (int n = 0; n < 500; ++n)
        fleet.add(url{"http://h" + std::to_string(n % 300) + '/' + std::to_string(n)},
                  {.interval = 100ms,
                   .failure_threshold = 1,
                   .interval_jitter = 0.3,
                   .stall_tolerance = 10s});
    fleet.start();
    for (int n = 0; n < 2000; ++n)
        world.pass(5ms);
    const std::uint64_t warm_up = fleet.statistics().checks;
    allocations = 0;
    counting = true;
    for (int n = 0; n < 2000; ++n)
        world.pass(5ms);
    counting = false;
    BOOST_TEST(allocations == 0U);
    BOOST_TEST(fleet.statistics().checks > warm_up + 30'000U);
    BOOST_TEST(told > 100'000U);
    BOOST_TEST((fleet.statistics().lateness.quantile(1.0) > 50ms)); // Some have waited.
    fleet.stop();
    world.pass(5ms);
}

BOOST_AUTO_TEST_CASE(B18_signing_allocates_only_the_two_copies_that_OpenSSL_makes) {
    hmac_sha256_signer signer{"secret"};
    request asked;
    signer.sign(asked, wall_time{}, asked.fields);
    asked.fields.clear();
    allocations = 0;
    counting = true;
    signer.sign(asked, wall_time{}, asked.fields);
    counting = false;
    BOOST_TEST(allocations <= 2U);
}

// Calls the handler of a route itself.
struct direct_server {
    using responder = void (*)(const response&);

    void get(const std::string&, std::function<void(const server_request&, responder)> given) {
        handler = std::move(given);
    }

    std::uint64_t count() const {
        const auto ask = [&] { handler({.path = "/forest/health"}, [](const response&) {}); };
        ask();
        allocations = 0;
        counting = true;
        for (int n = 0; n < counted_checks; ++n)
            ask();
        counting = false;
        return allocations;
    }

    std::function<void(const server_request&, responder)> handler;
};

BOOST_AUTO_TEST_CASE(B18_B28_the_steady_answer_of_a_health_route_allocates_nothing) {
    direct_server server;
    basic_health_route route{server, accept_unsigned};
    BOOST_TEST(server.count() == 0U);
    route.add_check("db", [](const check_report& report) { report(check_result::warn("a text")); },
                    {.cache_for = 1h});
    BOOST_TEST(server.count() == 0U); // the result is cached
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_SUITE(allocation_test)

BOOST_AUTO_TEST_CASE(B18_is_tested_without_sanitizers_because_they_replace_malloc) {
    BOOST_TEST_MESSAGE("allocations are not counted in this build");
}

BOOST_AUTO_TEST_SUITE_END()

#endif
