// SPDX-License-Identifier: BSL-1.0

// Clients, fleets and datasources whose clock and transport cannot cancel any more: what was
// cancelled ends although nobody waits for it. And loops that are stopped by another thread between
// the decision to begin an operation and its beginning.

#include <support/late_policies.hpp>
#include <support/scripted_network.hpp>
#include <support/virtual_datasource.hpp>

#include <forest/core/fleet_statistics.hpp>
#include <forest/core/random.hpp>
#include <forest/core/url.hpp>
#include <forest/datasource.hpp>
#include <forest/detail/health/health_loop.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::tests;

namespace {

// Held by a loop as long as the loop lives.
struct counted_signer {
    std::shared_ptr<int> alive = std::make_shared<int>(0);
    void sign(const request&, wall_time, header_fields&) const {}
};

using seconds = std::vector<double>;

double in_seconds(steady_time at) {
    return std::chrono::duration<double>(at.time_since_epoch()).count();
}

struct late_client {
    using client_type = basic_health_client<late_transport<sim::scripted_transport>, late_clock,
                                            counted_signer, exponential_backoff>;

    sim::event_queue queue;
    void_completions late;
    sim::scripted_transport transport{queue};
    counted_signer signer;
    std::vector<event_kind> events;
    std::optional<client_type> client;

    explicit late_client(const options& settings = {}) {
        client.emplace(late_transport{transport, late}, late_clock{queue, late}, signer,
                       exponential_backoff{}, "http://warehouse.example:3000/forest/health",
                       settings, random_generator{1});
        client->on_event([this](const event& happened) { events.push_back(happened.kind); });
    }

