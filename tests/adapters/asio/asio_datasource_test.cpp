// SPDX-License-Identifier: BSL-1.0

// The datasource and both routes over real sockets: what the virtual clock cannot show, which is
// threads, descriptors and large answers.

#include <support/sanitized.hpp>

#include <forest/forest.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

constexpr std::string_view secret = "not-to-be-printed";
constexpr auto patience = 30s;

std::string schema_of(std::size_t collections, std::string_view prefix = "collection_") {
    std::string text = R"({"collections":[)";
    for (std::size_t index = 0; index < collections; ++index)
        text += (index == 0 ? R"({"name":")" : R"(,{"name":")") + std::string{prefix} +
                std::to_string(index) + R"("})";
    return text + "]}";
}

// A server process in miniature, which can die and come back at its address.
struct agent {
    agent(asio::io_context& io, std::string_view text, std::uint16_t port = 0)
        : server{io.get_executor()},
          health{server, verify},
          schema{server, verify, sha1_hex, text} {
        if (const std::error_code ec = server.listen("127.0.0.1", port))
            throw std::system_error{ec};
    }

    hmac_sha256_verifier verify{secret};
    asio_server server;
    health_route health;
    schema_route schema;
};

datasource_options quick(const agent& of) {
    return {.uri = of.server.endpoints().front(),
            .auth_secret = std::string{secret},
            .health_check_interval = 10ms,
            .health_check_failure_threshold = 2};
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

// Runs the loop until the condition holds.
bool run_until(asio::io_context& io, const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        io.restart();
        io.run_one_for(50ms);
    }
    return true;
}

// What the process holds now, in bytes; nothing where a sanitizer keeps the books.
std::optional<std::size_t> held() {
    if (forest::test::sanitized)
        return std::nullopt;
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

} // namespace

BOOST_AUTO_TEST_SUITE(asio_datasource_test)

BOOST_AUTO_TEST_CASE(B30_B31_a_server_that_comes_back_with_another_schema_is_reloaded_once) {
    asio::io_context io;
    std::optional<agent> running;
    running.emplace(io, schema_of(2));
    const std::uint16_t port = running->server.port();
    std::vector<std::string> reloads;
    datasource master = datasource::build(io.get_executor(), quick(*running),
                                          [&](const schema& s) { reloads.push_back(s.etag()); });
    int downs = 0;
    int ups = 0;
    int unchanged = 0;
    master.on_server_down([&](const outage&) { ++downs; });
    master.on_server_up([&](const outage&) { ++ups; });
    master.on_event([&](const event& happened) {
        unchanged += happened.kind == event_kind::schema_unchanged ? 1 : 0;
    });
    BOOST_REQUIRE(run_until(io, [&] { return master.schema()->collections().size() == 2; }));
    for (const std::size_t collections : {2U, 3U, 3U, 4U}) {
        const int before = downs;
        running.reset();
        BOOST_REQUIRE(run_until(io, [&] { return downs == before + 1; }));
        running.emplace(io, schema_of(collections), port);
        const std::size_t settled = reloads.size() + static_cast<std::size_t>(unchanged);
        BOOST_REQUIRE(run_until(io, [&] {
            return reloads.size() + static_cast<std::size_t>(unchanged) == settled + 1;
        }));
    }
    master.cleanup();
    BOOST_TEST(downs == 4);
    BOOST_TEST(ups == 4);
    BOOST_TEST(unchanged == 2);
    BOOST_TEST(reloads == (std::vector{sha1_hex(schema_of(3)), sha1_hex(schema_of(4))}));
}

BOOST_AUTO_TEST_CASE(a_schema_of_10_MB_is_fetched) {
    constexpr std::size_t collections = forest::test::sanitized ? 40'000 : 400'000;
    asio::io_context io;
    agent running{io, schema_of(collections)};
    datasource_options settings = quick(running);
    settings.schema_bytes_max = 16'000'000;
    datasource master = datasource::build(io.get_executor(), settings);
    BOOST_REQUIRE(run_until(io, [&] { return !master.schema()->collections().empty(); }));
    BOOST_TEST(master.schema()->text().size() > 25 * collections);
    BOOST_TEST(master.schema()->collections().size() == collections);
    BOOST_TEST(master.schema()->etag() == running.schema.etag());
}

