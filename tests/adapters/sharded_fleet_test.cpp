// SPDX-License-Identifier: BSL-1.0
#include <adapters/bad_peer.hpp>
#include <adapters/one_check.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/signer.hpp>

#include <asio/any_io_executor.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

// Fleets on several threads: nothing listens at the ports, so each check is refused at once.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

using fleet = basic_health_fleet<pooled_transport, asio_clock, unsigned_requests, constant_backoff>;

fleet make(const asio::any_io_executor& on) {
    asio_clock clock{on};
    return {[pool = asio_connection_pool{clock}] { return pooled_transport{pool}; }, clock,
            unsigned_requests{}, constant_backoff{}};
}

const options often{.interval = 50ms, .timeout = 5s};

std::string nobody(int number) {
    return "http://127.0.0." + std::to_string(number) + ":1/";
}

bool eventually(const auto& holds) {
    const auto limit = std::chrono::steady_clock::now() + margin;
    while (!holds() && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(1ms);
    return holds();
}

} // namespace

BOOST_AUTO_TEST_SUITE(sharded_fleet_test)

BOOST_AUTO_TEST_CASE(B7_each_target_is_told_down_once_by_its_own_id) {
    std::mutex mutex;
    std::multiset<target_id> downs;
    std::set<target_id> added;
    sharded_fleet<fleet> watched{3, make};
    watched.on_server_down([&](target_id id, const outage& begun) {
        const std::lock_guard lock{mutex};
        BOOST_TEST(begun.last_error == make_error_code(errc::connection_refused));
        downs.insert(id);
    });
    watched.start();
    for (int number = 1; number <= 20; ++number)
        added.insert(watched.add(nobody(number), often));
    BOOST_TEST(added.size() == 20U);
    BOOST_TEST(watched.size() == 20U);
    BOOST_TEST(eventually([&] { return watched.count(target_status::down) == 20; }));
    BOOST_TEST(eventually([&] { return watched.statistics().failures >= 100; }));
    watched.stop();
    BOOST_TEST((downs == std::multiset<target_id>(added.begin(), added.end())));
    for (const target_snapshot& each : watched.snapshot()) {
        BOOST_TEST(added.contains(each.id));
        BOOST_TEST(each.outage.has_value());
    }
}

BOOST_AUTO_TEST_CASE(what_was_removed_is_told_of_no_more) {
    std::atomic<int> told = 0;
    sharded_fleet<fleet> watched{2, make};
    watched.on_event([&](const event& happened) { told += happened.id != target_id{} ? 1 : 0; });
    std::vector<target_id> ids;
    for (int number = 1; number <= 10; ++number)
        ids.push_back(watched.add(nobody(number), often));
    watched.start();
    BOOST_TEST(eventually([&] { return told > 50; }));
    for (const target_id each : ids)
        watched.remove(each);
    const int before = told;
    BOOST_TEST(watched.size() == 0U);
    std::this_thread::sleep_for(200ms);
    BOOST_TEST(told == before);
}

BOOST_AUTO_TEST_CASE(callbacks_may_add_and_remove_targets_of_other_threads) {
    std::atomic<int> downs = 0;
    sharded_fleet<fleet> watched{2, make};
    watched.on_server_down([&](target_id id, const outage&) {
        watched.remove(id);
        if (++downs < 20)
            watched.add(nobody(downs + 1), often);
    });
    watched.add(nobody(1), often);
    watched.start();
    BOOST_TEST(eventually([&] { return downs == 20; }));
    BOOST_TEST(eventually([&] { return watched.size() == 0; }));
}

BOOST_AUTO_TEST_CASE(B14_a_callback_may_stop_all_threads) {
    std::atomic<int> after = 0;
    std::atomic<bool> stopped = false;
    sharded_fleet<fleet> watched{3, make};
    watched.on_event([&](const event& happened) {
        after += stopped ? 1 : 0;
        if (happened.kind == event_kind::server_down && !stopped.exchange(true))
            watched.stop();
    });
    for (int number = 1; number <= 10; ++number)
        watched.add(nobody(number), often);
    watched.start();
    BOOST_TEST(eventually([&] { return stopped.load(); }));
    watched.stop(); // and waits for all
    const int told = after;
    std::this_thread::sleep_for(200ms);
    BOOST_TEST(after == told);
}

BOOST_AUTO_TEST_CASE(options_that_are_not_valid_are_refused_at_once) {
    sharded_fleet<fleet> watched{2, make};
    BOOST_CHECK_EXCEPTION(
        watched.add(nobody(1), {.interval = 0s}), std::system_error,
        [](const std::system_error& thrown) { return thrown.code() == errc::invalid_interval; });
    BOOST_TEST(watched.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
