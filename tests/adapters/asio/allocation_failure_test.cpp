// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/replaced_memory.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>

#include <forest/forest.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <openssl/crypto.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// B26: memory runs out at the n-th allocation after `start()`, for every n, once or several times
// in a row: nothing is thrown out of `run()`, every handler is called once, no server is reported
// down for it, and the next check works. OpenSSL's allocations fail in a run of their own.

#ifndef FOREST_TEST_MALLOC_IS_TAKEN

using namespace forest;
using namespace forest::detail;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;

bool openssl_may_fail = false;

// OpenSSL has no other heap than this from the beginning of the program on.
void* openssl_malloc(std::size_t bytes, const char*, int) {
    const scarcity::scope scope{scarcity::subject && openssl_may_fail};
    return std::malloc(bytes);
}
void* openssl_realloc(void* old, std::size_t bytes, const char*, int) {
    const scarcity::scope scope{scarcity::subject && openssl_may_fail};
    return std::realloc(old, bytes);
}
void openssl_free(void* block, const char*, int) {
    std::free(block);
}
[[maybe_unused]] const int openssl_heap =
    CRYPTO_set_mem_functions(&openssl_malloc, &openssl_realloc, &openssl_free);

// Lets OpenSSL's allocations fail, too.
struct openssl_scope {
    openssl_scope() noexcept { openssl_may_fail = true; }
    openssl_scope(const openssl_scope&) = delete;
    openssl_scope& operator=(const openssl_scope&) = delete;
    ~openssl_scope() { openssl_may_fail = false; }
};

std::size_t open_descriptors() {
    const scarcity::scope test{false};
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

// What a client reports; nothing of it may fail.
struct record {
    int started = 0;
    int ended = 0;
    int succeeded = 0;
    int inconclusive = 0;
    int blamed = 0; // the server was, or a callback
    std::string unexpected;

    void add(const event& happened) {
        const scarcity::scope test{false};
        switch (happened.kind) {
        case event_kind::check_started: ++started; return;
        case event_kind::check_succeeded: ++ended, ++succeeded; return;
        case event_kind::check_inconclusive: ++ended, ++inconclusive; return;
        case event_kind::check_failed: ++ended; [[fallthrough]];
        case event_kind::server_down:
        case event_kind::callback_failed:
        case event_kind::schema_failed:
            ++blamed;
            unexpected += std::string{name(happened.kind)} + ": " +
                          (happened.check ? happened.check->error.message() : "") +
                          std::string{happened.detail} + "\n";
            return;
        default: return;
        }
    }
};

// One run, in which some allocations fail from `begin` to `end`.
class run {
public:
    run(std::int64_t first, std::int64_t length) : first_{first}, length_{length} {}

    void begin() {
        scarcity::number = 0;
        scarcity::failed = 0;
        scarcity::last = first_ + length_ - 1;
        scarcity::first = first_;
        scarcity::subject = true;
    }

    // Whether any has failed.
    void end() {
        scarcity::subject = false;
        scarcity::first = 0;
    }

    [[nodiscard]] static bool any() { return scarcity::failed > 0; }

    // Runs the context until `done()`, and then, after `stop()`, until it has no work.
    template <typename Done, typename Stop>
    void drive(asio::io_context& io, const Done& done, const Stop& stop) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        guarded([&] {
            while (!done() && std::chrono::steady_clock::now() < end)
                io.run_one_for(deadline);
        });
        guarded([&] { stop(); });
        guarded([&] { io.run_for(deadline); });
        scarcity::subject = false;
        timed_out_ = std::chrono::steady_clock::now() > end;
    }

    template <typename Function>
    void guarded(const Function& function) {
        try {
            function();
        } catch (const std::exception& thrown) {
            const scarcity::scope test{false};
            escaped_ += std::string{thrown.what()} + '\n';
        }
    }

    [[nodiscard]] bool timed_out() const { return timed_out_; }
    [[nodiscard]] const std::string& escaped() const { return escaped_; }

private:
    std::int64_t first_;
    std::int64_t length_;
    std::string escaped_;
    bool timed_out_ = false;
};