    // Nothing more is reported or begun, and nothing is kept.
    void nothing_follows() {
        const std::size_t reported = events.size();
        const std::size_t begun = transport.requests().size();
        queue.run_for(1h);
        BOOST_TEST(events.size() == reported);
        BOOST_TEST(transport.requests().size() == begun);
        client.reset();
        BOOST_TEST(signer.alive.use_count() == 1);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(late_completions_test)

// Clients

BOOST_AUTO_TEST_CASE(B14_the_reply_to_a_client_that_was_stopped_is_reported_to_nobody) {
    for (const auto& reply : {sim::healthy(3s), sim::failing(errc::connection_refused, 3s)}) {
        late_client watched{{.failure_threshold = 1}};
        watched.transport.otherwise(reply);
        watched.client->start();
        watched.queue.run_for(1s);
        watched.client->stop();
        BOOST_TEST((watched.events.back() == event_kind::stopped));
        watched.nothing_follows();
        BOOST_TEST(watched.late.gets == 1);
    }
}

BOOST_AUTO_TEST_CASE(B14_the_wait_of_a_client_that_was_stopped_begins_no_check) {
    late_client watched;
    watched.client->start();
    watched.queue.run_for(45s);
    watched.client->stop();
    watched.nothing_follows();
    BOOST_TEST(watched.late.waits == 1);
}

BOOST_AUTO_TEST_CASE(B14_a_client_that_is_gone_gets_its_reply_and_the_end_of_its_wait) {
    for (const duration lived : {duration{0s}, duration{1s}, duration{10s}}) {
        late_client watched;
        watched.transport.otherwise(sim::healthy(3s));
        watched.client->start();
        watched.queue.run_for(lived);
        watched.client.reset();
        watched.nothing_follows();
        const bool checking = lived < 3s; // The check is watched, too.
        BOOST_TEST(watched.late.gets == (checking ? 1 : 0));
        BOOST_TEST(watched.late.waits == 1);
    }
}

BOOST_AUTO_TEST_CASE(B14_a_callback_that_stops_is_the_last_one) {
    for (const event_kind last : {event_kind::started, event_kind::check_started,
                                  event_kind::check_failed, event_kind::server_down}) {
        late_client watched{{.failure_threshold = 1}};
        watched.transport.otherwise(sim::failing(errc::connection_refused, 1s));
        watched.client->on_event([&](const event& happened) {
            watched.events.push_back(happened.kind);
            if (happened.kind == last)
                watched.client->stop();
        });
        watched.client->start();
        watched.queue.run_for(1h);
        BOOST_TEST((watched.events.back() == last));
        watched.nothing_follows();
    }
}

// Fleets

namespace {

// A fleet with policies of either kind.
template <bool Late>
struct fleet_on {
    using transport_type = std::conditional_t<Late, late_transport<scripted_network::transport>,
                                              scripted_network::transport>;
    using clock_type = std::conditional_t<Late, late_clock, sim::virtual_clock>;
    using fleet_type =
        basic_health_fleet<transport_type, clock_type, unsigned_requests, exponential_backoff>;

    sim::event_queue queue;
    void_completions late;
    scripted_network network{queue};
    std::vector<std::string> trace;
    std::optional<fleet_type> fleet;

    explicit fleet_on(const fleet_options& settings = {.spread_start = false}) {
        fleet.emplace([this] { return made(); }, clock(), unsigned_requests{},
                      exponential_backoff{}, settings, random_generator{1});
        fleet->on_event([this](const event& happened) {
            trace.push_back(std::to_string(queue.now().time_since_epoch() / 1ms) + ' ' +
                            std::string{happened.target} + ' ' + std::string{name(happened.kind)});
        });
    }

    /// What cannot be cancelled ends, and frees what it holds.
    ~fleet_on() {
        fleet.reset();
        queue.run_for(1h);
    }

    transport_type made() {
        if constexpr (Late)
            return {network.make(), late};
        else
            return network.make();
    }

    clock_type clock() {
        if constexpr (Late)
            return {queue, late};
        else
            return clock_type{queue};
    }

    [[nodiscard]] seconds check_times(const std::string& target) const {
        seconds times;
        for (const auto& each : network.requests())
            if (each.target == target)
                times.push_back(in_seconds(each.at));
        return times;
    }
};

std::string url_of(std::size_t number) {
    return "http://server-" + std::to_string(number) + ".example/forest/health";
}

constexpr duration tick = fleet_options{}.tick;

const std::string a = url_of(0);
const std::string b = url_of(1);

// Targets come and go at drawn moments, and answer with drawn delays.
template <bool Late>
std::vector<std::string> trace_of_fleet(unsigned seed, int& voided) {
    fleet_on<Late> watched;
    random_generator random{seed};
    const auto draw = [&](unsigned bound) { return static_cast<int>(random() % bound); };
    std::vector<target_id> targets;
    std::size_t added = 0;
    const auto add = [&] {
        const std::string url = url_of(added++);
        for (int count = 0; count < 4; ++count)
            watched.network.then(url, draw(3) == 0
                                          ? sim::failing(errc::connection_refused, draw(4000) * 1ms)
                                          : sim::healthy(draw(6000) * 1ms));
        watched.network.otherwise(url, sim::healthy(draw(2000) * 1ms));
        targets.push_back(
            watched.fleet->add(url, {.interval = 1s + draw(40) * 1s, .failure_threshold = 2}));
    };
    add();
    watched.fleet->start();
    for (int step = 0; step < 60; ++step) {
        watched.queue.run_for(draw(4) == 0 ? 0ms : draw(9000) * 1ms);
        if (draw(2) == 0)
            add();
        else
            watched.fleet->remove(targets[random() % targets.size()]);
    }
    watched.fleet->stop();
    const std::size_t before = watched.trace.size();
    const fleet_statistics at_stop = watched.fleet->statistics();
    const std::size_t up = watched.fleet->count(target_status::up);
    watched.queue.run_for(1h);
    BOOST_TEST(watched.trace.size() == before);
    BOOST_TEST(watched.fleet->statistics().checks == at_stop.checks);
    BOOST_TEST(watched.fleet->statistics().failures == at_stop.failures);
    BOOST_TEST(watched.fleet->count(target_status::up) == up);
    BOOST_TEST(watched.network.broken_promises() == 0);
    BOOST_TEST(watched.network.transports() == 0);
    voided += watched.late.waits + watched.late.gets;
    return watched.trace;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_fleet_reports_the_same_whether_its_policies_can_cancel_or_not) {
    int voided = 0;
    for (unsigned seed = 1; seed <= 40; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            const auto usual = trace_of_fleet<false>(seed, voided);
            BOOST_TEST(trace_of_fleet<true>(seed, voided) == usual,
                       boost::test_tools::per_element());
            BOOST_TEST(usual.size() > 100U);
        }
    }
    BOOST_TEST(voided > 1000);
}

BOOST_AUTO_TEST_CASE(B14_the_reply_to_a_removed_target_is_no_reply_to_its_successor) {
    fleet_on<true> watched;
    watched.network.otherwise(a, sim::failing(errc::connection_refused, 3s));
    watched.network.otherwise(b, sim::healthy(1s));
    const target_id first = watched.fleet->add(a, {.failure_threshold = 1});
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.fleet->remove(first));
    const target_id second = watched.fleet->add(b, {.failure_threshold = 1});
    watched.queue.run_for(10s);
    BOOST_TEST(watched.late.gets == 1);
    BOOST_TEST((watched.fleet->status(second) == target_status::up));
    for (const std::string& each : watched.trace)
        BOOST_TEST(each.find("check_failed") == each.npos, each);
    BOOST_TEST(watched.network.transports_made() == 2);
    // The transport of the void reply is free again.
    watched.fleet->add(a);
    watched.queue.run_for(10s);
    BOOST_TEST(watched.network.transports_made() == 2);
}

// The first wait ends at 30 s although the timer was set to an earlier moment in between.
BOOST_AUTO_TEST_CASE(a_void_alarm_begins_no_check) {
    fleet_on<true> watched;
    watched.fleet->add(a, {.interval = 30s});
    watched.fleet->start();
    watched.queue.run_for(2s);
    watched.fleet->add(b, {.interval = 16s});
    watched.queue.run_for(64s);
    BOOST_TEST(watched.late.waits > 0);
    BOOST_TEST(watched.check_times(a) == (seconds{0.005, 30.005, 60.005}),
               boost::test_tools::per_element());
    BOOST_TEST(watched.check_times(b) == (seconds{2.005, 18.005, 34.005, 50.005}),
               boost::test_tools::per_element());
}

namespace {

// Two targets that are due in one tick; `act` is called at the moment of their second alarm.
template <bool Late, typename Act>
void at_the_alarm(const Act& act) {
    fleet_on<Late> watched;
    const target_id first = watched.fleet->add(a, {.interval = 10s});
    const target_id second = watched.fleet->add(b, {.interval = 10s});
    watched.fleet->start();
    act(watched, first, second);
    watched.queue.run_for(1min);
    BOOST_TEST(watched.network.broken_promises() == 0);
    watched.fleet->stop();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.network.transports() == 0);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_target_that_is_removed_at_the_moment_of_its_alarm_is_not_checked) {
    const auto removed_before = [](auto& watched, target_id first, target_id) {
        // Both are due now. This comes before the handler of the timer: it was added earlier.
        watched.queue.at(steady_time{10s} + tick,
                         [&watched, first] { BOOST_TEST(watched.fleet->remove(first)); });
        watched.queue.run_for(25s);
        BOOST_TEST(watched.check_times(a).size() == 1U);
        BOOST_TEST(watched.check_times(b).size() == 3U);
    };
    at_the_alarm<false>(removed_before);
    at_the_alarm<true>(removed_before);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_removed_by_a_callback_of_the_same_alarm_is_not_checked) {
    for (const bool itself : {false, true}) {
        const auto removed_inside = [itself](auto& watched, target_id first, target_id second) {
            watched.queue.run_for(5s);
            std::optional<target_id> begun;
            watched.fleet->on_event([&watched, &begun, itself, first, second](const event& now) {
                if (now.kind != event_kind::check_started || begun)
                    return;
                begun = now.id;
                const target_id other = now.id == first ? second : first;
                BOOST_TEST(watched.fleet->remove(itself ? now.id : other));
            });
            const std::size_t before = watched.network.requests().size();
            watched.queue.run_for(6s);
            BOOST_REQUIRE(begun.has_value());
            BOOST_TEST(watched.network.requests().size() - before == 1U);
            BOOST_TEST((watched.network.requests().back().target == (*begun == first ? a : b)) !=
                       itself);
            watched.fleet->on_event({});
        };
        at_the_alarm<false>(removed_inside);
        at_the_alarm<true>(removed_inside);
    }
}

BOOST_AUTO_TEST_CASE(B14_a_fleet_that_is_stopped_at_the_moment_of_its_alarm_begins_no_check) {
    const auto stopped_before = [](auto& watched, target_id, target_id) {
        watched.queue.at(steady_time{10s} + tick, [&watched] { watched.fleet->stop(); });
        watched.queue.run_for(25s);
        BOOST_TEST(watched.network.requests().size() == 2U);
    };
    at_the_alarm<false>(stopped_before);
    at_the_alarm<true>(stopped_before);
}

// Datasources

namespace {

struct late_datasource {
    using datasource_type = basic_datasource<late_transport<sim::scripted_transport>, late_clock,
                                             counted_signer, exponential_backoff>;

