// SPDX-License-Identifier: BSL-1.0

// The rules B30–B35 with the real datasource, signer, routes and verifier, which exchange bytes
// over a connection in memory, with a virtual clock.

#include <support/sanitized.hpp>
#include <support/virtual_datasource.hpp>

#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/datasource.hpp>
#include <forest/health_route.hpp>
#include <forest/schema_route.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/network/memory_transport.hpp>
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::recorded_datasource;
using forest::tests::schema_text;

namespace {

using strings = std::vector<std::string>;

const std::string uri = "http://warehouse.example:3000";

constexpr const char* secret = "not-to-be-printed";

// A warehouse as a process: it can crash, come back with another schema, and announce its end.
struct virtual_warehouse {
    using health_route_type = basic_health_route<sim::memory_server>;
    using schema_route_type = basic_schema_route<sim::memory_server>;

    std::shared_ptr<bool> crashed = std::make_shared<bool>(false);
    sim::virtual_clock clock;
    sim::memory_server server;
    std::string text;
    std::optional<health_route_type> health;
    std::optional<schema_route_type> schemas;
    std::map<std::string, std::map<int, int>> answers; // by path and status

    virtual_warehouse(sim::event_queue& queue, std::string schema)
        : clock{queue}, server{clock}, text{std::move(schema)} {
        restart();
    }

    void crash() { *crashed = true; }

    void restart(const verifier_options& accepting = {}) {
        const hmac_sha256_verifier verify{secret, accepting};
        health.emplace(server, verify);
        schemas.emplace(server, verify, sha1_hex, text);
        const auto note = [this](const route_answer& given) {
            ++answers[std::string{given.path}][given.status];
        };
        health->on_answer(note);
        schemas->on_answer(note);
        *crashed = false;
    }
};

// Carries requests to the warehouse. While that is down, connections are refused.
class cable {
public:
    cable(sim::event_queue& queue, virtual_warehouse& warehouse, duration latency = {})
        : crashed_{warehouse.crashed},
          carrying_{queue, warehouse.server, latency},
          refusing_{queue} {
        refusing_.otherwise(sim::failing(errc::connection_refused, 2 * latency));
    }

    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&& handler) {
        if (*crashed_)
            refusing_.async_get(get, timeout, std::forward<Handler>(handler));
        else
            carrying_.async_get(get, timeout, std::forward<Handler>(handler));
    }

    void cancel() {
        refusing_.cancel();
        carrying_.cancel();
    }

private:
    std::shared_ptr<const bool> crashed_;
    sim::memory_transport carrying_;
    sim::scripted_transport refusing_;
};

using memory_datasource =
    basic_datasource<cable, sim::virtual_clock, hmac_sha256_signer, exponential_backoff>;

memory_datasource datasource_of(sim::event_queue& queue, virtual_warehouse& warehouse,
                                datasource_options settings = {}) {
    if (settings.uri.empty())
        settings.uri = uri;
    return {cable{queue, warehouse, 2ms}, cable{queue, warehouse, 2ms}, sim::virtual_clock{queue},
            hmac_sha256_signer{secret},   exponential_backoff{},        std::move(settings)};
}

struct connected {
    sim::event_queue queue;
    virtual_warehouse warehouse{queue, schema_text({"manufacturer", "product"})};
    recorded_datasource<memory_datasource> master;

    explicit connected(datasource_options settings = {})
        : master{queue, datasource_of(queue, warehouse, std::move(settings))} {}

    void crash_until_down() {
        const std::size_t before = master.downs.size();
        warehouse.crash();
        BOOST_REQUIRE(queue.run_until([&] { return master.downs.size() == before + 1; }, 3min));
    }