// How many blocks a scenario has left behind when some of its allocations failed; whether any did.
struct outcome {
    std::int64_t blocks = 0;
    bool failed = false;
};

template <typename Scenario>
outcome perform(const Scenario& scenario, std::int64_t first, std::int64_t length) {
    const std::int64_t before = scarcity::live;
    run one{first, length};
    scarcity::tracked = true;
    scenario(one);
    scarcity::tracked = false;
    const outcome result{scarcity::live - before, run::any()};
    BOOST_TEST_REQUIRE(one.escaped() == "");
    BOOST_TEST_REQUIRE(!one.timed_out());
    return result;
}

// Makes each allocation of a scenario fail, one in each run, and then several in a row.
template <typename Scenario>
void at_every_allocation(const Scenario& scenario) {
    constexpr std::int64_t allocations_max = 10000;
    (void)perform(scenario, allocations_max, 1);
    (void)perform(scenario, allocations_max, 1);
    const std::size_t descriptors = open_descriptors();
    std::int64_t all = 0;
    for (const std::int64_t length : {1, 5}) {
        std::int64_t first = 1;
        for (; first < allocations_max; ++first) {
            BOOST_TEST_CONTEXT("allocation " << first << ", " << length << " in a row") {
                const outcome one = perform(scenario, first, length);
                if (!one.failed)
                    break;
                // What is made once for the whole program is not made the second time.
                if (one.blocks > 0)
                    BOOST_TEST_REQUIRE(perform(scenario, first, length).blocks <= 0);
                BOOST_TEST_REQUIRE(eventually([&] { return open_descriptors() <= descriptors; }));
            }
        }
        BOOST_TEST_REQUIRE(first < allocations_max);
        all += first - 1;
    }
    BOOST_TEST(all > 0);
    BOOST_TEST_MESSAGE(all << " allocations failed");
}

// Healthy servers of all kinds, on a thread of their own.
struct servers {
    test_certificates certificates;
    background thread;
    asio_server server{thread.get_executor()};
    std::string folder;
    std::optional<health_route> health;
    std::optional<schema_route> schema;
    std::string http, https, unix;

    servers() {
        char name[] = "/tmp/forest_memory_XXXXXX";
        folder = ::mkdtemp(name);
        health.emplace(server, hmac_sha256_verifier{"secret"});
        schema.emplace(server, hmac_sha256_verifier{"secret"}, sha1_hex,
                       R"({"collections":[{"name":"books"}]})");
        const certificate_files issued = certificates.server();
        const auto require = [](std::error_code ec) {
            if (ec)
                throw std::system_error{ec};
        };
        require(server.listen("127.0.0.1", 0));
        require(server.listen_tls(
            "127.0.0.1", 0,
            {.certificate_file = issued.certificate, .private_key_file = issued.key}));
        require(server.listen_unix(folder + "/s.sock"));
        const auto all = server.endpoints();
        http = all.at(0);
        https = all.at(1);
        unix = all.at(2);
    }

    ~servers() {
        health.reset();
        schema.reset();
        std::filesystem::remove_all(folder);
    }
};

struct context : servers {
    const transport_options trusting{.tls = {.ca_file = certificates.ca_file()},
                                     .reset_after_answer = true};
    const transport_options keeping{.tls = {.ca_file = certificates.ca_file()},
                                    .reuse_connections = true};

    // Checks a target with a client until it has succeeded again after what has failed.
    template <typename Transport>
    void watch(run& at, const std::string& target, const transport_options& settings) {
        asio::io_context io;
        const asio_clock clock{io.get_executor()};
        record told;
        std::int64_t failures_seen = 0;
        int succeeded_since = 0;
        {
            basic_health_client client{
                make<Transport>(clock, settings), clock,
                hmac_sha256_signer{"secret"},     exponential_backoff{},
                url{target + "/forest/health"},   options{.interval = 1ms, .timeout = 20s}};
            client.on_event([&](const event& happened) {
                told.add(happened);
                if (happened.kind != event_kind::check_succeeded)
                    return;
                if (std::exchange(failures_seen, scarcity::failed) != scarcity::failed)
                    succeeded_since = 0;
                ++succeeded_since;
            });
            at.begin();
            at.guarded([&] { client.start(); });
            at.drive(io, [&] { return succeeded_since >= 3; }, [&] { client.stop(); });
        }
        at.end();
        BOOST_TEST(told.unexpected == "");
        BOOST_TEST(told.started - told.ended <= 1);
        BOOST_TEST(told.ended <= told.started);
    }

