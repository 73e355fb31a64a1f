// SPDX-License-Identifier: BSL-1.0

#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <support/child_process.hpp>

#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/adapters/posix/getaddrinfo_resolver.hpp>
#include <forest/forest.hpp>
#include <forest/policy/signer.hpp>

#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

// What a child process does to the connections and files of its parent: nothing (B27).

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::test;

namespace {

using plain_client =
    basic_health_client<asio_transport, asio_clock, unsigned_requests, exponential_backoff>;
using plain_fleet =
    basic_health_fleet<pooled_transport, asio_clock, unsigned_requests, exponential_backoff>;

constexpr options quick{.interval = 5ms, .timeout = 20s};

// What the checks of some targets have shown since `begin`.
struct seen_checks {
    std::size_t healthy = 0;
    std::size_t failed = 0;
    std::size_t fresh = 0; // over a new connection

    void note(const event& happened) {
        if (happened.check == nullptr)
            return;
        ++(happened.check->healthy() ? healthy : failed);
        if (happened.check->timings.connect)
            ++fresh;
    }
};

plain_client client_of(asio_clock clock, const std::string& target, const std::string& ca_file) {
    transport_options keeping;
    keeping.tls.ca_file = ca_file;
    keeping.reuse_connections = true;
    return plain_client{asio_transport{clock, keeping}, clock,       unsigned_requests{},
                        exponential_backoff{},          url{target}, quick};
}

plain_fleet fleet_of(asio_clock clock, const std::string& ca_file) {
    transport_options keeping;
    keeping.tls.ca_file = ca_file;
    keeping.reuse_connections = true;
    return plain_fleet{
        [pool = asio_connection_pool{clock, keeping}]() mutable { return pooled_transport{pool}; },
        clock, unsigned_requests{}, exponential_backoff{}};
}

// A server that answers on `/ok`, and does not answer on `/held` until `release`.
struct keeping_server {
    keeping_server(const asio::any_io_executor& executor, test_certificates& certificates)
        : server{executor},
          health{server, hmac_sha256_verifier{"secret"}},
          schema{server, hmac_sha256_verifier{"secret"}, sha1_hex, R"({"collections":[]})"} {
        (void)server.get("/ok", [](const server_request&, const server_responder& respond) {
            respond({.body = R"({"status":"ok"})"});
        });
        (void)server.get("/held", [this](const server_request&, server_responder respond) {
            held.push_back(std::move(respond));
        });
        const certificate_files files = certificates.server();
        socket_file = certificates.directory() + "/server.sock";
        BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
        plain_url = server.endpoints().front();
        BOOST_TEST_REQUIRE(!server.listen_unix(socket_file));
        // A pool keeps connections for each address. So the requests that wait have their own.
        for (std::string* const each : {&tls_url, &held_url}) {
            BOOST_TEST_REQUIRE(!server.listen_tls("127.0.0.1", 0,
                                                  {.certificate_file = files.certificate,
                                                   .private_key_file = files.key,
                                                   .client_ca_file = {}}));
            *each = server.endpoints().back();
        }
    }

    void release() {
        for (const server_responder& each : std::exchange(held, {}))
            each({.body = R"({"status":"ok"})"});
    }