    sim::event_queue queue;
    void_completions late;
    sim::scripted_transport health{queue};
    sim::scripted_transport schemas{queue};
    counted_signer signer;
    std::optional<recorded_datasource<datasource_type>> master;

    explicit late_datasource(datasource_options settings = {}) {
        settings.uri = "http://agent.example:3351";
        master.emplace(queue,
                       datasource_type{late_transport{health, late}, late_transport{schemas, late},
                                       late_clock{queue, late}, signer, exponential_backoff{},
                                       std::move(settings), random_generator{1}});
    }

    void nothing_follows() {
        const std::size_t reported = master->events.size();
        const std::size_t reloads = master->reloads.size();
        const std::size_t begun = health.requests().size() + schemas.requests().size();
        const auto known = master->datasource.schema();
        queue.run_for(2h);
        BOOST_TEST(master->events.size() == reported);
        BOOST_TEST(master->reloads.size() == reloads);
        BOOST_TEST(health.requests().size() + schemas.requests().size() == begun);
        BOOST_TEST(master->datasource.schema() == known);
        master.reset();
        BOOST_TEST(signer.alive.use_count() == 1);
    }
};

const datasource_mode modes[]{datasource_mode::automatic, datasource_mode::schema_poll};

} // namespace

// Every half second of a life with an outage, a reload, fetches that fail, and a search for the
// health route.
BOOST_AUTO_TEST_CASE(B34_after_a_cleanup_at_any_moment_nothing_follows) {
    for (int script = 0; script < 3; ++script) {
        int voided = 0;
        for (duration lived = 0s; lived <= 100s; lived += 500ms) {
            late_datasource on{{.mode = modes[script % 2],
                                .health_check_interval = 10s,
                                .health_check_failure_threshold = 1,
                                .schema_poll = 10s}};
            const auto schema = [](const char* name) {
                sim::scripted_reply reply = sim::answering(200, schema_text({name}, name));
                reply.latency = 700ms;
                return reply;
            };
            on.health.then(script == 2 ? sim::answering(404, "") : sim::healthy(300ms), 2)
                .then(sim::failing(errc::connection_refused, 300ms), 2)
                .otherwise(sim::healthy(300ms));
            on.schemas.then(schema("a"))
                .then(sim::failing(errc::timed_out, 900ms), 3)
                .otherwise(schema("b"));
            on.master->datasource.start();
            on.queue.run_for(lived);
            on.master->datasource.cleanup();
            on.nothing_follows();
            voided += on.late.waits + on.late.gets;
        }
        BOOST_TEST(voided > 200);
    }
}

// Another thread stops a loop that has decided to begin an operation

namespace {

// Runs a function on another thread before it begins an operation, once.
template <transport Inner>
struct interrupted_transport {
    Inner inner;
    std::function<void()>* before;

    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&& handler) {
        if (*before)
            std::thread{std::exchange(*before, {})}.join();
        inner.async_get(get, timeout, std::forward<Handler>(handler));
    }
    void cancel() { inner.cancel(); }
};

// Also counts the waits that have not ended.
struct interrupted_clock {
    sim::virtual_clock inner;
    std::function<void()>* before;
    int* pending;