    // The same for a fleet, one of whose targets is added and removed while it runs.
    void watch_many(run& at, const std::vector<std::string>& targets) {
        asio::io_context io;
        const asio_clock clock{io.get_executor()};
        record told;
        std::int64_t failures_seen = 0;
        int succeeded_since = 0;
        {
            const asio_connection_pool pool{clock, trusting, duration{1ms}};
            basic_health_fleet fleet{[&] { return pooled_transport{pool}; },
                                     clock,
                                     hmac_sha256_signer{"secret"},
                                     exponential_backoff{},
                                     {.tick = 1ms,
                                      .checks_in_flight_max = 2,
                                      .connections_per_second_max = 10'000,
                                      .spread_start = false}};
            const options settings{.interval = 1ms, .timeout = 20s};
            for (const std::string& each : targets)
                fleet.add(url{each + "/forest/health"}, settings);
            target_id passing{};
            fleet.on_event([&](const event& happened) {
                told.add(happened);
                if (happened.kind != event_kind::check_succeeded)
                    return;
                if (std::exchange(failures_seen, scarcity::failed) != scarcity::failed)
                    succeeded_since = 0;
                if (++succeeded_since % 5 != 0)
                    return;
                const scarcity::scope test{false};
                if (passing != target_id{})
                    fleet.remove(std::exchange(passing, {}));
                else
                    passing = fleet.add(url{http + "/forest/health"}, settings);
            });
            at.begin();
            at.guarded([&] { fleet.start(); });
            at.drive(io, [&] { return succeeded_since >= 12; }, [&] { fleet.stop(); });
        }
        at.end();
        BOOST_TEST(told.unexpected == "");
        BOOST_TEST(told.ended <= told.started);
    }

    // On two threads, whose allocations fail, too. Callbacks of one remove targets of the other.
    void watch_on_threads(run& at) {
        scarcity::tracked = false; // Blocks go from thread to thread.
        std::mutex mutex;
        record told;
        std::atomic<std::int64_t> failures_seen{0};
        std::atomic<int> succeeded_since{0};
        target_id passing{};
        target_id gone{}; // which was `passing`
        target_id removed{};
        int told_of_removed = 0;
        sharded_fleet<health_fleet> fleet{2, [](const asio::any_io_executor& executor) {
                                              asio::post(executor,
                                                         [] { scarcity::subject = true; });
                                              return health_fleet{executor, "secret"};
                                          }};
        fleet.on_event([&](const event& happened) {
            const bool fails = scarcity::subject;
            const scarcity::scope test{false};
            const std::lock_guard lock{mutex};
            told.add(happened);
            if (happened.kind != event_kind::check_succeeded)
                return;
            told_of_removed += removed != target_id{} && happened.id == removed ? 1 : 0;
            if (failures_seen.exchange(scarcity::failed) != scarcity::failed)
                succeeded_since = 0;
            ++succeeded_since;
            if (passing == target_id{} || !happened.target.starts_with("http:"))
                return;
            try {
                const scarcity::scope library{fails};
                (void)fleet.remove(passing);
                gone = std::exchange(passing, {});
            } catch (const std::bad_alloc&) { // It is still watched: the next event removes it.
            }
        });
        const options settings{.interval = 5ms, .timeout = 20s};
        const std::string of_the_other = unix + "/forest/health";
        for (int n = 1; n <= 4; ++n)
            fleet.add(url{http + "/forest/health?" + std::to_string(n)}, settings);
        at.begin();
        scarcity::subject = false;
        at.guarded([&] { fleet.start(); });
        const signer_id signer = fleet.add_signer(hmac_sha256_signer{"secret"});
        const target_id late = fleet.add(url{of_the_other}, settings, signer);
        {
            const std::lock_guard lock{mutex};
            passing = fleet.add(url{of_the_other + "?passing"}, settings, signer);
        }
        BOOST_TEST(eventually([&] {
            const std::lock_guard lock{mutex};
            return succeeded_since >= 8 && passing == target_id{};
        }));
        BOOST_TEST(fleet.size() == 5U);
        (void)fleet.statistics(); // So that what was asked for before has been done.
        {
            const std::lock_guard lock{mutex};
            removed = gone;
        }
        at.guarded([&] { fleet.remove(late); });
        at.guarded([&] { fleet.stop(); });
        at.end();
        BOOST_TEST(told.unexpected == "");
        BOOST_TEST(told_of_removed == 0);
    }