    void restart_until_up() {
        const std::size_t before = master.ups.size();
        warehouse.restart();
        BOOST_REQUIRE(queue.run_until([&] { return master.ups.size() == before + 1; }, 3min));
        queue.run_for(100ms);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(datasource_in_memory_test)

BOOST_AUTO_TEST_CASE(the_manual_scenario_of_the_plan_in_memory) {
    connected on;
    on.master.datasource.start();
    on.queue.run_for(65s);
    BOOST_TEST(on.master.datasource.schema()->collections() ==
               (strings{"manufacturer", "product"}));
    BOOST_TEST(on.master.datasource.schema()->etag() ==
               sha1_hex(schema_text({"manufacturer", "product"})));
    BOOST_TEST(on.warehouse.answers["/forest/health"][200] == 3);

    on.crash_until_down();
    on.restart_until_up();
    BOOST_TEST(on.warehouse.answers["/forest/rpc-schema"][304] == 1);
    BOOST_TEST(on.master.reloads.empty());

    on.crash_until_down();
    on.warehouse.text = schema_text({"manufacturer", "product", "shelf"});
    on.restart_until_up();
    BOOST_TEST(on.master.reloads == strings{sha1_hex(on.warehouse.text)});
    BOOST_TEST(on.master.datasource.schema()->collections().back() == "shelf");

    on.warehouse.health->drain();
    on.queue.run_for(30s);
    BOOST_TEST_REQUIRE(on.master.downs.size() == 3U);
    BOOST_TEST(on.master.downs.back().last_error == errc::stopping);
    on.restart_until_up();
    BOOST_TEST(on.master.reloads.size() == 1U);
    BOOST_TEST(on.warehouse.answers["/forest/rpc-schema"][304] == 2);
    on.master.datasource.cleanup();
    on.queue.run_for(1h);
    BOOST_TEST((on.master.events.back().kind == event_kind::stopped));
}

BOOST_AUTO_TEST_CASE(a_year_of_outages_reloads_each_change_once) {
    connected on;
    random_generator random{20261125};
    on.master.datasource.start();
    on.queue.run_for(1min);
    strings changes;
    constexpr std::size_t days = forest::test::sanitized ? 30 : 365;
    for (std::size_t day = 0; day < days; ++day) {
        on.crash_until_down();
        if (random.uniform() < 0.3) {
            on.warehouse.text = schema_text({"product", "shelf_" + std::to_string(day)});
            changes.push_back(sha1_hex(on.warehouse.text));
        }
        on.queue.run_for(std::chrono::seconds{random() % 3600});
        on.restart_until_up();
        on.queue.run_for(24h);
    }
    BOOST_TEST(changes.size() > days / 5);
    BOOST_TEST(on.master.reloads == changes);
    BOOST_TEST(on.master.count(event_kind::schema_unchanged) == days - changes.size());
    BOOST_TEST(on.master.downs.size() == days);
    BOOST_TEST(on.master.ups.size() == days);
}

BOOST_AUTO_TEST_CASE(a_server_with_a_replay_window_accepts_all_that_a_datasource_sends) {
    connected on{{.health_check_interval = 1s}};
    on.warehouse.restart({.replay_window = 601s});
    on.master.datasource.start();
    on.queue.run_for(10min);
    BOOST_TEST(on.warehouse.answers["/forest/health"].count(401) == 0U);
    BOOST_TEST(on.warehouse.answers["/forest/rpc-schema"].count(401) == 0U);
    BOOST_TEST(on.master.count(event_kind::schema_loaded) == 1U);
}

BOOST_AUTO_TEST_CASE(a_wrong_secret_is_reported_as_unauthorized_for_health_and_schema) {
    sim::event_queue queue;
    virtual_warehouse warehouse{queue, schema_text({"product"})};
    recorded_datasource master{
        queue, memory_datasource{cable{queue, warehouse}, cable{queue, warehouse},
                                 sim::virtual_clock{queue}, hmac_sha256_signer{"another"},
                                 exponential_backoff{}, datasource_options{.uri = uri}}};
    master.datasource.start();
    queue.run_for(1min);
    BOOST_TEST(master.all(event_kind::schema_failed).front().error == errc::unauthorized);
    BOOST_TEST(master.all(event_kind::schema_failed).front().http_status == 401);
    BOOST_TEST(master.downs.front().unauthorized);
}

BOOST_AUTO_TEST_CASE(B33_a_real_schema_route_can_be_polled_and_replaced_under_way) {
    connected on{{.mode = datasource_mode::schema_poll, .schema_poll = 10s}};
    on.master.datasource.start();
    on.queue.run_for(35s);
    BOOST_TEST(on.warehouse.answers["/forest/rpc-schema"][200] == 1);
    BOOST_TEST(on.warehouse.answers["/forest/rpc-schema"][304] == 3);
    const std::string next = schema_text({"shelf"});
    BOOST_TEST(!on.warehouse.schemas->replace(next));
    on.queue.run_for(30s);
    BOOST_TEST(on.master.reloads == strings{sha1_hex(next)});
    BOOST_TEST(on.warehouse.answers.count("/forest/health") == 0U);
}

BOOST_AUTO_TEST_CASE(schemas_of_10_MB_are_taken_and_larger_ones_than_allowed_are_not) {
    strings names;
    for (int index = 0; index < 400'000; ++index)
        names.push_back("collection_" + std::to_string(index));
    connected on{{.schema_bytes_max = 12'000'000}};
    on.warehouse.text = schema_text(names);
    BOOST_TEST(on.warehouse.text.size() > 10'000'000U);
    on.warehouse.restart();
    on.master.datasource.start();
    on.queue.run_for(1s);
    BOOST_TEST(on.master.datasource.schema()->collections().size() == 400'000U);
    on.crash_until_down();
    names.insert(names.end(), 100'000, "too_much");
    on.warehouse.text = schema_text(names);
    on.restart_until_up();
    BOOST_TEST(on.master.all(event_kind::schema_failed).front().error == errc::response_too_large);
    BOOST_TEST(on.master.datasource.schema()->collections().size() == 400'000U);
    BOOST_TEST(on.master.reloads.empty());
}

BOOST_AUTO_TEST_CASE(B35_several_datasources_live_side_by_side) {
    sim::event_queue queue;
    std::vector<std::unique_ptr<virtual_warehouse>> warehouses;
    std::vector<std::unique_ptr<recorded_datasource<memory_datasource>>> masters;
    for (int index = 0; index < 10; ++index) {
        const std::string own = "collection_" + std::to_string(index);
        warehouses.push_back(std::make_unique<virtual_warehouse>(queue, schema_text({own})));
        masters.push_back(std::make_unique<recorded_datasource<memory_datasource>>(
            queue, datasource_of(queue, *warehouses.back(),
                                 {.uri = "http://" + std::to_string(index) + ".example"})));
        masters.back()->datasource.start();
    }
    queue.run_for(1min);
    warehouses[3]->crash();
    warehouses[3]->text = schema_text({"collection_3", "more"});
    queue.run_for(5min);
    warehouses[3]->restart();
    masters[7]->datasource.cleanup();
    queue.run_for(5min);
    for (std::size_t index = 0; index < 10; ++index) {
        const auto& master = *masters[index];
        BOOST_TEST(master.datasource.schema()->collections().front() ==
                   "collection_" + std::to_string(index));
        BOOST_TEST(master.downs.size() == (index == 3 ? 1U : 0U));
        BOOST_TEST(master.reloads.size() == (index == 3 ? 1U : 0U));
        BOOST_TEST(master.datasource.cleaned_up() == (index == 7));
    }
}

BOOST_AUTO_TEST_SUITE_END()
