// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>
#include <adapters/support/replaced_memory.hpp>
#include <adapters/support/tls_raw_client.hpp>
#include <adapters/test_certificates.hpp>

#include <forest/adapters/asio/asio_server.hpp>

#include <boost/test/unit_test.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

// A server whose n-th allocation fails, from listen() on, for every n: no exception leaves run(),
// and the next check is answered. As SQLite tests itself.

namespace {

using forest::asio_server;
using forest::server_request;
using forest::test::raw_client;
using forest::test::tls_raw_client;
namespace scarcity = forest::test::scarcity;

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
        });
    }

    std::error_code listen(const forest::tls_server_options* tls) {
        const scarcity::scope subject{true};
        return tls != nullptr ? server_->listen_tls("127.0.0.1", 0, *tls)
                              : server_->listen("127.0.0.1", 0);
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

private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::shared_ptr<const std::string> body_ =
        std::make_shared<const std::string>(std::size_t{100} << 10U, 'z');
    std::optional<asio_server> server_;
    std::optional<asio_server::responder> later_;
    std::thread thread_;
    std::string thrown_;
};

// Uses everything that a server has; failures show as empty answers.
void use(std::uint16_t port, const std::string& ca_file) {
    for (const std::string path : {"/health", "/shared", "/none"}) {
        const std::string request = "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
        try {
            if (!ca_file.empty()) {
                (void)tls_raw_client(port, ca_file).ask(request);
                continue;
            }
            raw_client client{port};
            (void)client.send(request.substr(0, 20));
            raw_client other{port};
            (void)other.ask(request + request);
            (void)client.ask(request.substr(20));
            (void)client.ask("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            (void)client.ask("x\r\n\r\n");
        } catch (const std::runtime_error& failed) {
            BOOST_TEST_MESSAGE(failed.what());
            BOOST_TEST(std::string_view{failed.what()} != "the server did not react");
        }
    }
}

void fail_each_allocation(const forest::tls_server_options* tls, const std::string& ca_file) {
    for (const int row : in_a_row) {
        for (std::int64_t n = 1;; n += tls != nullptr ? 29 : 1) {
            scarce_server scarce;
            scarcity::number = 0;
            scarcity::failed = 0;
            scarcity::last = n + row - 1;
            scarcity::first = n;
            std::error_code ec = scarce.listen(tls);
            if (!ec) {
                scarce.run();
                use(scarce.server().port(), ca_file);
            }
            const bool reached = scarcity::failed > 0;
            scarcity::first = 0;
            if (ec)
                ec = scarce.listen(tls), scarce.run();
            BOOST_TEST(!ec);
            if (ca_file.empty())
                BOOST_TEST(raw_client{scarce.server().port()}.ask(check).status == 200);
            else
                BOOST_TEST(tls_raw_client(scarce.server().port(), ca_file)
                               .ask(check)
                               .starts_with("HTTP/1.1 200"));
            BOOST_TEST(scarce.end() == "", "at " << n << " of " << row);
            if (!reached)
                break;
            BOOST_REQUIRE(n < 50000);
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(server_allocation_test)

BOOST_AUTO_TEST_CASE(B19_a_server_outlives_every_failed_allocation) {
    fail_each_allocation(nullptr, {});
}

BOOST_AUTO_TEST_CASE(B19_a_server_over_tls_outlives_every_failed_allocation) {
    forest::test::test_certificates made;
    const auto own = made.server();
    const forest::tls_server_options tls{own.certificate, own.key, {}};
    fail_each_allocation(&tls, made.ca_file());
}

BOOST_AUTO_TEST_SUITE_END()