    // A datasource that fetches the schema and polls health, or the schema alone.
    void follow(run& at, bool by_schema) {
        asio::io_context io;
        record told;
        std::int64_t failures_seen = 0;
        int succeeded_since = 0;
        int loaded = 0;
        {
            datasource_options settings;
            settings.uri = http;
            settings.auth_secret = "secret";
            settings.health_check_interval = 1s;
            if (by_schema)
                settings.schema_poll = 1s;
            datasource source{io.get_executor(), settings};
            source.on_event([&](const event& happened) {
                if (happened.kind != event_kind::schema_failed ||
                    happened.check->error != errc::local_resources_exhausted)
                    told.add(happened);
                loaded += happened.kind == event_kind::schema_loaded ? 1 : 0;
                if (happened.kind != event_kind::check_succeeded)
                    return;
                if (std::exchange(failures_seen, scarcity::failed) != scarcity::failed)
                    succeeded_since = 0;
                ++succeeded_since;
            });
            at.begin();
            at.guarded([&] { source.start(); });
            at.drive(
                io, [&] { return succeeded_since >= 1 && loaded >= 1; }, [&] { source.cleanup(); });
        }
        at.end();
        BOOST_TEST(told.unexpected == "");
        BOOST_TEST(loaded == 1);
    }

    // One check for a callback, and one for a coroutine that makes two.
    void check_once(run& at, const std::string& target) {
        asio::io_context io;
        int calls = 0;
        int refused = 0; // by the call itself
        verdict last;
        const auto begin = [&] {
            try {
                single_check check{.target = target + "/forest/health", .timeout = 20s};
                check.transport = trusting;
                async_check(io.get_executor(), std::move(check), hmac_sha256_signer{"secret"},
                            [&](const verdict& result) {
                                const scarcity::scope test{false};
                                ++calls;
                                last = result;
                            });
            } catch (const std::exception&) { // The file of the authority may be unreadable, too.
                ++refused;
            }
        };
        at.begin();
        begin();
        at.drive(io, [&] { return calls + refused == 1; }, [] {});
        at.end();
        BOOST_TEST(calls + refused == 1);
        BOOST_TEST((calls == 0 || last.healthy() ||
                    last.error == make_error_code(errc::local_resources_exhausted)),
                   last.error.message());
        io.restart();
        begin();
        io.run_for(deadline);
        BOOST_TEST(calls + refused == 2);
        BOOST_TEST(last.healthy());
    }

