// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>
#include <adapters/support/replaced_memory.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_raw_client.hpp>

#include <forest/adapters/asio/asio_server.hpp>

#include <boost/test/unit_test.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

// B26: a server whose n-th allocation fails, from listen() on, for every n: no exception leaves
// run(), and the next check is answered. As SQLite tests itself.

namespace {

using forest::asio_server;
using forest::server_request;
using forest::test::eventually;
using forest::test::raw_client;
using forest::test::tls_raw_client;
namespace scarcity = forest::test::scarcity;
using namespace std::chrono_literals;

constexpr std::string_view check = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

// Those that fail one after the other.
constexpr int in_a_row[] = {1, 3};

class scarce_server {
public:
    scarce_server() {
        server_.emplace(io_.get_executor());
        (void)server_->get("/health", [](const server_request&, auto respond) {
            const scarcity::scope application{false};
            respond({.body = R"({"status":"ok"})", .fields = {}});
        });
        (void)server_->get("/shared", [this](const server_request&, auto respond) {
            forest::response answer;
            answer.body = *body_;
            answer.body_owner = body_;
            respond(answer);
        });
        (void)server_->get("/later", [this](const server_request&, auto respond) {
            const scarcity::scope application{false};
            later_.emplace(std::move(respond));
            has_request_ = true;
        });
    }

    template <typename Listen>
    std::error_code listen(const Listen& listen) {
        const scarcity::scope subject{true};
        return listen(*server_);
    }

    void run() {
        thread_ = std::thread{[this] {
            const scarcity::scope subject{true};
            try {
                io_.run();
            } catch (const std::exception& thrown) {
                const scarcity::scope application{false};
                thrown_ = thrown.what();
            }
        }};
    }

    // What left run().
    std::string end() {
        server_.reset();
        work_.reset();
        if (thread_.joinable())
            thread_.join();
        return thrown_;
    }

    asio_server& server() { return *server_; }
    [[nodiscard]] bool has_request() const { return has_request_; }

private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::shared_ptr<const std::string> body_ =
        std::make_shared<const std::string>(std::size_t{100} << 10U, 'z');
    std::optional<asio_server> server_;
    std::optional<asio_server::responder> later_;
    std::atomic<bool> has_request_ = false; // for later
    std::thread thread_;
    std::string thrown_;
};

// Uses everything that a server has; failures show as empty answers.
template <typename Connect>
void use(const Connect& connect) {
    for (const std::string path : {"/health", "/shared", "/none"}) {
        const std::string request = "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
        try {
            auto client = connect();
            if constexpr (std::is_same_v<decltype(client), tls_raw_client>) {
                (void)client.ask(request);
            } else {
                (void)client.send(request.substr(0, 20));
                auto other = connect();
                (void)other.ask(request + request);
                (void)client.ask(request.substr(20));
                (void)client.ask(
                    "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
                (void)client.ask("x\r\n\r\n");
            }
        } catch (const std::runtime_error& failed) {
            BOOST_TEST_MESSAGE(failed.what());
            BOOST_TEST(std::string_view{failed.what()} != "the server did not react");
        }
    }
}

bool is_answered(raw_client client) {
    return client.ask(check).status == 200;
}

bool is_answered(tls_raw_client client) {
    return client.ask(check).starts_with("HTTP/1.1 200");
}

// Begins to count, for the n-th allocation and so many behind it to fail.
void fail_from(std::int64_t n, int row) {
    scarcity::number = 0;
    scarcity::failed = 0;
    scarcity::last = n + row - 1;
    scarcity::first = n;
}

// Ends that. Whether any has failed.
bool end_failing() {
    const bool reached = scarcity::failed > 0;
    scarcity::first = 0;
    return reached;
}

// Calls `scenario(n, row)`, which says whether an allocation has failed, for each n, or for some.
template <typename Scenario>
void at_each_allocation(std::int64_t step, const Scenario& scenario) {
    for (const int row : in_a_row) {
        std::int64_t n = 1;
        while (scenario(n, row)) {
            n += step;
            BOOST_REQUIRE(n < 50000);
        }
#ifndef FOREST_TEST_MALLOC_IS_TAKEN
        BOOST_TEST(n > 1);
#endif
    }
}

// `connect(server)` connects a client to what `listen(server)` listens on.
template <typename Listen, typename Connect>
void fail_each_allocation(std::int64_t step, const Listen& listen, const Connect& connect) {
    at_each_allocation(step, [&](std::int64_t n, int row) {
        scarce_server scarce;
        const auto client = [&] { return connect(scarce.server()); };
        fail_from(n, row);
        std::error_code ec = scarce.listen(listen);
        if (!ec) {
            scarce.run();
            use(client);
        }
        const bool reached = end_failing();
        if (ec)
            ec = scarce.listen(listen), scarce.run();
        BOOST_TEST(!ec);
        BOOST_TEST(is_answered(client()));
        BOOST_TEST(scarce.end() == "", "at " << n << " of " << row);
        return reached;
    });
}

std::error_code listen_plain(asio_server& server) {
    return server.listen("127.0.0.1", 0);
}

raw_client connect_plain(const asio_server& server) {
    return raw_client{server.port()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(server_allocation_test)

BOOST_AUTO_TEST_CASE(B26_a_server_outlives_every_failed_allocation) {
    fail_each_allocation(1, listen_plain, connect_plain);
}

BOOST_AUTO_TEST_CASE(B26_a_server_on_a_unix_socket_outlives_every_failed_allocation) {
    char name[] = "/tmp/forest_scarce_XXXXXX";
    const std::string folder = ::mkdtemp(name);
    const std::string path = folder + "/s.sock";
    fail_each_allocation(
        1, [&](asio_server& server) { return server.listen_unix(path); },
        [&](const asio_server&) { return raw_client{path}; });
    std::filesystem::remove_all(folder);
}

// Of the thousands of a handshake, some.
BOOST_AUTO_TEST_CASE(B26_a_server_over_tls_outlives_failed_allocations) {
    forest::test::test_certificates made;
    const auto own = made.server();
    const forest::tls_server_options tls{own.certificate, own.key, {}};
    fail_each_allocation(
        29, [&](asio_server& server) { return server.listen_tls("127.0.0.1", 0, tls); },
        [&](const asio_server& server) { return tls_raw_client(server.port(), made.ca_file()); });
}

BOOST_AUTO_TEST_CASE(B26_a_server_stops_in_time_at_every_failed_allocation) {
    at_each_allocation(1, [&](std::int64_t n, int row) {
        scarce_server scarce;
        BOOST_REQUIRE(!scarce.listen(listen_plain));
        scarce.run();
        raw_client client = connect_plain(scarce.server());
        client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_REQUIRE(eventually([&] { return scarce.has_request(); }));
        fail_from(n, row);
        {
            const scarcity::scope subject{true};
            BOOST_CHECK_NO_THROW(scarce.server().stop(20s));
            BOOST_CHECK_NO_THROW(scarce.server().stop(10ms));
        }
        BOOST_TEST(client.ended());
        const bool reached = end_failing();
        BOOST_TEST(scarce.server().connections() == 0U);
        BOOST_TEST(scarce.end() == "", "at " << n << " of " << row);
        return reached;
    });
}

BOOST_AUTO_TEST_SUITE_END()