BOOST_AUTO_TEST_CASE(the_room_of_a_large_schema_is_given_back_on_both_sides) {
    constexpr std::size_t megabyte = 1'000'000;
    asio::io_context io;
    agent running{io, schema_of(400'000)}; // 10 MB and the names are held here
    running.server.get("/small", [](const server_request&, auto respond) { respond({}); });
    asio_clock clock{io.get_executor()};
    asio_transport transport{clock, {.reuse_connections = true}};
    const auto before = held();
    const auto get = [&](const char* path) {
        request what;
        what.target = url{running.server.endpoints().front() + path};
        what.limits.body_bytes_max = 16 * megabyte;
        what.fields.clear();
        hmac_sha256_signer{secret}.sign(what, clock.now(), what.fields);
        std::size_t size = 0;
        bool ended = false;
        transport.async_get(what, 20s, [&](const reply& answer) {
            size = answer.body.size();
            ended = true;
        });
        BOOST_REQUIRE(run_until(io, [&] { return ended; }));
        return size;
    };
    BOOST_TEST(get("/forest/rpc-schema") > 10 * megabyte);
    BOOST_TEST(get("/small") == 0U);
    io.restart();
    io.run_for(10ms);
    if (before)
        BOOST_TEST(*held() < *before + megabyte);
}

BOOST_AUTO_TEST_CASE(a_large_answer_outlives_the_end_of_the_one_before_it) {
    asio::io_context serving;
    agent running{serving, schema_of(100'000)};
    std::thread server_thread{[&] { serving.run(); }};
    asio::io_context io;
    const auto work = asio::make_work_guard(io);
    std::vector<std::thread> threads;
    for (int count = 0; count < 3; ++count)
        threads.emplace_back([&] { io.run(); });
    {
        asio_clock clock{io.get_executor()};
        asio_transport transport{clock};
        request what;
        what.target = url{running.server.endpoints().front() + running.schema.path()};
        what.limits.body_bytes_max = 16'000'000;
        hmac_sha256_signer{secret}.sign(what, clock.now(), what.fields);
        std::promise<std::string> second;
        transport.async_get(what, 20s, [&](const reply&) {
            transport.async_get(what, 20s, [&](const reply& answer) {
                second.set_value(std::string{answer.body});
            });
            std::this_thread::sleep_for(100ms); // The next answer comes meanwhile, and waits.
        });
        auto body = second.get_future();
        BOOST_TEST_REQUIRE((body.wait_for(patience) == std::future_status::ready));
        schema read;
        BOOST_TEST(!schema::parse(body.get(), read));
        BOOST_TEST(read.collections().size() == 100'000U);
    }
    io.stop();
    for (std::thread& each : threads)
        each.join();
    serving.stop();
    server_thread.join();
}

BOOST_AUTO_TEST_CASE(a_schema_beyond_the_limit_is_a_named_error_and_the_old_one_stays) {
    asio::io_context io;
    agent running{io, schema_of(2)};
    datasource_options settings = quick(running);
    settings.mode = datasource_mode::schema_poll;
    settings.schema_poll = 1s;
    settings.schema_bytes_max = 1000;
    datasource master = datasource::build(io.get_executor(), settings);
    BOOST_REQUIRE(run_until(io, [&] { return !master.schema()->collections().empty(); }));
    BOOST_TEST(!running.schema.replace(schema_of(1000)));
    std::error_code failure;
    master.on_event([&](const event& happened) {
        if (happened.kind == event_kind::schema_failed)
            failure = happened.check->error;
    });
    BOOST_REQUIRE(run_until(io, [&] { return bool{failure}; }));
    BOOST_TEST(failure == errc::response_too_large);
    BOOST_TEST(master.schema()->collections().size() == 2U);
}

BOOST_AUTO_TEST_CASE(B18_nothing_is_left_of_a_hundred_datasources) {
    asio::io_context io;
    agent running{io, schema_of(2)};
    const auto live_and_die = [&](int count) {
        for (int index = 0; index < count; ++index) {
            datasource master = datasource::build(io.get_executor(), quick(running));
            BOOST_REQUIRE(run_until(io, [&] { return !master.schema()->collections().empty(); }));
        }
        // The server closes its side, too.
        BOOST_REQUIRE(run_until(io, [&] { return running.server.connections() == 0; }));
    };
    live_and_die(3);
    const std::size_t before = open_descriptors();
    live_and_die(100);
    BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(B34_cleanup_from_any_thread_at_any_moment_is_the_end) {
    for (int round = 0; round < 30; ++round) {
        background loop;
        background serving;
        asio::io_context io;
        agent running{io, schema_of(2)};
        std::thread server_thread{[&] { io.run(); }};
        std::atomic<bool> ended = false;
        std::atomic<int> late = 0;
        datasource master{loop.get_executor(), quick(running)};
        master.on_event([&](const event&) { late += ended ? 1 : 0; });
        master.on_reload([&](const schema&) { late += ended ? 1 : 0; });
        master.start();
        std::this_thread::sleep_for(std::chrono::microseconds{round * 300});
        std::vector<std::thread> cleaning;
        for (int count = 0; count < 4; ++count)
            cleaning.emplace_back([&] {
                master.cleanup();
                ended = true;
            });
        for (std::thread& each : cleaning)
            each.join();
        std::this_thread::sleep_for(2ms);
        BOOST_TEST(late == 0);
        io.stop();
        server_thread.join();
    }
}

BOOST_DATA_TEST_CASE(B16_B32_a_reload_that_throws_blocks_cleans_up_or_destroys_is_survived,
                     data::make({"throws", "blocks", "cleans up", "destroys"}), what) {
    const std::string_view deed{what};
    asio::io_context io;
    agent running{io, schema_of(2)};
    datasource_options settings = quick(running);
    settings.mode = datasource_mode::schema_poll;
    settings.schema_poll = 1s;
    auto master = std::make_unique<datasource>(io.get_executor(), settings);
    int calls = 0;
    int after = 0;
    bool gone = false;
    master->on_event([&](const event&) { after += gone ? 1 : 0; });
    master->on_reload([&](const schema&) {
        ++calls;
        if (deed == "throws" && calls == 1)
            throw std::runtime_error("not now");
        if (deed == "blocks")
            std::this_thread::sleep_for(50ms);
        gone = deed == "cleans up" || deed == "destroys";
        if (deed == "cleans up")
            master->cleanup();
        if (deed == "destroys")
            master.reset();
    });
    master->start();
    BOOST_REQUIRE(run_until(io, [&] { return !master->schema()->collections().empty(); }));
    BOOST_TEST(!running.schema.replace(schema_of(3)));
    const int enough = deed == "throws" ? 2 : 1;
    BOOST_REQUIRE(run_until(io, [&] { return calls == enough; }));
    io.restart();
    io.run_for(100ms);
    BOOST_TEST(calls == enough);
    BOOST_TEST(after == 0);
    if (master != nullptr && !gone)
        BOOST_TEST(master->schema()->collections().size() == 3U);
}

BOOST_AUTO_TEST_CASE(B35_ten_datasources_share_one_thread) {
    asio::io_context io;
    std::vector<std::unique_ptr<agent>> agents;
    std::vector<datasource> masters;
    for (std::size_t index = 0; index < 10; ++index) {
        agents.push_back(std::make_unique<agent>(io, schema_of(index + 1)));
        masters.push_back(datasource::build(io.get_executor(), quick(*agents.back())));
    }
    BOOST_REQUIRE(run_until(io, [&] {
        for (std::size_t index = 0; index < 10; ++index) {
            if (masters[index].schema()->collections().size() != index + 1)
                return false;
        }
        return true;
    }));
    for (datasource& each : masters)
        BOOST_REQUIRE(run_until(io, [&] { return each.status() == target_status::up; }));
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_not_there_is_a_server_that_is_not_there) {
    asio::io_context io;
    datasource master = datasource::build(io.get_executor(),
                                          {.uri = "http+unix://%2Fnonexistent%2Fforest.sock/base/",
                                           .auth_secret = std::string{secret},
                                           .introspection = schema_of(1)});
    BOOST_REQUIRE(run_until(io, [&] { return !master.schema()->collections().empty(); }));
    BOOST_TEST((master.source() == schema_source::introspection));
}

BOOST_AUTO_TEST_CASE(a_secret_is_asked_for) {
    asio::io_context io;
    BOOST_CHECK_EXCEPTION((datasource{io.get_executor(), {.uri = "http://a"}}), std::system_error,
                          [](const auto& thrown) { return thrown.code() == errc::secret_missing; });
}

BOOST_AUTO_TEST_SUITE_END()