    // GETs that are answered, and one that is cancelled, by one transport.
    template <typename Transport>
    void get_and_cancel(run& at) {
        asio::io_context io;
        const asio_clock clock{io.get_executor()};
        int begun = 0;
        int ended = 0;
        int answered = 0;
        {
            auto transport = make<Transport>(clock, trusting);
            request asked;
            asked.target = http + "/forest/health";
            // Where the end of a cancelled GET took the memory along, the call itself may throw.
            const auto on_end = [&](const reply& answer) {
                const scarcity::scope test{false};
                ++ended;
                answered += answer.status == 401 ? 1 : 0; // It is not signed.
                BOOST_TEST((answer.status == 401 || answer.error == errc::operation_canceled ||
                            answer.error == errc::local_resources_exhausted));
            };
            const auto get = [&] {
                try {
                    transport.async_get(asked, 20s, on_end);
                    ++begun;
                } catch (const std::bad_alloc&) {
                }
            };
            at.begin();
            for (int round = 0; round < 4; ++round) {
                at.guarded([&] {
                    get();
                    if (round == 1)
                        transport.cancel();
                });
                at.drive(io, [&] { return ended == begun; }, [] {});
                BOOST_TEST(ended == begun);
                io.restart();
                scarcity::subject = true;
            }
            at.end();
            get();
            io.run_for(deadline);
            io.restart();
            BOOST_TEST(ended == begun);
        }
        io.run_for(deadline);
        BOOST_TEST(ended == begun);
        BOOST_TEST(answered >= 1);
    }

    // The client's side of a handshake and a request, without a network.
    std::optional<errc> shake_hands(run& at, const tls_context& of_peer) {
        scarcity::tracked = false; // OpenSSL keeps the errors of a thread.
        tls_client client{trusting.tls};
        const url target{"https://127.0.0.1/"};
        tls_session peer{of_peer};
        std::string received;
        std::optional<errc> failure;
        const auto answer = [&](std::string_view said) {
            const scarcity::scope test{false};
            std::array<char, 100> room;
            std::size_t count = 0;
            BOOST_TEST(peer.input(said));
            (void)peer.receive(room, count);
            received.append(room.data(), count);
            const std::string bytes{peer.output()};
            peer.output_sent();
            return bytes;
        };
        at.begin();
        try {
            tls_session session = client.begin(target);
            const auto carry = [&] {
                const std::string bytes = answer(session.output());
                session.output_sent();
                if (!session.input(bytes))
                    throw std::bad_alloc{};
            };
            auto last = session.handshake();
            for (; last == tls_session::progress::wants_input; last = session.handshake())
                carry();
            if (last == tls_session::progress::done)
                last = session.send("hello");
            if (last == tls_session::progress::done)
                carry();
            else
                failure = session.failure();
        } catch (const std::bad_alloc&) {
            failure = errc::local_resources_exhausted;
        }
        at.end();
        BOOST_TEST((received == "hello" || failure.has_value()));
        return failure;
    }

    void wait_and_cancel(run& at) {
        asio::io_context io;
        asio_clock clock{io.get_executor()};
        int ended = 0;
        int canceled = 0;
        const auto wait = [&](duration delay) {
            clock.async_wait(delay, [&](std::error_code ec) {
                const scarcity::scope test{false};
                ++ended;
                canceled += ec ? 1 : 0;
            });
        };
        at.begin();
        at.guarded([&] {
            wait(1h);
            wait(2ms);
            wait(1ms);
        });
        at.drive(
            io, [&] { return ended == 2; },
            [&] {
                clock.cancel();
                wait(1ms);
            });
        at.end();
        BOOST_TEST(ended == 4);
        BOOST_TEST(canceled == 1);
    }

    template <typename Transport>
    static Transport make(const asio_clock& clock, const transport_options& settings) {
        if constexpr (std::is_same_v<Transport, pooled_transport>)
            return pooled_transport{asio_connection_pool{clock, settings}};
        else
            return asio_transport{clock, settings};
    }
};

