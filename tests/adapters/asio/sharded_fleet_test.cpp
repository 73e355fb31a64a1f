// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/one_check.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/target_snapshot.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/signer.hpp>

#include <asio/any_io_executor.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
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

// Begins, but does not check anything while a test runs.
const options some_day{.interval = 24h, .initial_delay_max = 24h};

std::string nobody(int number) {
    return "http://127.0.0." + std::to_string(number) + ":1/";
}

bool eventually(const auto& holds) {
    const auto limit = std::chrono::steady_clock::now() + margin;
    while (!holds() && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(1ms);
    return holds();
}

/// Notes what it is asked to sign.
struct noting_signer {
    std::shared_ptr<std::atomic<int>> requests = std::make_shared<std::atomic<int>>(0);

    void sign(const request&, wall_time, header_fields&) const noexcept { ++*requests; }
};

struct counting_observer {
    std::atomic<int>* told;

    void on_event(const event&) const noexcept { ++*told; }
};

/// How many of the targets each thread has.
std::vector<int> shares(const std::vector<std::string>& targets, std::size_t threads) {
    std::mutex mutex;
    std::map<std::thread::id, int> counted;
    std::size_t begun = 0;
    sharded_fleet<fleet> watched{threads, make};
    watched.on_event([&](const event& happened) {
        if (happened.kind != event_kind::started)
            return;
        const std::lock_guard lock{mutex};
        ++counted[std::this_thread::get_id()];
        ++begun;
    });
    for (const std::string& each : targets)
        watched.add(each, some_day);
    watched.start();
    BOOST_TEST(eventually([&] {
        const std::lock_guard lock{mutex};
        return begun == targets.size();
    }));
    watched.stop();
    std::vector<int> result;
    for (const auto& [thread, count] : counted)
        result.push_back(count);
    result.resize(threads);
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sharded_fleet_test)

BOOST_AUTO_TEST_CASE(a_number_of_threads_that_cannot_be_is_refused) {
    for (const std::size_t threads : {std::size_t{0}, std::size_t{65'536}})
        BOOST_CHECK_EXCEPTION((sharded_fleet<fleet>{threads, make}), std::system_error,
                              [](const std::system_error& thrown) {
                                  return thrown.code() == std::errc::invalid_argument;
                              });
}

BOOST_AUTO_TEST_CASE(B7_each_target_is_reported_down_once_by_its_own_id) {
    std::mutex mutex;
    std::multiset<target_id> downs;
    int refused = 0;
    std::set<target_id> added;
    sharded_fleet<fleet> watched{3, make};
    watched.on_server_down([&](target_id id, const outage& begun) {
        const std::lock_guard lock{mutex};
        refused += begun.last_error == errc::connection_refused ? 1 : 0;
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
    BOOST_TEST(refused == 20);
    BOOST_TEST((downs == std::multiset<target_id>(added.begin(), added.end())));
    for (const target_snapshot& each : watched.snapshot()) {
        BOOST_TEST(added.contains(each.id));
        BOOST_TEST(each.outage.has_value());
    }
}

BOOST_AUTO_TEST_CASE(callbacks_need_not_be_copyable) {
    std::atomic<int> downs = 0;
    std::atomic<int> events = 0;
    std::atomic<int> unheard = 0;
    sharded_fleet<fleet> watched{2, make};
    watched.on_server_down(
        [&downs, own = std::make_unique<int>(1)](target_id, const outage&) { downs += *own; });
    watched.on_server_up([own = std::make_unique<int>(1)](target_id, const outage&) {
        BOOST_ERROR("up without a server");
    });
    watched.on_event([&events, own = std::make_unique<int>(1)](const event&) {
        events += *own;
        throw std::runtime_error{"which on_unheard receives"};
    });
    watched.on_unheard(
        [&unheard, own = std::make_unique<int>(1)](const event&) { unheard += *own; });
    watched.start();
    for (int number = 1; number <= 4; ++number)
        watched.add(nobody(number), often);
    BOOST_TEST(eventually([&] { return downs == 4; }));
    BOOST_TEST(eventually([&] { return unheard >= 1; }));
    watched.stop();
    BOOST_TEST(events >= 4);
}

BOOST_AUTO_TEST_CASE(a_removed_target_is_not_reported_any_more) {
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

BOOST_AUTO_TEST_CASE(callbacks_may_add_and_remove_while_it_is_destroyed) {
    // Enough servers for some of each thread; those that come later are on another one.
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> failed = 0;
        sharded_fleet<fleet> watched{3, make};
        watched.on_event([&](const event& happened) {
            if (happened.kind != event_kind::check_failed)
                return;
            ++failed;
            for (int number = 1; number <= 20; ++number)
                watched.remove(watched.add(nobody(number), some_day));
            std::this_thread::sleep_for(2ms);
            (void)watched.size();
        });
        for (int number = 1; number <= 20; ++number)
            watched.add(nobody(number), {.interval = 1ms});
        watched.start();
        BOOST_TEST(eventually([&] { return failed >= 3; }));
    }
}

BOOST_AUTO_TEST_CASE(destroying_it_is_silent) {
    std::atomic<int> last_words = 0;
    std::atomic<int> begun = 0;
    for (const bool stopped_before : {false, true}) {
        begun = 0;
        sharded_fleet<fleet> watched{2, make};
        watched.on_event([&](const event& happened) {
            begun += happened.kind == event_kind::started ? 1 : 0;
            last_words += happened.kind == event_kind::stopped ? 1 : 0;
        });
        for (int number = 1; number <= 10; ++number)
            watched.add(nobody(number), some_day);
        watched.start();
        BOOST_TEST(eventually([&] { return begun == 10; }));
        if (stopped_before)
            watched.stop();
        BOOST_TEST(last_words == (stopped_before ? 10 : 0));
    }
    BOOST_TEST(last_words == 10);
}

BOOST_AUTO_TEST_CASE(servers_with_regular_names_are_shared_out_evenly) {
    std::vector<std::string> ports;
    std::vector<std::string> hosts;
    for (int number = 0; number < 64; ++number) {
        const std::string digits = std::to_string(100 + number).substr(1);
        ports.push_back("http://127.0.0.1:" + std::to_string(8000 + 100 * number) + "/");
        hosts.push_back("http://n" + digits + ".rack" + digits + ".example/");
    }
    for (const auto& targets : {ports, hosts}) {
        const std::vector<int> found = shares(targets, 4);
        const auto [least, most] = std::minmax_element(found.begin(), found.end());
        BOOST_TEST(*least > 0);
        BOOST_TEST(*most <= 2 * *least);
    }
}

BOOST_AUTO_TEST_CASE(B15_a_stopped_one_says_so_and_adds_nothing) {
    sharded_fleet<fleet> watched{2, make};
    const target_id before = watched.add(nobody(1), often);
    BOOST_TEST(!watched.stopped());
    watched.stop();
    BOOST_TEST(watched.stopped());
    BOOST_TEST((watched.add(nobody(2), often) == target_id{}));
    BOOST_TEST(watched.size() == 1U);
    watched.start();
    BOOST_TEST(watched.remove(before));
    BOOST_TEST(watched.size() == 0U);
}

BOOST_AUTO_TEST_CASE(removing_says_whether_there_was_such_a_target) {
    for (const bool running : {false, true}) {
        sharded_fleet<fleet> watched{2, make};
        if (running)
            watched.start();
        std::set<target_id> ids;
        for (int number = 1; number <= 20; ++number) {
            const target_id id = watched.add(nobody(number), some_day);
            ids.insert(id);
            BOOST_TEST(watched.remove(id));
            BOOST_TEST(!watched.remove(id));
            BOOST_TEST((watched.status(id) == std::nullopt));
        }
        BOOST_TEST(ids.size() == 20U);
        BOOST_TEST(!watched.remove(target_id{}));
        BOOST_TEST(!watched.remove(static_cast<target_id>(UINT64_MAX)));
        BOOST_TEST(watched.size() == 0U);
        BOOST_TEST(watched.snapshot().empty());
    }
}

BOOST_AUTO_TEST_CASE(what_a_callback_adds_and_removes_again_is_never_watched) {
    std::atomic<bool> done = false;
    std::atomic<int> added = 0;
    std::set<std::string> told;
    std::mutex mutex;
    sharded_fleet<fleet> watched{2, make};
    watched.on_event([&](const event& happened) {
        {
            const std::lock_guard lock{mutex};
            told.insert(std::string{happened.target});
        }
        if (happened.kind != event_kind::started || done)
            return;
        for (int number = 2; number <= 20; ++number) { // on both threads
            const target_id id = watched.add(nobody(number), often);
            added += id != target_id{} && watched.remove(id) ? 1 : 0;
        }
        done = true;
    });
    watched.add(nobody(1), often);
    watched.start();
    BOOST_TEST(eventually([&] { return done.load(); }));
    BOOST_TEST(eventually([&] { return watched.statistics().failures >= 3; }));
    BOOST_TEST(added == 19);
    BOOST_TEST(watched.snapshot().size() == 1U);
    BOOST_TEST(watched.size() == 1U);
    watched.stop();
    BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_status_of_a_target_is_that_of_its_fleet) {
    sharded_fleet<fleet> watched{3, make};
    std::vector<target_id> ids;
    for (int number = 1; number <= 10; ++number)
        ids.push_back(watched.add(nobody(number), often));
    const target_id idle = watched.add(nobody(11), some_day);
    for (const target_id each : ids)
        BOOST_TEST((watched.status(each) == target_status::unknown));
    watched.start();
    for (const target_id each : ids)
        BOOST_TEST(eventually([&] { return watched.status(each) == target_status::down; }));
    BOOST_TEST((watched.status(idle) == target_status::unknown));
    BOOST_TEST((watched.status(target_id{}) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(an_observer_listens_to_all_threads) {
    std::atomic<int> told = 0;
    counting_observer mine{&told};
    for (const bool owned : {true, false}) {
        told = 0;
        sharded_fleet<fleet> watched{3, make};
        if (owned)
            watched.on_event(counting_observer{&told});
        else
            watched.on_event(std::ref(mine));
        for (int number = 1; number <= 20; ++number)
            watched.add(nobody(number), some_day);
        watched.start();
        BOOST_TEST(eventually([&] { return told == 20; }));
    }
}

BOOST_AUTO_TEST_CASE(targets_on_any_thread_may_have_a_signer_of_their_own) {
    using signing_fleet =
        basic_health_fleet<pooled_transport, asio_clock, noting_signer, constant_backoff>;
    const noting_signer first;
    const noting_signer second;
    const noting_signer third;
    sharded_fleet<signing_fleet> watched{
        3, [&](const asio::any_io_executor& on) {
            asio_clock clock{on};
            return signing_fleet{
                [pool = asio_connection_pool{clock}] { return pooled_transport{pool}; }, clock,
                first, constant_backoff{}};
        }};
    const signer_id before = watched.add_signer(second);
    watched.start();
    const signer_id after = watched.add_signer(third);
    const options once{
        .interval = 24h, .failure_threshold = 1, .initial_delay_max = 1ms, .stall_tolerance = 1h};
    auto add_ten = [&, number = 0](signer_id by) mutable {
        for (const int until = number + 10; number < until; ++number)
            watched.add(nobody(number + 1), once, by);
    };
    add_ten({});
    add_ten(before);
    add_ten(before);
    add_ten(after);
    BOOST_TEST(eventually(
        [&] { return *first.requests == 10 && *second.requests == 20 && *third.requests == 10; }));
}

BOOST_AUTO_TEST_CASE(threads_may_add_remove_and_ask_while_it_starts_and_stops) {
    sharded_fleet<fleet> watched{2, make};
    std::atomic<int> refused = 0;
    std::vector<std::thread> users;
    for (int user = 0; user < 4; ++user)
        users.emplace_back([&, user] {
            for (int round = 0; round < 200; ++round) {
                const target_id id = watched.add(nobody(1 + (user * 50 + round) % 250), often);
                refused += id == target_id{} ? 1 : 0;
                (void)watched.status(id);
                (void)watched.add_signer(unsigned_requests{});
                if (round % 4 != 0)
                    watched.remove(id);
                if (user == 0 && round == 50)
                    watched.start();
                if (user == 1 && round == 150)
                    watched.stop();
            }
        });
    for (std::thread& each : users)
        each.join();
    BOOST_TEST(watched.stopped());
    BOOST_TEST(refused > 0);
    BOOST_TEST(watched.snapshot().size() == watched.size());
}

BOOST_AUTO_TEST_SUITE_END()