    asio_server server;
    health_route health;
    schema_route schema;
    std::string plain_url, tls_url, held_url, socket_file;
    std::vector<server_responder> held;
};

// One of everything, on one thread.
struct process {
    process()
        : io{std::make_unique<asio::io_context>()},
          clock{io->get_executor()},
          server{std::in_place, io->get_executor(), certificates} {
        const std::string ca_file = certificates.ca_file();
        kept.emplace(client_of(clock, server->tls_url + "/ok", ca_file));
        kept->on_event([this](const event& happened) { of_kept.note(happened); });
        waiting.emplace(client_of(clock, server->held_url + "/held", ca_file));
        waiting->on_event([this](const event& happened) { of_waiting.note(happened); });
        fleet.emplace(fleet_of(clock, ca_file));
        fleet_kept = fleet->add(url{server->tls_url + "/ok"}, quick);
        (void)fleet->add(url{server->held_url + "/held"}, quick);
        fleet->on_event([this](const event& happened) {
            (happened.id == fleet_kept ? of_fleet_kept : of_fleet_waiting).note(happened);
        });
        source.emplace(*io, datasource_options{.uri = server->plain_url, .auth_secret = "secret"});
        source->start();
        signals.emplace(io->get_executor(), [](int) {});
        kept->start();
        waiting->start();
        fleet->start();
        // Everything is under way: connections are kept, and two checks wait for their answers.
        BOOST_TEST_REQUIRE(run_until([this] {
            return of_kept.healthy > 1 && of_fleet_kept.healthy > 1 && server->held.size() == 2;
        }));
        of_kept = of_waiting = of_fleet_kept = of_fleet_waiting = {};
    }

    template <typename Claim>
    bool run_until(const Claim& claim) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!claim() && std::chrono::steady_clock::now() < end)
            io->run_one_for(10ms);
        return claim();
    }

    void enter_child() const { io->notify_fork(asio::execution_context::fork_child); }

    void destroy_clients() {
        signals.reset();
        source.reset();
        fleet.reset();
        waiting.reset();
        kept.reset();
    }

    // Call it after a child has ended: each connection is still as the child found it.
    void check_that_all_goes_on() {
        server->release();
        BOOST_TEST(run_until([this] {
            server->release();
            return of_kept.healthy > 2 && of_fleet_kept.healthy > 2 && of_waiting.healthy > 1 &&
                   of_fleet_waiting.healthy > 1;
        }));
        // The checks that waited had new connections, and all later checks use these.
        for (const auto& [name, seen, fresh] :
             {std::tuple{"kept", of_kept, 0U}, std::tuple{"waiting", of_waiting, 1U},
              std::tuple{"fleet, kept", of_fleet_kept, 0U},
              std::tuple{"fleet, waiting", of_fleet_waiting, 1U}}) {
            BOOST_TEST_CONTEXT(name) {
                BOOST_TEST(seen.failed == 0U);
                BOOST_TEST(seen.fresh == fresh);
            }
        }
    }

    test_certificates certificates;
    std::unique_ptr<asio::io_context> io;
    asio_clock clock;
    std::optional<keeping_server> server;
    seen_checks of_kept, of_waiting, of_fleet_kept, of_fleet_waiting;
    target_id fleet_kept{};
    std::optional<plain_client> kept, waiting;
    std::optional<plain_fleet> fleet;
    std::optional<datasource> source;
    std::optional<shutdown_signals> signals;
};

bool exists(const std::string& path) {
    struct stat found{};
    return ::lstat(path.c_str(), &found) == 0;
}