    [[nodiscard]] wall_time now() const { return inner.now(); }
    [[nodiscard]] steady_time steady_now() const { return inner.steady_now(); }
    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        if (*before)
            std::thread{std::exchange(*before, {})}.join();
        ++*pending;
        inner.async_wait(delay, [pending = pending, handler = std::forward<Handler>(handler)](
                                    std::error_code ec) mutable {
            --*pending;
            handler(ec);
        });
    }
    void cancel() { inner.cancel(); }
};

struct interrupted_policies {
    sim::event_queue queue;
    sim::scripted_transport transport{queue};
    sim::scripted_transport schemas{queue};
    std::function<void()> before_get;
    std::function<void()> before_fetch;
    std::function<void()> before_wait;
    int pending = 0;

    interrupted_transport<sim::scripted_transport> get() { return {transport, &before_get}; }
    interrupted_transport<sim::scripted_transport> fetch() { return {schemas, &before_fetch}; }
    interrupted_clock clock() { return {sim::virtual_clock{queue}, &before_wait, &pending}; }

    // All has been cancelled, so that nothing keeps an event loop running.
    void all_ended() {
        queue.run_for(0s);
        BOOST_TEST(transport.in_flight() == 0);
        BOOST_TEST(schemas.in_flight() == 0);
        BOOST_TEST(pending == 0);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(B14_a_client_that_is_stopped_inside_async_get_or_async_wait_cancels_it) {
    for (const bool in_wait : {false, true}) {
        interrupted_policies on;
        on.transport.then(sim::healthy()).otherwise(sim::silent());
        basic_health_client client{on.get(),
                                   on.clock(),
                                   unsigned_requests{},
                                   exponential_backoff{},
                                   "http://warehouse.example:3000/forest/health",
                                   options{},
                                   random_generator{1}};
        client.start();
        if (!in_wait)
            on.queue.run_for(1s); // The second check comes at 30 s.
        (in_wait ? on.before_wait : on.before_get) = [&] { client.stop(); };
        const bool stopped = on.queue.run_until([&] { return client.stopped(); }, 1min);
        BOOST_TEST(stopped);
        on.all_ended();
    }
}

BOOST_AUTO_TEST_CASE(B34_a_datasource_that_is_cleaned_up_inside_an_operation_cancels_it) {
    for (int operation = 0; operation < 4; ++operation) {
        interrupted_policies on;
        on.transport.otherwise(operation == 3 ? sim::healthy(1s) : sim::silent());
        sim::scripted_reply broken = sim::answering(500, "");
        broken.latency = 2s;
        on.schemas.otherwise(operation == 3 ? broken : sim::silent());
        datasource_options settings{.uri = "http://agent.example:3351"};
        basic_datasource master{on.get(),
                                on.fetch(),
                                on.clock(),
                                unsigned_requests{},
                                exponential_backoff{},
                                std::move(settings),
                                random_generator{1}};
        const auto cleanup = [&] { master.cleanup(); };
        if (operation == 0)
            on.before_wait = cleanup; // inside `start`
        if (operation == 1)
            on.before_get = cleanup;
        if (operation == 2)
            on.before_fetch = cleanup;
        bool cleaned = false;
        if (operation == 3) // The wait for the next fetch, after the first has failed.
            master.on_event([&](const event& happened) {
                if (happened.kind == event_kind::schema_loaded)
                    on.before_wait = [&] {
                        master.cleanup();
                        cleaned = true;
                    };
            });
        master.start();
        on.queue.run_for(operation == 3 ? 3s : 1s);
        BOOST_TEST((operation != 3 || cleaned));
        on.all_ended();
    }
}

// Waits that are void

// The loop does not cancel an earlier wait, because others may wait on the same clock. When it ends
// it must begin no other, or their number would never fall.
BOOST_AUTO_TEST_CASE(a_void_wait_of_a_client_begins_no_other) {
    interrupted_policies on;
    using loop_type =
        detail::health_loop<interrupted_transport<sim::scripted_transport>, interrupted_clock,
                            unsigned_requests, exponential_backoff>;
    const auto loop = std::make_shared<loop_type>(
        on.get(), on.clock(), unsigned_requests{}, exponential_backoff{},
        url{"http://warehouse.example:3000/forest/health"}, options{.interval = 60s},
        random_generator{1});
    loop->start();
    on.queue.run_for(1s);
    for (duration sooner = 55s; sooner >= 5s; sooner -= 5s)
        loop->hurry(sooner);
    BOOST_TEST(on.pending == 13); // with that of the watch over the first check
    on.queue.run_for(10min);
    BOOST_TEST(on.pending == 1);
    BOOST_TEST(on.transport.requests().size() == 11U);
    BOOST_TEST(in_seconds(on.transport.requests()[1].at) == 6.0);
    loop->stop();
    on.all_ended();
}

BOOST_AUTO_TEST_SUITE_END()