// A name whose answer has expired is asked for, and another answer comes.
void ask_again(run& at) {
    struct waiter final : name_waiter {
        void answered() noexcept override { ++times_answered; }
        int times_answered = 0;
    };
    name_book book;
    steady_time now{};
    const auto ask = [&](waiter& by) {
        return book.ask("host", false, by, now, [](std::string_view) { return false; });
    };
    const std::vector<ip_address> found(2);
    waiter first, second, third;
    (void)ask(first);
    book.answered(*book.next(), {}, std::span{found}.first(1), 1s, now);
    now += 1s;
    bool thrown = false;
    at.begin();
    try {
        (void)ask(second);
    } catch (const std::bad_alloc&) {
        thrown = true;
    }
    if (name_book::entry* const next = book.next())
        book.answered(*next, {}, found, 1s, now);
    at.end();
    BOOST_TEST_REQUIRE(book.statistics().lookups == (thrown ? 1U : 2U));
    BOOST_TEST_REQUIRE(second.times_answered == (thrown ? 0 : 1));
    now += 1s;
    BOOST_TEST_REQUIRE((ask(third) == name_state::refreshing));
    BOOST_TEST_REQUIRE(!third.addresses.empty());
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(allocation_failure_test, context)

BOOST_AUTO_TEST_CASE(B26_a_client_over_http_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { watch<asio_transport>(at, http, trusting); });
}

BOOST_AUTO_TEST_CASE(B26_a_client_over_https_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { watch<asio_transport>(at, https, trusting); });
}

BOOST_AUTO_TEST_CASE(B26_a_client_over_a_unix_socket_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { watch<asio_transport>(at, unix, trusting); });
}

BOOST_AUTO_TEST_CASE(B26_a_client_that_keeps_its_connection_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { watch<asio_transport>(at, http, keeping); });
    at_every_allocation([&](run& at) { watch<asio_transport>(at, https, keeping); });
}

BOOST_AUTO_TEST_CASE(B26_a_client_on_a_pool_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { watch<pooled_transport>(at, http, trusting); });
    at_every_allocation([&](run& at) { watch<pooled_transport>(at, https, keeping); });
}

BOOST_AUTO_TEST_CASE(B26_a_fleet_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { watch_many(at, {http, https, unix}); });
}

BOOST_AUTO_TEST_CASE(B26_a_fleet_on_threads_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { watch_on_threads(at); });
}

BOOST_AUTO_TEST_CASE(B26_a_datasource_outlives_every_failed_allocation) {
    at_every_allocation([&](run& at) { follow(at, false); });
    at_every_allocation([&](run& at) { follow(at, true); });
}

BOOST_AUTO_TEST_CASE(B26_one_check_completes_at_every_failed_allocation) {
    for (const std::string& where : {http, https})
        at_every_allocation([&](run& at) { check_once(at, where); });
}

BOOST_AUTO_TEST_CASE(B26_a_handshake_for_which_openssl_lacks_memory_is_no_fault_of_the_peer) {
    const certificate_files issued = certificates.server();
    const tls_context of_peer{
        tls_server_options{.certificate_file = issued.certificate, .private_key_file = issued.key}};
    const openssl_scope openssl;
    int local = 0;
    int blamed = 0;
    at_every_allocation([&](run& at) {
        const auto failure = shake_hands(at, of_peer);
        local += failure == errc::local_resources_exhausted ? 1 : 0;
        blamed += failure && failure != errc::local_resources_exhausted ? 1 : 0;
    });
    BOOST_TEST_MESSAGE(local << " failures reported as such, " << blamed << " not");
    // Not always does OpenSSL say that it lacked memory.
    BOOST_TEST(blamed * 4 < local);
}

BOOST_AUTO_TEST_CASE(B26_a_transport_calls_each_handler_once_at_every_failed_allocation) {
    at_every_allocation([&](run& at) { get_and_cancel<asio_transport>(at); });
    at_every_allocation([&](run& at) { get_and_cancel<pooled_transport>(at); });
}

BOOST_AUTO_TEST_CASE(B19_a_last_good_answer_outlives_every_failed_allocation) {
    at_every_allocation(ask_again);
}

BOOST_AUTO_TEST_CASE(B26_a_clock_ends_each_wait_once_at_every_failed_allocation) {
    at_every_allocation([&](run& at) { wait_and_cancel(at); });
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_SUITE(allocation_failure_test)

BOOST_AUTO_TEST_CASE(B26_is_tested_without_sanitizers_because_they_replace_malloc) {
    BOOST_TEST_MESSAGE("allocations do not fail in this build");
}

BOOST_AUTO_TEST_SUITE_END()

#endif