// Keeps a thread of the library in a handler, so that it holds no lock while this process forks.
class held_thread {
public:
    template <typename Executor>
    explicit held_thread(const Executor& executor) {
        asio::post(executor, [this] {
            arrived_.set_value();
            released_.get_future().wait();
        });
        arrived_.get_future().wait();
    }
    held_thread(const held_thread&) = delete;
    held_thread& operator=(const held_thread&) = delete;
    ~held_thread() { released_.set_value(); }

private:
    std::promise<void> arrived_;
    std::promise<void> released_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(fork_test)

BOOST_AUTO_TEST_CASE(B27_clients_that_a_child_destroys_stay_connected_in_the_parent) {
    process all;
    BOOST_TEST(in_child([&] {
                   all.enter_child();
                   all.destroy_clients();
               }) == "exit 0");
    all.check_that_all_goes_on();
}

BOOST_AUTO_TEST_CASE(B27_a_server_that_a_child_destroys_goes_on_in_the_parent) {
    process all;
    BOOST_TEST(in_child([&] {
                   all.enter_child();
                   all.server.reset(); // and the responders that hold two requests
               }) == "exit 0");
    BOOST_TEST(exists(all.server->socket_file));
    BOOST_TEST(exists(all.server->socket_file + ".lock"));
    all.check_that_all_goes_on();
}

BOOST_AUTO_TEST_CASE(B27_responders_that_a_child_destroys_answer_nothing) {
    process all;
    BOOST_TEST(in_child([&] {
                   all.enter_child();
                   all.server->held.clear();
               }) == "exit 0");
    all.check_that_all_goes_on();
}

BOOST_AUTO_TEST_CASE(B27_a_child_may_destroy_everything_with_its_context_and_in_any_order) {
    process all;
    BOOST_TEST(in_child([&] {
                   all.enter_child();
                   all.server->server.stop();
                   all.kept->stop();
                   all.fleet->stop();
                   all.source->cleanup();
                   all.server.reset();
                   all.destroy_clients();
                   all.io.reset();
               }) == "exit 0");
    BOOST_TEST(exists(all.server->socket_file));
    all.check_that_all_goes_on();
}

// The threads of these do not exist in the child.
BOOST_AUTO_TEST_CASE(B27_a_child_may_destroy_a_background_and_a_sharded_fleet) {
    test_certificates certificates;
    asio::io_context io;
    keeping_server server{io.get_executor(), certificates};
    seen_checks of_client, of_fleet;
    std::mutex mutex; // of the two
    std::optional<background> loop{std::in_place};
    std::optional<plain_client> client{client_of(asio_clock{loop->get_executor()},
                                                 server.tls_url + "/ok", certificates.ca_file())};
    client->on_event([&](const event& happened) {
        const std::lock_guard lock{mutex};
        of_client.note(happened);
    });
    std::vector<asio::any_io_executor> executors;
    std::optional<sharded_fleet<plain_fleet>> fleet;
    fleet.emplace(2, [&](const asio::any_io_executor& executor) {
        executors.push_back(executor);
        return fleet_of(asio_clock{executor}, certificates.ca_file());
    });
    for (const std::string& each : {server.tls_url + "/ok", server.held_url + "/held"})
        (void)fleet->add(url{each}, quick);
    fleet->on_event([&](const event& happened) {
        const std::lock_guard lock{mutex};
        of_fleet.note(happened);
    });
    client->start();
    fleet->start();
    const auto run_until = [&](const auto& claim) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        const auto holds = [&] {
            const std::lock_guard lock{mutex};
            return claim();
        };
        while (!holds() && std::chrono::steady_clock::now() < end)
            io.run_one_for(1ms);
        return holds();
    };
    BOOST_TEST_REQUIRE(run_until(
        [&] { return of_client.healthy > 1 && of_fleet.healthy > 1 && server.held.size() == 1; }));
    {
        const held_thread first{loop->get_executor()};
        const held_thread second{executors[0]};
        const held_thread third{executors[1]};
        of_client = of_fleet = {};
        BOOST_TEST(in_child([&] {
                       loop->get_executor().context().notify_fork(
                           asio::execution_context::fork_child);
                       fleet.reset();
                       client.reset();
                       loop.reset();
                   }) == "exit 0");
    }
    server.release();
    BOOST_TEST(run_until([&] { return of_client.healthy > 2 && of_fleet.healthy > 2; }));
    BOOST_TEST((of_client.failed == 0 && of_fleet.failed == 0));
    BOOST_TEST(of_client.fresh == 0U);
    BOOST_TEST(of_fleet.fresh == 1U); // the check that waited
    fleet.reset();
    client.reset();
    loop.reset();
}

BOOST_AUTO_TEST_CASE(B27_a_child_does_not_wait_for_the_threads_of_a_resolver) {
    auto resolver = std::make_unique<getaddrinfo_resolver>();
    std::promise<void> inside;
    std::promise<void> leave;
    resolver->async_resolve("localhost", [&](const resolution&) {
        inside.set_value();
        leave.get_future().wait();
    });
    inside.get_future().wait();
    BOOST_TEST(in_child([&] { resolver.reset(); }) == "exit 0");
    leave.set_value();
    resolver.reset();
}

BOOST_AUTO_TEST_SUITE_END()
